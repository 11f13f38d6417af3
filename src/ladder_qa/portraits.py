"""Levels and moves as a whole: who a level is, what a move takes, what changes between two.

Not covered: questions with words of their own; `selection` looks for the statements they mean.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from ladder_qa.compare import Comparison
from ladder_qa.datamodels import Ladder, Level, Passage, PassageKind, Query, Shown, Transition
from ladder_qa.figures import relation_of, says_figure
from ladder_qa.lists import StatementList
from ladder_qa.names import LevelNames
from ladder_qa.retrieve import Found, Retriever

ANAPHORIC = re.compile(r"\b(?:this|these|those|it|they)\b", re.IGNORECASE)
MAX_ITEMS = 12
MAX_SHIFTS = 4  # sentences on what changes
FEW_ROWS = 4  # a comparison of fewer rows is joined by the sentences on what changes
DEFINITION_SENTENCES = 2
SHORTEST_SENTENCE = 6  # words; a tagline of fewer is no definition


def stated_time(move: Transition, passages: Sequence[Passage], names: LevelNames) -> Passage | None:
    """The table cell that states how long a move takes, or None."""
    for passage in passages:
        if passage.kind is not PassageKind.CELL or passage.plain != move.typical_time:
            continue
        named = names.transition(passage.context[1].text) if len(passage.context) == 2 else None
        if named == (move.source, move.target):
            return passage
    return None


def stated_question(level: Level, passages: Sequence[Passage]) -> Passage | None:
    """The table cell that holds a level's core question, or None."""
    for passage in passages:
        cell = passage.kind is PassageKind.CELL and passage.levels == (level.code,)
        if cell and passage.plain == level.core_question:
            return passage
    return None


def way_between(ladder: Ladder, first: str, second: str) -> tuple[Transition, ...]:
    """The moves from the lower of two levels to the higher one; empty where they don't lead on."""
    ranks = {level.code: level.rank for level in ladder.levels}
    at, high = sorted((first, second), key=lambda code: ranks[code])
    moves: list[Transition] = []
    while at != high:
        onward = [
            t for t in ladder.transitions
            if t.source == at and ranks[at] < ranks[t.target] <= ranks[high]
        ]  # fmt: skip
        if not onward:
            return ()
        moves.append(onward[0])
        at = onward[0].target
    return tuple(moves)


