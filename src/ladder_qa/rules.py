"""The rules of the check: each looks at one kind of error and says what it objects to.

Not covered: in what order they are asked, and over which passages (`verify`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ladder_qa.about import About
from ladder_qa.grounds import Ground, Match, Said, Unit, Verdict, clause_around
from ladder_qa.names import CODE
from ladder_qa.polarity import denied, is_unfit, negations
from ladder_qa.quantities import Quantity, measures, quantities_in, states
from ladder_qa.relations import (
    adds_cause,
    adds_comparison,
    direction_turned,
    moves_in_time,
    orders,
    turned,
)
from ladder_qa.synonyms import are_synonyms
from ladder_qa.wording import SYNONYM, Word, are_derived, stems_of

# Verbs of rank and approval: none of them may stand where no passage has it.
_RANKS = stems_of("report supervise oversee approve escalate")
_ACRONYM = re.compile(r"\b(?=[A-Z]*[A-Z]s?\b)[A-Z]{2,6}(?=s?\b)")
_ANY_CODE = re.compile(rf"(?<![\w/-]){CODE}(?=s?(?!\w))")
_CODE_RANGE = re.compile(rf"(?<![\w/-]){CODE}\s*[-–—]\s*{CODE}(?!\w)")
# A level that only the headings name is where a move begins or ends, not whom it is about.
_MOVED = re.compile(
    r"(?:\b(?:from|to|into|towards?|between|than|unlike)|→|->)\s*(?:an?\s+|the\s+)?$", re.IGNORECASE
)
# "the M2-to-M3 guide" names the move itself.
_TO_NEXT = re.compile(rf"(?:-to-|\s+to\s+|\s*(?:→|->|–|-)\s*){CODE}\b", re.IGNORECASE)
_PLACED = re.compile(r"(?:at|as|for|in)\s", re.IGNORECASE)
_AT = re.compile(r"\s+(?:at|for|as|in)\s+(?:the\s+|an?\s+)?", re.IGNORECASE)
_TALLIED = {"thing", "point", "item", "statement", "question", "sign", "reason", "way"}
_RUNGS = {"level", "title", "rung", "grade"}
_AT_START = 5  # characters: "A ", "The "
_EARLY = 25  # characters from the start, where a passage may name whom it is about


def levels(said: Said, about: About) -> Verdict | None:
    """The levels that a sentence names are those that its passages are about."""
    names, named = said.names, said.reading.codes
    spans = [(mention.start, mention.end) for mention in names.find(said.text)]
    for match in _ANY_CODE.finditer(said.text):
        known = any(start <= match.start() < end for start, end in spans)
        if not known and match.group() not in said.whole:
            return Verdict("level", f"no passage speaks of {match.group()}")
    given = _compact(said.whole)
    for match in _CODE_RANGE.finditer(said.text):
        if _compact(match.group()) not in given:
            return Verdict("level", f"not stated: {match.group()}")
    given_codes = said.about | said.named
    headings = {code for g in said.grounds for reading in g.headings for code in reading.codes}
    headings |= {code for ground in said.grounds for code in ground.left}
    passed = set()
    for mention in names.find(said.text):
        moved = mention.code in headings and (
            _MOVED.search(said.text[: mention.start]) or _TO_NEXT.match(said.text, mention.end)
        )
        if mention.code not in given_codes and not moved:
            return Verdict("level", f"no passage speaks of {mention.code}")
        passed |= {mention.code} if moved else set()
    named = named - passed
    # one statement of a level may say of whom the next one of the same level speaks
    meant = frozenset(c for g in said.grounds if named & g.named for c in g.levels)
    for ground in said.grounds:
        spoken_of = ground.levels | ground.named | (named if ground.levels <= meant else set())
        if named and ground.levels and not named & spoken_of:
            return Verdict("level", f"a passage is about {', '.join(sorted(ground.levels))}")
    return _subject(said, about, passed) or _clause_levels(said)


def _compact(text: str) -> str:
    return re.sub(r"\s*[-–—]\s*", "-", text)


def _subject(said: Said, about: About, passed: set[str]) -> Verdict | None:
    """Whom the sentence is about by its opening: a passage is about the same, or says so.

    Levels that it only `passed` on a move are none of these.
    """
    subject = set(about.opening(said.text)) - passed
    first = next(iter(said.names.find(said.text)), None)
    if first is not None and first.start <= _AT_START and not subject:
        subject = {first.code} - passed
        if said.reading.codes & said.about:
            return None
    if not subject or not said.about or subject & said.about:
        return None
    for ground in said.grounds:
        opening = set(about.opening(ground.evidence.text))
        text = ground.evidence.text
        early = {m.code for m in said.names.find(text) if m.start <= _EARLY}
        if subject & (opening | early):
            return None
    return Verdict("level", f"the passages are about {', '.join(sorted(said.about))}")


def _clause_levels(said: Said) -> Verdict | None:
    """Each clause that names one level, by what the passages' clauses say of that level."""
    units = [unit for ground in said.grounds for unit in ground.units if unit.words]
    if len({code for unit in units for code in unit.codes}) < 2:
        return None
    for number, (start, end) in enumerate(said.reading.clauses):
        clause = said.text[start:end].strip()
        mentions = said.names.find(clause, cased=True)
        words = said.reading.in_clause(number)
        if not words or not mentions:
            continue
        if len({m.code for m in mentions}) > 1 and mentions[0].start > _AT_START:
            continue
        code = mentions[0].code
        named = {mention.code for mention in mentions[1:]} - {code}
        ours = [unit for unit in units if code in unit.codes]
        others = [unit for unit in units if unit.codes and code not in unit.codes]
        if mentions[0].start > _AT_START:  # spoken of, not the one who speaks
            beside = {c for g in said.grounds if code in g.named for c in g.levels}
            beside |= {owner for unit in ours for owner in unit.codes}
            others = [unit for unit in others if not unit.codes <= beside]
        if ours and others and _held(words, named, others) > _held(words, named, ours) + 0.3:
            return Verdict("level", f"said of another level: {clause!r}")
    return None


