"""Two or more levels side by side: rows of tables, aligned lists, else statements on each side.

A row is shown only with what the documents state; nothing is filled in.
Not covered: which statements of a side matter most; the scores of `retrieve` decide that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ladder_qa.datamodels import Hit, Passage, PassageKind, Query
from ladder_qa.figures import gives_figure, relation_of, relations_asked, says_figure
from ladder_qa.lists import StatementList
from ladder_qa.names import LevelNames
from ladder_qa.relevance import states
from ladder_qa.retrieve import Found, Retriever

Table = dict[tuple[int, int], Passage]  # by row and column

MAX_ROWS = 10
ROW_MARGIN = 0.8  # standard deviations below the best row that a row may be, when words are asked


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a statement per level asked about, None where the documents state nothing."""

    label: str
    cells: tuple[Passage | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows over the levels `codes`, in the order of the columns."""

    codes: tuple[str, ...]
    rows: tuple[Row, ...]


class Comparer:
    """Compares the levels of one generation; built once."""

    def __init__(self, retriever: Retriever, names: LevelNames) -> None:
        self._retriever = retriever
        self._names = names
        self._tables = tables_of(retriever.passages)

    def compare(self, query: Query, found: Found) -> Comparison:
        """The comparison of `query.levels`; without rows when nothing stands side by side."""
        codes = query.levels
        passages = self._retriever.passages
        rows = sided_rows(self._tables, codes)
        if not rows:
            about = self._retriever.about(codes)
            rows = [*glance_rows(self._tables, codes), *_figure_rows(about, codes)]
        if not rows:
            rows = aligned_rows(passages, self._retriever.lists, codes, self._names)
        if query.words or query.topics:
            rows = self._relevant(rows, found, codes, self._relation(query))
        return Comparison(codes, tuple(rows[:MAX_ROWS]))

    def _relation(self, query: Query) -> str | None:
        """What kind of figure is compared, when every side states one."""
        wanted = set(query.levels)
        for name in relations_asked(query):
            if wanted <= self._stated.get(name, set()):
                return name
        return None

    @cached_property
    def _stated(self) -> Mapping[str, set[str]]:
        """The levels of which a statement about one alone says a figure, by its kind."""
        found: dict[str, set[str]] = defaultdict(set)
        for passage in self._retriever.passages:
            relation = relation_of(passage) if says_figure(passage) else None
            if relation is not None and len(passage.levels) == 1:
                found[relation].add(passage.levels[0])
        return found

    def _relevant(
        self, rows: Sequence[Row], found: Found, codes: Sequence[str], relation: str | None
    ) -> list[Row]:
        """The rows that the question's own words mean, or the best statement of each side."""

        def score(row: Row) -> float:
            places = (self._retriever.positions[cell.id] for cell in row.cells if cell)
            return max(float(found.scores[place]) for place in places)

        sides = [_best_of(code, found, relation) for code in codes]
        stated = [side for side in sides if side is not None]
        if relation is not None and len(stated) == len(sides):
            return [Row("", tuple(side.passage for side in stated))]
        scores = [score(row) for row in rows]
        best_row = max(scores, default=float("-inf"))
        best_side = max((side.score for side in stated), default=float("-inf"))
        if best_row < best_side - ROW_MARGIN:
            return []  # the best statements of each side say more than one pair of them
        kept = zip(rows, scores, strict=True)
        return [row for row, value in kept if value >= best_row - ROW_MARGIN]


def _best_of(code: str, found: Found, relation: str | None) -> Hit | None:
    """The best hit about one level alone, and of a kind of figure, if one is asked for."""
    for hit in found.hits:
        if hit.passage.levels == (code,) and states(hit.passage):
            figure = says_figure(hit.passage) and relation_of(hit.passage) == relation
            if relation is None or figure:
                return hit
    return None


def tables_of(passages: Sequence[Passage]) -> list[Table]:
    """The cells of every table by row and column, tables in reading order."""
    grouped: dict[str, dict[tuple[int, int], Passage]] = defaultdict(dict)
    for passage in passages:
        if passage.kind is PassageKind.CELL and passage.group is not None:
            grouped[passage.group][(passage.row or 0, passage.column or 0)] = passage
    return list(grouped.values())


def sided_rows(tables: Sequence[Table], codes: Sequence[str]) -> list[Row]:
    """Rows of a table that has a column for each level."""
    for table in tables:
        columns: dict[str, int] = {}
        for (_, column), cell in table.items():
            if len(cell.levels) == 1:
                columns.setdefault(cell.levels[0], column)
        if not all(code in columns for code in codes) or len({columns[c] for c in codes}) < len(
            codes
        ):
            continue
        used = {columns[code] for code in codes}
        if any(
            len({c.levels for (_, column), c in table.items() if column == at}) > 1 for at in used
        ):
            continue
        numbers = sorted({row for row, _ in table})
        rows = [Row("", tuple(table.get((n, columns[code])) for code in codes)) for n in numbers]
        return [row for row in rows if any(row.cells)]
    return []


def glance_rows(tables: Sequence[Table], codes: Sequence[str], least: int = 2) -> list[Row]:
    """Rows made of tables that have a line for each level: one row per column.

    A column must be there for `least` of the levels.
    """
    cells: dict[str, dict[str, Passage]] = defaultdict(dict)
    for table in tables:
        for (row, _), cell in sorted(table.items()):
            if len(cell.levels) != 1 or cell.levels[0] not in codes or not cell.context:
                continue
            first = table.get((row, 0))
            if first is None or first is cell or first.plain != cell.levels[0]:
                continue
            cells[cell.context[0].text].setdefault(cell.levels[0], cell)
    rows = [
        Row(header, tuple(by_level.get(code) for code in codes))
        for header, by_level in cells.items()
        if sum(code in by_level for code in codes) >= min(least, len(codes))
    ]
    return sorted(rows, key=lambda row: next(cell.order for cell in row.cells if cell))


def _figure_rows(passages: Iterable[Passage], codes: Sequence[str]) -> list[Row]:
    """A row per kind of section that states figures of each level, such as its experience."""
    firsts: dict[str, dict[str, Passage]] = defaultdict(dict)
    for passage in passages:
        alone = passage.kind is PassageKind.SENTENCE and len(passage.levels) == 1
        if alone and passage.levels[0] in codes and passage.section and gives_figure(passage):
            firsts[passage.section[-1]].setdefault(passage.levels[0], passage)
    return [
        Row(heading, tuple(by_level[code] for code in codes))
        for heading, by_level in firsts.items()
        if set(by_level) == set(codes)
    ]


def aligned_rows(
    passages: Sequence[Passage],
    lists: Sequence[StatementList],
    codes: Sequence[str],
    names: LevelNames,
) -> list[Row]:
    """Rows of lists that describe each level by the same points in the same order."""
    by_level: dict[str, tuple[int, ...]] = {}
    for found in lists:
        if len(found.levels) == 1 and found.levels[0] in codes:
            first = passages[found.members[0]]
            heading = first.section[-1] if first.section else ""
            own = found.levels[0] in names.codes(heading)
            if own and first.kind is PassageKind.ITEM:
                by_level.setdefault(found.levels[0], found.members)
    lengths = {len(members) for members in by_level.values()}
    if set(by_level) != set(codes) or len(lengths) != 1:
        return []
    columns = [[passages[i] for i in by_level[code]] for code in codes]
    if not all(re.match(r"(\*\*|__)", passage.quote) for column in columns for passage in column):
        return []
    return [Row("", tuple(cells)) for cells in zip(*columns, strict=True)]
