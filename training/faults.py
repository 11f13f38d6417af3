"""Right sentences with one fault put in by script: the kinds that rewording hides best.

Not covered: swapped roles and inventions, which need a writer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

_HEDGES = {
    "may": "must", "might": "will", "can": "must", "could": "will", "often": "always",
    "typically": "always", "usually": "always", "generally": "invariably", "commonly": "always",
    "frequently": "always", "normally": "always", "sometimes": "always", "rarely": "never",
    "tends to": "always has to", "tend to": "always", "is likely to": "is certain to",
    "should": "may", "must": "may", "has to": "may", "have to": "may", "needs to": "can",
    "need to": "can", "always": "sometimes", "never": "rarely",
}  # fmt: skip
_AMOUNTS = {
    "most": "all", "many": "all", "some": "all", "several": "all", "few": "most", "all": "some",
    "every": "nearly every", "each": "only one", "both": "one", "a majority": "a minority",
    "the majority": "a minority", "more than": "less than", "at least": "at most",
    "at most": "at least", "fewer": "more", "longer": "shorter", "wider": "narrower",
}  # fmt: skip
_UNITS = {
    "years": "months", "year": "quarter", "months": "years", "engineers": "managers",
    "managers": "engineers", "people": "teams", "teams": "people", "team": "organization",
    "organization": "team", "domain": "company", "company": "domain", "domains": "teams",
}  # fmt: skip
_LOST = {
    "not ": "", "no longer": "still", "never": "always", "without": "with", "lacks": "has",
    "rather than": "as well as", "instead of": "in addition to", "cannot": "can",
    "less": "more", "fail": "succeed", "fails": "succeeds",
}  # fmt: skip
_AUXILIARY = re.compile(r"\b(is|are|was|should|can|will|may|must|has to|does|do)\b(?! not\b)")
_CODE = re.compile(r"\b[A-Z]{1,3}\d\b")
_NUMBER = re.compile(r"(?<![\w.-])\d{1,2}(?![\w.])")

Fault = Callable[[str, random.Random], str | None]


def with_fault(
    sentence: str, levels: Sequence[str], allowed: Sequence[str], rng: random.Random
) -> tuple[str, str] | None:
    """The sentence with one fault and the fault's kind; None where none can be put in.

    `levels` are all codes and titles of the ladder, `allowed` those that its passages speak of.
    """

    def level(text: str, rng: random.Random) -> str | None:
        return _other_level(text, levels, allowed, rng)

    kinds: list[tuple[str, Fault]] = [
        ("hedge", lambda text, rng: _swapped(text, _HEDGES, rng)),
        ("quantifier", lambda text, rng: _swapped(text, _AMOUNTS, rng)),
        ("unit", lambda text, rng: _swapped(text, _UNITS, rng)),
        ("negation", _denied),
        ("number", _miscounted),
        ("level", level),
    ]
    rng.shuffle(kinds)
    for kind, fault in kinds:
        changed = fault(sentence, rng)
        if changed is not None and changed != sentence:
            return changed, kind
    return None


def _swapped(text: str, pairs: dict[str, str], rng: random.Random) -> str | None:
    found = [
        (match, put)
        for word, put in pairs.items()
        for match in re.finditer(rf"\b{re.escape(word)}(?!\w)", text, re.IGNORECASE)
    ]
    if not found:
        return None
    match, put = rng.choice(found)
    if match.group()[0].isupper() and put:
        put = put[0].upper() + put[1:]
    return text[: match.start()] + put + text[match.end() :]


def _denied(text: str, rng: random.Random) -> str | None:
    lost = _swapped(text, _LOST, rng)
    if lost is not None and rng.random() < 0.6:
        return lost
    places = list(_AUXILIARY.finditer(text))
    if not places:
        return lost
    place = rng.choice(places)
    return f"{text[: place.end()]} not{text[place.end() :]}"


def _miscounted(text: str, rng: random.Random) -> str | None:
    places = list(_NUMBER.finditer(text))
    if not places:
        return None
    place = rng.choice(places)
    other = int(place.group()) + rng.choice((-2, -1, 1, 2, 5))
    if other < 1 or re.search(rf"\b{other}\b", text):
        return None
    return text[: place.start()] + str(other) + text[place.end() :]


def _other_level(
    text: str, levels: Sequence[str], allowed: Sequence[str], rng: random.Random
) -> str | None:
    """One level's name in another's place, which no passage speaks of."""
    named = [
        match
        for name in sorted(levels, key=len, reverse=True)
        for match in re.finditer(rf"\b{re.escape(name)}\b", text)
    ]
    strange = [name for name in levels if name not in allowed]
    if not named or not strange:
        return None
    place = named[0]
    same = [
        name
        for name in strange
        if bool(_CODE.fullmatch(name)) == bool(_CODE.fullmatch(place.group()))
    ]
    if not same:
        return None
    return text[: place.start()] + rng.choice(same) + text[place.end() :]