def _held(words: Sequence[Word], named: set[str], units: Sequence[Unit]) -> float:
    """The share of words and levels that some clauses of passages hold."""
    theirs = [word.stem for unit in units for word in unit.words]
    codes = {code for unit in units for code in unit.named}
    held = sum(
        any(are_derived(w.stem, t) or are_synonyms(w.stem, t) for t in theirs) for w in words
    )
    return (held + len(named & codes)) / (len(words) + len(named))


def numbers(said: Said) -> Verdict | None:
    """Every amount is one of the passages', of the same thing, for the same level."""
    words = frozenset(word.removesuffix("s") for word in re.findall(r"\w+", said.whole.casefold()))
    for wanted in quantities_in(said.text):
        clause = clause_around(said.text, wanted.start)
        codes = _beside(said, wanted) or set(said.names.codes(clause))
        grounds = _for_level(said.grounds, codes) if len(codes) == 1 else said.grounds
        given = [(g, q) for g in grounds for q in quantities_in(g.evidence.governed)]
        stated = [(g, q) for g, q in given if states([q], wanted, words)]
        if not stated and not _is_tally(wanted, said, words):
            return Verdict("number", f"not stated: {wanted.text}")
        behind = _behind(said.text, wanted)
        ours = measures(behind) | (measures(clause) & {"horizon"}) or measures(clause)
        if wanted.unit == "month" and not any(_same_measure(ours, g, q) for g, q in stated):
            return Verdict("relation", f"{wanted.text} measures something else")
    return None


def _is_tally(wanted: Quantity, said: Said, words: frozenset[str]) -> bool:
    """Whether a number in words counts the statements or the levels themselves.

    "Start with two: …" before two statements, "the two levels" of a move; never what they speak of.
    """
    if wanted.unit or wanted.low != wanted.high or not wanted.text.isalpha():
        return False
    if wanted.counted & _RUNGS:
        return wanted.low == len(said.about | said.named)
    of_none = bool(wanted.counted & _TALLIED) or not wanted.counted & words
    return wanted.low == len(said.grounds) and of_none


def _behind(text: str, amount: Quantity) -> str:
    """An amount and the rest of its clause, up to the next amount, which measures its own."""
    others = (one.start for one in quantities_in(text) if one.start > amount.start)
    stretch = text[amount.start : min(others, default=len(text))]
    return clause_around(stretch, amount.end - amount.start - 1)


def _beside(said: Said, wanted: Quantity) -> set[str]:
    """The level that stands right behind an amount: "3-5 years at X1"."""
    for mention in said.names.find(said.text):
        between = said.text[wanted.end : mention.start]
        if mention.start >= wanted.end and _AT.fullmatch(between):
            return {mention.code}
    return set()


def _for_level(grounds: Sequence[Ground], codes: set[str]) -> Sequence[Ground]:
    ours = [ground for ground in grounds if codes & (ground.levels | ground.named)]
    return ours or grounds


def _same_measure(ours: frozenset[str], ground: Ground, given: Quantity) -> bool:
    text = ground.evidence.governed
    theirs = measures(_behind(text, given))
    theirs = theirs or measures(clause_around(text, given.start)) or measures(text)
    return not ours or not theirs or bool(ours & theirs)


def direction(said: Said) -> Verdict | None:
    """From where to where something goes is as in the passages."""
    other = direction_turned(said.text, said.whole)
    return Verdict("relation", f"the other way round: {other!r}") if other else None


