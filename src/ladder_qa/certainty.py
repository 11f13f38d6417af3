"""The rules over how sure a sentence is, and of how many it speaks.

Not covered: denials, which are among the other `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ladder_qa.grounds import Said, Verdict
from ladder_qa.polarity import (
    Quantifier,
    breaks,
    commands,
    hedges,
    implies,
    is_certain,
    is_softened,
    obliges,
    quantifiers,
    restricts,
)
from ladder_qa.quantities import quantities_in
from ladder_qa.synonyms import are_synonyms
from ladder_qa.wording import are_derived, stem_of

_ADVICE = re.compile(
    r"\b(?:should|ought|expect\w*|responsib\w+|don['’]t|do\s+not|let|necessary|crucial|key|important|"
    r"essential|if\s+you|must|need\w*|requir\w+|only|can['’]t|cannot)\b",
    re.IGNORECASE,
)
_EVERY = re.compile(
    r"(?:\b|-)(?:all|every|each|everyone|any|across|always|whole|wide|entire\w*|full|both|throughout|"
    r"everybody|complete\w*|total\w*)\b",
    re.IGNORECASE,
)
_FEW = re.compile(
    r"\b(?:rare\w*|limit\w*|low|scarce\w*|select\w*|few|small|exception\w*)\b", re.IGNORECASE
)
_RESTRICTED = re.compile(
    r"\b(?:only|exactly|solely|exclusive\w*|just|limited\s+to|primar\w+|purely|until)\b",
    re.IGNORECASE,
)


def certainty(said: Said) -> Verdict | None:
    """Nothing is surer or more binding than in the passages."""
    if is_certain(said.text) and not is_certain(said.whole):
        return Verdict("hedge", "surer than what is stated")
    if _obliges_more(said):
        return Verdict("hedge", "an obligation that is not stated")
    clause = _unhedged(said)
    return Verdict("hedge", f"surer than {clause!r}") if clause else None


def _obliges_more(said: Said) -> bool:
    """Whether a sentence says that something has to be, and the passages only that it is."""
    if re.search(r"\bmust\b", said.text) and not obliges(said.whole):
        return True
    if _ADVICE.search(said.whole) or obliges(said.whole):
        return False
    return commands(said.text) or (obliges(said.text) and bool(hedges(said.whole)))


def _unhedged(said: Said) -> str | None:
    """The first hedged clause, or column's header, that a sentence takes up without a hedge."""
    if not _free_hedge(said):
        for clause in said.taken_up:
            if hedges(clause.text):
                ours = " ".join(said.reading.clause_text(n) for n in clause.ours) or said.text
                softened = is_softened(ours, besides=clause.text)
                if not softened and _hedged(said.text) < _hedged(said.whole):
                    return clause.text.strip()
    for ground in said.grounds:
        amounts = quantities_in(ground.evidence.text)
        if not amounts or ground.evidence.text.strip() == said.text.strip():
            continue
        for reading in ground.context:
            header = len(reading.text.split()) <= 3 and reading.text not in ground.evidence.section
            if header and hedges(reading.text) and not is_softened(said.text):
                return reading.text
    return None


def _hedged(text: str) -> int:
    """How many clauses of a text are hedged."""
    return sum(bool(hedges(text[start:end])) for start, end in breaks(text))


def _free_hedge(said: Said) -> bool:
    """Whether a hedge stands alone between commas, such as "Typically, …"."""
    return any(
        hedges(said.text[start:end])
        and not said.reading.in_clause(number)
        and not quantities_in(said.text[start:end])
        for number, (start, end) in enumerate(said.reading.clauses)
    )


def how_many(said: Said) -> Verdict | None:
    """Nothing is said of more, fewer or other parts of a whole than in the passages."""
    ours = [(q, _heads(said.text, q, said)) for q in quantifiers(said.text)]
    theirs = [
        (q, _heads(g.evidence.governed, q, said))
        for g in said.grounds
        for q in quantifiers(g.evidence.governed)
    ]
    for quantifier, heads in ours:
        if _widened(quantifier, heads, theirs, said):
            return Verdict("hedge", f"not stated of {quantifier.kind}")
    if restricts(said.text) and not _RESTRICTED.search(said.whole):
        return Verdict("extra", "a restriction that is not stated")
    kind = _dropped([heads for _, heads in ours], theirs, said)
    return Verdict("hedge", f"stated of {kind}") if kind else None


def _widened(
    quantifier: Quantifier,
    heads: Sequence[str],
    theirs: Sequence[tuple[Quantifier, list[str]]],
    said: Said,
) -> bool:
    rivals = [other.kind for other, given in theirs if _meet(heads, given)]
    if rivals:
        return not any(implies(kind, quantifier.kind) for kind in rivals)
    if quantifier.kind == "all" and heads and heads[0] in said.reading.codes:
        return True  # "every X1"
    return _unfounded(quantifier, [other.kind for other, _ in theirs], said)


def _dropped(
    ours: Sequence[list[str]], theirs: Sequence[tuple[Quantifier, list[str]]], said: Said
) -> str | None:
    """The kind of a quantifier whose word the sentence has without it."""
    if any(one.unit == "%" for one in quantities_in(said.text)) or is_softened(said.text):
        return None  # the share itself is given, or not all are meant anyway
    taken = {target.stem for match in said.matches for target in match.targets}
    for quantifier, heads in theirs:
        kept = any(_meet(heads, given) for given in ours)
        counts = quantifier.kind in ("most", "many", "few", "not_all") and not kept
        if counts and heads and heads[0] in taken | said.reading.codes:
            return quantifier.kind
    return None


def _heads(text: str, quantifier: Quantifier, said: Said) -> list[str]:
    """The first two words behind a quantifier, as stems, and a level's code among them."""
    rest = re.split(r"[,;:.—–()]", text[quantifier.end : quantifier.end + 60])[0]
    mentions = said.names.find(rest)
    found: list[str] = []
    for match in re.finditer(r"[^\W_]+(?:['’]\w+)*", rest):
        code = next((m.code for m in mentions if m.start <= match.start() < m.end), None)
        stem = code or stem_of(match.group())
        if stem not in found and (code or len(stem) > 2):
            found.append(stem)
    skip = {"of", "the", "these", "those", "their", "who", "which", "that"}
    return [stem for stem in found if stem not in skip][:2]


def _meet(first: Sequence[str], second: Sequence[str]) -> bool:
    return any(are_derived(a, b) or are_synonyms(a, b) for a in first for b in second)


def _unfounded(quantifier: Quantifier, given: Sequence[str], said: Said) -> bool:
    if any(implies(kind, quantifier.kind) for kind in given):
        return False
    if quantifier.kind == "all":
        return _EVERY.search(said.whole) is None
    if quantifier.kind == "few":
        return _FEW.search(said.whole) is None
    return quantifier.kind == "most" or (
        quantifier.kind in ("many", "some") and bool({"most", "all", "few"} & set(given))
    )
