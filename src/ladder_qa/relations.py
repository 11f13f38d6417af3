"""Who does what to whom, from where to where, and why: the order of a sentence's parts.

A verb that stands in a sentence and in a passage is the pivot: whoever stands before it in one
must not stand behind it in the other, a passive turned round first.
Not covered: grammar; verbs outside the short list of those between people and things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ladder_qa.names import LevelNames
from ladder_qa.polarity import breaks
from ladder_qa.wording import are_derived, is_function, stem_of, stems_of
from ladder_qa.words import tokens

_VERBS = """
    develop report manage lead mentor coach support advise oversee supervise represent
    deputize delegate rely depend recruit hire trust respect follow own shape influence
    drive determine define measure evaluate replace precede build align serve partner guide
    teach promote escalate attract matter outrank outweigh require seek consult ask tell
    inform train approve join attend give pass hand
    """
_PIVOTS, _BASES = stems_of(_VERBS), frozenset(_VERBS.split())
_NOUN = re.compile(r"(?:ers?|ors?|ences?|ships?|ures?|ives?|ions?|ments?)$", re.IGNORECASE)
_RELATIVE = re.compile(r"\b(?:whom|which|that)\b", re.IGNORECASE)
_GERUND = re.compile(r"\b(?:by|of|in|for|when|while|through|from|without|than)\s+$", re.IGNORECASE)
_READER = re.compile(r"you(?:r|['’](?:re|ve|ll|d))?", re.IGNORECASE)
_ELIDED = re.compile(r"\byou(?:['’]ve|\s+have)?\s*$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
_FROM_TO = re.compile(
    r"\bfrom\s+(?P<a>[^,;:.—–]+?)\s+(?:to|into|towards?)\s+(?P<b>[^,;:.—–]+)|"
    r"(?P<c>[^\s,;:.]+)\s*(?:→|->)\s*(?P<d>[^\s,;:.]+)",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"\b(?:because|since(?!\s+\d)|due\s+to|owing\s+to|as\s+a\s+(?:result|consequence)|therefore|"
    r"hence|thus|consequently|leads?\s+to|causes?|results?\s+in|thanks\s+to|so\s+that)\b",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"[—–:;]|\b(?:because|since|due|owing|result\w*|therefore|hence|thus|so|leads?|caus\w+|thanks|"
    r"reflect\w*|by|through|depend\w*|with|if|when|drives?|means?|that)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\b(?:before|until|prior\s+to|ahead\s+of|not\s+yet)\b", re.IGNORECASE)
_AFTER = re.compile(r"\b(?:once|after|following|as\s+soon\s+as|already)\b", re.IGNORECASE)
_MORE = re.compile(
    r"\b(?:more|less|better|worse|faster|slower|bigger|larger|smaller|higher|lower|greater|rather)\s+"
    r"(?:\w+\s+){0,3}than\b(?!\s+(?:\d|one|two|three|four|five|six|seven|eight|nine|ten|just|only))",
    re.IGNORECASE,
)
_ANY_MORE = re.compile(
    r"\b(?:than|over|not|beyond|from|instead|increas\w+|greater|more|less|highest|most|least|exceed\w*|"
    r"expand\w*|broad\w*)\b",
    re.IGNORECASE,
)
_EQUAL = re.compile(r"\bas\s+(?:\w+\s+)?(?:as|much|many|important)\b|\bequal\w*\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A word or a level beside a pivot; `code` is empty for a word, `stem` for a level."""

    stem: str
    code: str


@dataclass(frozen=True, slots=True)
class Order:
    """What stands before and behind one pivot in active order."""

    pivot: str
    before: tuple[Part, ...]
    behind: tuple[Part, ...]
    own: frozenset[str]  # the levels of the passage, or named at the sentence's opening


def orders(text: str, names: LevelNames, own: Sequence[str]) -> Iterator[Order]:
    """The pivots of a text, each within its clause."""
    for start, end in breaks(text):
        clause = text[start:end]
        parts = _in_order(_parts(clause, names, own))
        for position, (part, _) in enumerate(parts):
            place = parts[position][1]
            if part.code or not _is_pivot(clause, place, part.stem):
                continue
            before = [p for p, _ in parts[:position]]
            behind = [p for p, _ in parts[position + 1 :]]
            if (
                before[1:]
                and before[-1].code
                and before[-1].code in own
                and _ELIDED.search(clause[:place])
            ):
                before, behind = before[-1:], before[:-1] + behind  # "those you have developed"
            by = re.search(r"\bby\s+(?!\w+ing\b)", clause[place:])
            if by:
                agents = [p for p, at in parts if at >= place + by.end()]
                before, behind = agents, before + [p for p in behind if p not in agents]
            yield Order(part.stem, tuple(before), tuple(behind), frozenset(own))