def relation(said: Said) -> Verdict | None:
    """Who does what to whom, when and why is as in the passages."""
    placed = said.names.codes(said.text[:30]) if _PLACED.match(said.text) else ()
    own = placed or sorted(said.about)
    theirs = [
        order
        for ground in said.grounds
        for order in orders(ground.evidence.text, said.names, sorted(ground.levels))
    ]
    for ours in orders(said.text, said.names, own):
        rivals = [order for order in theirs if are_derived(ours.pivot, order.pivot)]
        if rivals and all(turned(ours, order) for order in rivals):
            return Verdict("relation", f"not in this order: {ours.pivot}")
    held = {match.word.start for match in said.matches if match.likeness >= SYNONYM}
    for ours in orders(said.text, said.names, own):
        codes = [any(part.code for part in side) for side in (ours.before, ours.behind)]
        if (all(codes) or ours.pivot in _RANKS) and not any(
            said.text[at:].casefold().startswith(ours.pivot) for at in held
        ):
            return Verdict("relation", f"not stated of them: {ours.pivot}")
    objections = (
        (_swapped(said.matches), "what is added to what has changed places"),
        (moves_in_time(said.text, said.whole), "not stated of that time"),
        (adds_cause(said.text, said.whole), "a reason that is not stated"),
        (adds_comparison(said.text, said.whole), "a comparison that is not stated"),
    )
    return next((Verdict("relation", why) for holds, why in objections if holds), None)


def _swapped(matches: Sequence[Match]) -> bool:
    """Whether "not just A, but B" has become "not just B, but A"."""
    signs = [(m.word.sign, {t.sign for t in m.targets}) for m in matches if m.targets]
    to_main = any(ours == 1 and theirs == {0} for ours, theirs in signs)
    to_added = any(ours == 0 and theirs == {1} for ours, theirs in signs)
    return to_main and to_added


def negation(said: Said) -> Verdict | None:
    """What is denied stays denied, and what is stated stays stated."""
    held = [match for match in said.matches if match.targets or match.against]
    total = sum(_telling(said, match) for match in held)
    against = sum(_telling(said, match) for match in held if match.denies)
    ours = negations(said.text)
    theirs = sum(negations(clause.text) for clause in said.taken_up)
    if total and against / total > 0.4:
        return Verdict("negation", "denies what is stated, or states what is denied")
    denying = {match.word.sign for match in held if match.denies}
    if -1 in denying and denying - {-1}:
        return Verdict("negation", "what is stated and what is denied have changed places")
    if ours != theirs or any(match.against and match.denies for match in held):
        for number in range(len(said.reading.clauses)):
            here = [m for m in held if m.word.clause == number]
            weight = sum(_telling(said, m) for m in here)
            turned_here = sum(_telling(said, m) for m in here if m.denies)
            if weight and turned_here / weight > 0.3:
                return Verdict("negation", f"turned: {said.reading.clause_text(number).strip()!r}")
    return frame(said)


def _telling(said: Said, match: Match) -> float:
    """What a word counts where it stands denied: one that has its contrary there counts in full."""
    return said.weigh(match.word.stem) if match.against else said.weight(match)


def quoted(said: Said) -> bool:
    """Whether a sentence is a passage word for word, alone or behind what introduces it."""
    ours = _bare(said.text)
    return any(
        ours == _bare(words)
        for one in (ground.evidence for ground in said.grounds)
        for words in (one.text, *(f"{part} {one.text}" for part in one.context))
    )


def _bare(text: str) -> list[str]:
    """The words with all signs but those of sentences, lists and emphasis at their edges."""
    words = (word.strip(".,:;!?\"'“”‘’()*_") for word in text.casefold().split())
    return [word for word in words if word]


def frame(said: Said) -> Verdict | None:
    """What stands in a list under "not for you if" is told as such, by a denial of its own."""
    above = {ground: _lead_in(ground) for ground in said.grounds}
    items = [ground for ground, lead_in in above.items() if lead_in]
    of_items = {word.stem for item in items for word in item.text.words if word.sign < 0}
    spans = denied(said.text)
    own = [
        match.word.stem
        for match in said.matches
        if any(start <= match.word.start < end for start, end in spans)
    ]
    denies = any(not any(are_derived(stem, other) for other in of_items) for stem in own)
    if items and not (denies or is_unfit(said.text)):
        return Verdict("negation", f"stands under {above[items[0]]!r}")
    return None


def _lead_in(ground: Ground) -> str:
    """The line over a passage's list if it says for whom something is not; else nothing."""
    for reading in ground.context:
        framed = re.search(r"\bif\b", reading.text, re.IGNORECASE) is not None
        if framed and negations(reading.text):
            return reading.text
    return ""


def strangers(said: Said) -> Verdict | None:
    """Initials that no passage holds name somebody or something else."""
    held = {word.casefold() for word in re.findall(r"\w+", said.whole)}
    mentions = said.names.find(said.text)
    for match in _ACRONYM.finditer(said.text):
        if any(m.start <= match.start() < m.end for m in mentions):
            continue
        name = match.group().casefold()
        if name not in held and f"{name}s" not in held:
            return Verdict("extra", f"not stated: {match.group()}")
    return None
