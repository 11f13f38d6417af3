"""Two or more levels side by side, whole: everything that the documents state of each, by aspect.

An aspect is a row or column of a table, or a heading that levels share ("Typical Experience"); a
level of which nothing is stated there has an empty cell.
Not covered: which aspects a question means; `compare` chooses among them for an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ladder_qa.about import About
from ladder_qa.compare import Row, aligned_rows, glance_rows, sided_rows, tables_of
from ladder_qa.datamodels import Ladder, Passage, PassageKind
from ladder_qa.inline import readable
from ladder_qa.lists import StatementList
from ladder_qa.names import LevelNames

Cell = tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Aspect:
    """Rows under one label, each with a cell for every level; an empty cell: nothing is stated.

    A statement about all of the levels stands in every cell of its row. There is no heading for
    what stands right under the levels' own ones; `table` is true where a row has one statement a
    cell, which the label and the column govern.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    table: bool = False

    @property
    def label(self) -> str:
        """The levels' headings, each once; they may differ in the names of levels."""
        return " / ".join(self.headings)


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement about a level, with the headings above it that do not name that level."""

    passage: Passage
    headings: tuple[str, ...]
    own: bool  # below the level's own heading

    @property
    def label(self) -> str:
        return self.headings[-1] if self.headings else ""

    @property
    def is_heading(self) -> bool:
        return self.passage.kind is PassageKind.HEADING


class Aspects:
    """Of the levels of one generation; built once."""

    def __init__(
        self, ladder: Ladder, passages: Sequence[Passage], lists: Sequence[StatementList]
    ) -> None:
        self._passages = passages
        self._lists = lists
        self._tables = tables_of(passages)
        self._names = LevelNames(ladder.levels, ladder.mentioned)
        self._about = About(self._names)
        self._labels = {(p.document, p.start) for p in passages if p.kind is PassageKind.LEAD_IN}
        self._repeated = _repeated(passages)

    def beside(self, codes: tuple[str, ...]) -> tuple[Aspect, ...]:
        """What tables and aligned lists compare, then the headings that the levels share.

        A heading of one level alone is left out, unless it stands below that level's own heading.
        """
        compared = tuple(self._compared(codes))
        used = {p.id for aspect in compared for row in aspect.rows for cell in row for p in cell}
        sides = [
            [said for said in self._said(code) if said.passage.id not in used] for code in codes
        ]
        done = {self._key(aspect.label) for aspect in compared if aspect.label}
        headed = (one for one in self._headed(sides) if self._key(one.label) not in done)
        return (*compared, *headed)

    def _compared(self, codes: tuple[str, ...]) -> Iterator[Aspect]:
        for row in glance_rows(self._tables, codes, least=1):
            yield Aspect((readable(row.label),), (_cells(row),), table=True)
        sided = sided_rows(self._tables, codes)
        rows = sided or aligned_rows(self._passages, self._lists, codes, self._names)
        if rows:
            first = next(cell for cell in rows[0].cells if cell)
            heading = first.section[-1:] if sided else ()
            yield Aspect(heading, tuple(_cells(row) for row in rows), table=True)

    def _said(self, code: str) -> Iterator[_Said]:
        """Statements about a level that say more than its name, and no details of an aspect."""
        for passage in self._passages:
            if code not in passage.levels or not self._rest(passage.plain):
                continue
            headings = passage.section
            named = [at for at, text in enumerate(headings) if self._about.heading(text) == (code,)]
            own = [at for at in named if headings[at] != passage.title]
            if own:
                headings = headings[own[-1] + 1 :]
            elif headings and headings[0] == passage.title:
                headings = headings[1:]
            title = not headings and (not own or passage.kind is PassageKind.HEADING)
            if not title and not self._is_detail(passage, deep=not own and len(headings) > 1):
                yield _Said(passage, headings, bool(own))

    def _is_detail(self, passage: Passage, *, deep: bool) -> bool:
        """Whether it explains a bold label, or is one of the details that each section lists."""
        spans = passage.context
        explains = any((passage.document, span.start) in self._labels for span in spans)
        return explains or (deep and any(span.text in self._repeated for span in spans))

    def _headed(self, sides: Sequence[Sequence[_Said]]) -> Iterator[Aspect]:
        """Aspects by the nearest heading; those below the levels' own headings come first."""
        shared = self._common(sides, lambda said: said.label)
        named = self._common(sides, lambda said: said.passage.plain if said.is_heading else "")
        grouped: dict[str, list[list[_Said]]] = {}
        places: dict[str, int] = {}
        for at, side in enumerate(sides):
            for place, said in enumerate(sorted(side, key=lambda said: not said.own)):
                key = self._key(said.label)
                if said.is_heading and self._key(said.passage.plain) in shared & named:
                    continue  # the name of an aspect itself
                if key in shared or said.own:
                    grouped.setdefault(key, [[] for _ in sides])[at].append(said)
                    later = len(self._passages) * (not said.own)
                    places[key] = min(places.get(key, later + place), later + place)
        for key in sorted(grouped, key=lambda key: places[key]):
            yield _aspect(grouped[key])

    def _common(
        self, sides: Sequence[Sequence[_Said]], of: Callable[[_Said], str]
    ) -> frozenset[str]:
        """The keys of texts that occur on every side."""
        return frozenset.intersection(
            *(frozenset(self._key(of(s)) for s in side) for side in sides)
        )

    def _rest(self, text: str) -> str:
        """A text without the names of levels."""
        for mention in reversed(self._names.find(text)):
            text = text[: mention.start] + text[mention.end :]
        return text if re.search(r"\w", text) else ""

    def _key(self, heading: str) -> str:
        """A heading without numbers and names of levels: what makes it the same as another."""
        return " ".join(re.findall(r"[^\W\d_]+", self._rest(heading).casefold()))


def _repeated(passages: Sequence[Passage]) -> frozenset[str]:
    """What introduces a list in several sections of one document: "What this looks like:"."""
    seen: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for passage in passages:
        for span in passage.context:
            if span.text.endswith(":"):
                seen.setdefault((passage.document, span.text), set()).add(passage.section)
    return frozenset(text for (_, text), sections in seen.items() if len(sections) > 1)


def _aspect(sides: Sequence[Sequence[_Said]]) -> Aspect:
    own = [[said for said in side if said.own] or side[:1] for side in sides]
    labels = dict.fromkeys(said.label for side in own for said in side)
    cells = [[said.passage for said in side] for side in sides]
    common = [p for p in cells[0] if all(p in cell for cell in cells[1:])]
    each = tuple(tuple(p for p in cell if p not in common) for cell in cells)
    rows = (each,) if any(each) else ()
    if common:
        rows = (*rows, tuple(tuple(common) for _ in sides))
    return Aspect(tuple(filter(None, labels)), rows)


def _cells(row: Row) -> tuple[Cell, ...]:
    return tuple((cell,) if cell else () for cell in row.cells)