def _is_pivot(clause: str, place: int, stem: str) -> bool:
    """Whether a word is one of the verbs, not a noun made of one, nor inside "whom …"."""
    match = _WORD.match(clause, place)
    return (
        stem in _PIVOTS
        and match is not None
        and (match.group().casefold() in _BASES or not _NOUN.search(match.group()))
        and not _RELATIVE.search(clause[:place])
        and not (match.group().endswith("ing") and _GERUND.search(clause[:place]))
    )


def _parts(clause: str, names: LevelNames, own: Sequence[str]) -> Iterator[tuple[Part, int]]:
    mentions = names.find(clause)
    for mention in mentions:
        yield Part("", mention.code), mention.start
    for match in _WORD.finditer(clause):
        if any(mention.start <= match.start() < mention.end for mention in mentions):
            continue
        if _READER.fullmatch(match.group()) and own:
            if any(mention.start == match.end() + 1 for mention in mentions):
                continue  # "your X": the X, not you
            yield Part("", own[0]), match.start()
            continue
        stem = stem_of(match.group())
        if stem and not is_function(stem):
            yield Part(stem, ""), match.start()


def _in_order(parts: Iterator[tuple[Part, int]]) -> list[tuple[Part, int]]:
    return sorted(parts, key=lambda found: found[1])


def _common(first: Sequence[Part], second: Sequence[Part]) -> int:
    return sum(
        any(a.code == b.code if a.code or b.code else are_derived(a.stem, b.stem) for b in second)
        for a in first
    )


def turned(ours: Order, theirs: Order) -> bool:
    """Whether the two sides of one pivot have changed places."""
    if not are_derived(ours.pivot, theirs.pivot):
        return False
    crossed = _common(ours.before, theirs.behind) + _common(ours.behind, theirs.before)
    straight = _common(ours.before, theirs.before) + _common(ours.behind, theirs.behind)
    if crossed > straight and (ours.before or theirs.before) and ours.behind and theirs.behind:
        return True
    agents = {part.code for part in ours.before if part.code}
    given = {part.code for part in theirs.before if part.code} or set(theirs.own)
    objects = {part.code for part in ours.behind if part.code}
    return bool(agents and given and not agents & given and objects & given)


def direction_turned(said: str, given: str) -> str | None:
    """What goes from one thing to another in `given` and the other way in `said`, or None."""
    for ours in _FROM_TO.finditer(said):
        start, goal = _ends(ours)
        turned_in: str | None = None
        for theirs in _FROM_TO.finditer(given):
            first, last = _ends(theirs)
            straight = len(start & first) + len(goal & last)
            crossed = len(start & last) + len(goal & first)
            if straight and straight >= crossed:
                turned_in = None
                break
            if crossed > straight:
                turned_in = turned_in or theirs.group()
        if turned_in:
            return turned_in
    return None


def _ends(match: re.Match[str]) -> tuple[frozenset[str], frozenset[str]]:
    return _stems(match["a"] or match["c"]), _stems(match["b"] or match["d"])


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem for stem in tokens(text) if not is_function(stem))


def moves_in_time(said: str, given: str) -> bool:
    """Whether what comes before something in one text comes after it in the other."""
    pairs = ((_BEFORE, _AFTER), (_AFTER, _BEFORE))
    return any(
        ours.search(said) and theirs.search(given)
        and not ours.search(given) and not theirs.search(said)
        for ours, theirs in pairs
    )  # fmt: skip


def adds_cause(said: str, given: str) -> bool:
    """Whether `said` gives a reason for something, and `given` joins nothing to anything."""
    return _CAUSE.search(said) is not None and _LINK.search(given) is None


def adds_comparison(said: str, given: str) -> bool:
    """Whether `said` puts one thing above another, and `given` does not, or calls them equal."""
    if _MORE.search(said) is None:
        return False
    return _ANY_MORE.search(given) is None or (
        _EQUAL.search(given) is not None and _MORE.search(given) is None
    )