class Portraits:
    """Of the levels and moves of one generation; built once."""

    def __init__(self, retriever: Retriever, ladder: Ladder, names: LevelNames) -> None:
        self._retriever = retriever
        self._ladder = ladder
        self._names = names
        self._cells = [p for p in retriever.passages if p.kind is PassageKind.CELL]
        self._of_level: dict[str, list[Passage]] = defaultdict(list)  # about that level alone
        for passage in retriever.passages:
            if len(passage.levels) == 1:
                self._of_level[passage.levels[0]].append(passage)

    def members(self, lst: StatementList, found: Found) -> tuple[Shown, ...]:
        """A whole list under its label, less what is about other levels than those asked about."""
        allowed = [i for i in lst.members if found.scores[i] > float("-inf")]
        passages = [self._retriever.passages[i] for i in allowed[:MAX_ITEMS]]
        label = lst.labels[-1] if lst.labels else ""
        if len(lst.labels) > 1 and ANAPHORIC.search(label):
            label = f"{lst.labels[0]} — {label}"  # what "this" is
        return tuple(Shown((passage,), label) for passage in passages)

    def known_side(self, code: str) -> tuple[Shown, ...]:
        """What tables state about one level in its line, then how it is defined."""
        cells = [
            p
            for p in self._of_level.get(code, ())
            if p.kind is PassageKind.CELL and len(p.context) == 2 and p.context[1].text == code
        ]
        lines = tuple(Shown((cell,), cell.context[0].text) for cell in cells)
        return lines + self.introduction(code)

    def shifts(self, query: Query, comparison: Comparison) -> tuple[Shown, ...]:
        """Sentences that say what changes between neighbours, where rows alone are few."""
        few = len(comparison.rows) < FEW_ROWS and len(query.levels) == 2
        if not few or query.words or query.topics:
            return ()
        if not self._neighbours(*query.levels):
            return ()  # what changes between neighbours is said of them alone
        ranks = {level.code: level.rank for level in self._ladder.levels}
        high = max(query.levels, key=lambda code: ranks[code])
        return tuple(itertools.islice(self._changes(query.levels, high), MAX_SHIFTS))

    def _changes(self, levels: Sequence[str], high: str) -> Iterator[Shown]:
        """Sentences about `levels` alone on what changes, below headings that name `high`."""
        for passage in self._sentences_on("shift"):
            about = passage.levels and set(passage.levels) <= set(levels)
            if about and any(high in self._names.codes(heading) for heading in passage.section):
                yield Shown((passage,))

    def _sentences_on(self, kind: str) -> Iterator[Passage]:
        """The sentences right in sections of one kind, in reading order."""
        for at in np.flatnonzero(self._retriever.topic_strength(kind) == 1.0):
            if self._retriever.passages[at].kind is PassageKind.SENTENCE:
                yield self._retriever.passages[at]

    def _neighbours(self, first: str, second: str) -> bool:
        """Whether a move between the two is one of the ladder's."""
        return bool(
            self._ladder.transition(first, second) or self._ladder.transition(second, first)
        )

    def steps(self, query: Query) -> tuple[Shown, ...]:
        """For levels more than one move apart: the time of each move on the way."""
        moves = way_between(self._ladder, *query.levels)
        if len(moves) < 2:
            return ()
        cells = (stated_time(move, self._cells, self._names) for move in moves)
        return tuple(Shown((cell,)) for cell in cells if cell)

    def definition(self, query: Query) -> tuple[Shown, ...]:
        """Who the levels asked about are: how they are introduced, and their core questions."""
        lines: list[Shown] = []
        for code in query.levels[:3]:
            lines += self.introduction(code)
            level = self._ladder.level(code)
            question = stated_question(level, self._cells) if level else None
            if question is not None:
                lines.append(Shown((question,), question.context[0].text))
        return tuple(lines)

    def introduction(self, code: str) -> tuple[Shown, ...]:
        """The first sentences, else the list, directly under the heading of a level."""
        level = self._ladder.level(code)
        direct = [
            p
            for p in self._of_level.get(code, ())
            if level is not None
            and p.document == level.document
            and p.section
            and code in self._names.codes(p.section[-1])
            and len(p.section) == 2
        ]
        sentences = [
            p
            for p in direct
            if p.kind is PassageKind.SENTENCE and len(p.plain.split()) >= SHORTEST_SENTENCE
        ]
        items = [p for p in direct if p.kind is PassageKind.ITEM]
        chosen = sentences[:DEFINITION_SENTENCES] or items[:MAX_ITEMS]
        return tuple(Shown((p,)) for p in chosen)

    def section(self, query: Query) -> tuple[Shown, ...]:
        """The sentences of the section of one kind about one level, where just that is asked."""
        if len(query.levels) != 1 or not query.topics:
            return ()
        sentences = self._sentences_on(query.topics[0])
        chosen = [Shown((passage,)) for passage in sentences if passage.levels == query.levels]
        return tuple(chosen) if len(chosen) <= MAX_SHIFTS else ()

    def transition(self, query: Query, found: Found) -> tuple[Shown, ...]:
        """How long it takes, what must be shown, what is to be learned; or what changes."""
        if query.transition is None:
            return ()
        target = query.transition[1]
        transition = self._ladder.transition(*query.transition)
        guide = transition.document if transition else None
        lines: list[Shown] = []
        for name in ("timeline", "readiness"):
            fitting = (
                h
                for h in found.hits
                if target in h.passage.levels
                and says_figure(h.passage)
                and relation_of(h.passage) == name
                and (guide is None or name == "timeline" or h.passage.document == guide)
            )
            lines += [Shown((h.passage,)) for h in itertools.islice(fitting, 1)]
        capabilities = [
            lst
            for lst in self._retriever.lists
            if lst.document == guide and "capabilities" in lst.topics
        ]
        for lst in capabilities[:1]:
            lines += self.members(lst, found)
        if guide is None:
            lines += itertools.islice(self._changes(query.transition, target), MAX_SHIFTS)
        return tuple(lines)
