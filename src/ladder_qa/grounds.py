"""A sentence beside the passages that are to carry it, read word by word for the rules.

Not covered: the rules themselves (`rules`), and which passages to try (`verify`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ladder_qa.datamodels import Passage
from ladder_qa.inline import readable
from ladder_qa.names import LevelNames
from ladder_qa.polarity import breaks
from ladder_qa.quantities import quantities_in
from ladder_qa.wording import SYNONYM, Reading, Word, best, contrary, is_light, read

TAKEN = 0.4  # the share of a clause that makes it taken up
_BESIDE = 20  # characters between the beginnings of two words that stand side by side
LIGHT = 0.3  # what a word counts that carries little by itself
HEADING = 0.7  # what a word counts that only a heading further up holds

Reason = Literal["not_found", "number", "level", "negation", "hedge", "extra", "relation"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is None exactly if the sentence is supported; `explanation` is for a person."""

    reason: Reason | None = None
    explanation: str = ""

    @property
    def supported(self) -> bool:
        """Whether no rule objected."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One passage as it is judged: its words, what governs them, and whom they are about."""

    text: str
    context: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()

    @classmethod
    def of(cls, passage: Passage) -> Evidence:
        """A passage of the corpus with its context and headings."""
        context = tuple(readable(span.text) for span in passage.context)
        return cls(passage.plain, context, passage.section, passage.levels)

    @property
    def governed(self) -> str:
        """The words with what governs them."""
        return ". ".join((*(part.rstrip(".:") for part in self.context), self.text))


@dataclass(frozen=True, slots=True)
class Unit:
    """A clause of a passage: whose it is, whom it names, and its words."""

    text: str
    named: frozenset[str]
    codes: frozenset[str]
    words: tuple[Word, ...]


_FROM = re.compile(r"\bfrom\s+(?:an?\s+|the\s+)?$", re.IGNORECASE)


def _left(heading: str, names: LevelNames) -> Iterator[str]:
    """The levels that a heading such as "Key Shift from X1" comes from."""
    for mention in names.find(heading):
        if _FROM.search(heading[: mention.start]):
            yield mention.code


class Ground:
    """One passage, read."""

    def __init__(self, evidence: Evidence, names: LevelNames) -> None:
        self.evidence = evidence
        self.text = read(evidence.text, names, keep=True)
        self.context = [read(part, names, keep=True) for part in evidence.context]
        headings = [part for part in evidence.section if part not in evidence.context]
        self.headings = [read(part, names, keep=True) for part in headings]
        self.levels = frozenset(evidence.levels)
        self.left = frozenset(code for part in evidence.context for code in _left(part, names))
        above = frozenset(code for reading in self.context for code in reading.codes)
        self.named = self.text.codes | (above - self.left)
        self._names = names

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """The clauses, each with the one level that it names, else with the passage's levels."""
        found = []
        for number, (start, end) in enumerate(self.text.clauses):
            words = tuple(self.text.in_clause(number))
            clause = self.text.text[start:end]
            named = self._names.find(clause)
            codes = frozenset(mention.code for mention in named)
            owners = codes if len(codes) == 1 else self.levels | (codes or self.text.codes)
            if self.levels and not (named and named[0].start <= 5):
                owners = self.levels | (codes if len(codes) == 1 else frozenset())
            found.append(Unit(clause, codes, owners, words))
        return tuple(found)

    def words(self) -> Iterator[Word]:
        """The words of the passage and of what governs it."""
        yield from self.text.words
        for reading in self.context:
            yield from reading.words


@dataclass(frozen=True, slots=True)
class Taken:
    """A clause of a passage that the sentence takes up, and the numbers of the clauses that do."""

    text: str
    ours: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A word of the sentence, how well the passages hold it (0 to 1), and where.

    `against` is a word of theirs that says the contrary; `own` whether a passage's own text has it.
    """

    word: Word
    likeness: float
    targets: tuple[Word, ...]
    own: bool
    against: Word | None
    facing: tuple[Word, ...] = ()  # of the targets those of a passage's own text, if there are any

    @property
    def denies(self) -> bool:
        """Whether the sentence denies here what the passages state, or the other way round."""
        ours = self.word.sign < 0
        if self.against is not None:
            return ours == (self.against.sign < 0)
        return bool(self.facing) and all((t.sign < 0) != ours for t in self.facing)


class Said:
    """A sentence beside its passages.

    `weigh` gives the rarity of a stem, `ground` a passage that was read before.
    """

    def __init__(
        self,
        sentence: str,
        evidence: Sequence[Evidence],
        names: LevelNames,
        weigh: Callable[[str], float],
        ground: Callable[[Evidence], Ground] | None = None,
    ) -> None:
        self.text = sentence
        self.names = names
        self.weigh = weigh
        self.reading: Reading = read(sentence, names)
        self.grounds = [ground(one) if ground else Ground(one, names) for one in evidence]
        self.whole = " ".join(one.governed for one in evidence)
        self.about = frozenset(code for ground in self.grounds for code in ground.levels)
        self.named = frozenset(code for ground in self.grounds for code in ground.named)

    @cached_property
    def matches(self) -> tuple[Match, ...]:
        """Every word of the sentence with what the passages hold of it."""
        theirs = [word for ground in self.grounds for word in ground.words()]
        outer = [w for g in self.grounds for reading in g.headings for w in reading.words]
        texts = [word for ground in self.grounds for word in ground.text.words]
        return tuple(self._match(word, theirs, outer, texts) for word in self.reading.words)

    def _match(self, word: Word, theirs: list[Word], outer: list[Word], texts: list[Word]) -> Match:
        likeness, targets = best(word, theirs)
        if likeness < SYNONYM:
            above, _ = best(word, outer)
            if above >= SYNONYM:
                return Match(word, HEADING, (), own=False, against=None)
            against = contrary(word, theirs)
            if against is not None:
                held = SYNONYM if (word.sign < 0) != (against.sign < 0) else 0.0
                return Match(word, held, (), own=True, against=against)
        inside = tuple(target for target in targets if any(target is one for one in texts))
        own = bool(inside)
        rival = None if own else contrary(word, texts)
        if rival is not None and not self._says(rival.stem):
            return Match(word, 0.0, (), own=True, against=rival)
        return Match(word, likeness, tuple(targets), own, None, inside or tuple(targets))

    def _says(self, stem: str) -> bool:
        return any(word.stem == stem for word in self.reading.words)

    def weight(self, match: Match) -> float:
        """What a word of the sentence counts: its rarity, less for one that carries little."""
        return self.weigh(match.word.stem) * (LIGHT if is_light(match.word.stem) else 1.0)

    def share(self, given: float = 0.0) -> float:
        """The share, by rarity, of the sentence's words that the passages hold: 0 to 1.

        `given` is the weight of what else it says and they hold, such as levels and amounts.
        """
        total = sum(self.weight(match) for match in self.matches)
        held = sum(match.likeness * self.weight(match) for match in self.matches)
        return (held + given) / (total + given) if total + given else 1.0

    def own_share(self, given: float = 0.0) -> float:
        """The same of the words that the passages' own text holds, without their headings."""
        total = sum(self.weight(match) for match in self.matches)
        held = sum(match.likeness * self.weight(match) for match in self.matches if match.own)
        return (held + given) / (total + given) if total + given else 1.0

    def clauses_of(self, theirs: Sequence[Word]) -> list[int]:
        """The clauses of the sentence that hold words matched with some of `theirs`."""
        wanted = set(map(id, theirs))
        return sorted(
            {m.word.clause for m in self.matches if any(id(t) in wanted for t in m.targets)}
        )

    @cached_property
    def left_over(self) -> tuple[Word, ...]:
        """Words of the passages' clauses that the sentence takes up, which it does not use."""
        taken = {id(t) for m in self.matches if m.likeness >= SYNONYM for t in m.targets}
        left: list[Word] = []
        for ground in self.grounds:
            for number in range(len(ground.text.clauses)):
                words = ground.text.in_clause(number)
                if any(id(word) in taken for word in words):
                    left += [
                        word
                        for word in words
                        if id(word) not in taken and not word.of_name and not is_light(word.stem)
                    ]
        return tuple(left)

    @cached_property
    def taken_up(self) -> tuple[Taken, ...]:
        """The clauses of the passages of which the sentence has two fifths of words and amounts."""
        amounts = quantities_in(self.text)
        known = {(q.low, q.high, q.unit) for q in amounts}
        used = {id(target) for match in self.matches for target in match.targets}
        found = []
        for ground in self.grounds:
            for number in range(len(ground.text.clauses)):
                text, words = ground.text.clause_text(number), ground.text.in_clause(number)
                figures = [q for q in quantities_in(text) if (q.low, q.high, q.unit) in known]
                count = sum(id(word) in used for word in words) + len(figures)
                if count and count >= TAKEN * (len(words) + len(figures)):
                    ours = self.clauses_of(words)
                    ours += [self.clause_at(q.start) for q in amounts if figures]
                    found.append(Taken(text, tuple(sorted(set(ours)))))
        return tuple(found)

    def clause_at(self, place: int) -> int:
        """The number of the sentence's clause that holds the character at `place`."""
        spans = self.reading.clauses
        return next((n for n, (start, end) in enumerate(spans) if start <= place < end), 0)

    def slot(self, match: Match) -> Word | None:
        """The unused word of a passage that stands where `match` stands, by a neighbour's place."""
        at = self.matches.index(match)
        for step in (1, -1):
            if not 0 <= at + step < len(self.matches):
                continue
            beside = self.matches[at + step]
            gap = abs(beside.word.start - match.word.start)
            if beside.word.clause != match.word.clause or gap > _BESIDE:
                continue
            for ground in self.grounds:
                words = ground.text.words
                for place, word in enumerate(words):
                    if any(word is t for t in beside.targets) and 0 <= place - step < len(words):
                        rival = words[place - step]
                        apart = (
                            rival.clause != word.clause or abs(rival.start - word.start) > _BESIDE
                        )
                        if any(rival is w for w in self.left_over) and not apart:
                            return rival
        return None

    def segments(self, parts: Sequence[tuple[int, int]]) -> Iterator[list[Match]]:
        """The matches that fall into each stretch of the sentence."""
        for start, end in parts:
            yield [match for match in self.matches if start <= match.word.start < end]


def clause_around(text: str, place: int) -> str:
    """The clause of `text` that holds the character at `place`."""
    for start, end in breaks(text):
        if start <= place < end:
            return text[start:end]
    return text
