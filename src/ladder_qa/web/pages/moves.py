"""Moves between levels as lines of a page: where to, by which guide, and in what time."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from ladder_qa.datamodels import Ladder, Level, Passage, Transition
from ladder_qa.names import LevelNames
from ladder_qa.portraits import stated_time
from ladder_qa.web.pages.text import escape


def level_address(code: str) -> str:
    """The address of a level's page."""
    return f"/levels/{quote(code, safe='')}"


def compare_address(first: str, second: str) -> str:
    """The address of two levels side by side."""
    return f"/compare/{quote(first, safe='')}/{quote(second, safe='')}"


def level_link(level: Level) -> str:
    """A level's code and title, as a link to its page."""
    title = f" {escape(level.title)}" if level.title != level.code else ""
    return f'<a href="{level_address(level.code)}"><b>{escape(level.code)}</b>{title}</a>'


class Moves:
    """Describes the moves of one ladder; times link to where they are stated."""

    def __init__(self, ladder: Ladder, passages: Sequence[Passage]) -> None:
        self._ladder = ladder
        self._passages = passages
        self._names = LevelNames(ladder.levels)

    def details(self, move: Transition) -> str:
        """The time that a move takes and the guide to it, each where it is stated."""
        return f"{self._time(move)}{self._guide(move)}"

    def _time(self, move: Transition) -> str:
        if not move.typical_time:
            return ""
        time = escape(move.typical_time)
        source = stated_time(move, self._passages, self._names)
        return f'<a href="{escape(source.url)}">{time}</a>, ' if source else f"{time}, "

    def _guide(self, move: Transition) -> str:
        slug = (move.document or "").rpartition(".")[0]
        if slug:
            return f'<a href="/documents/{quote(slug)}">guide</a>'
        named = any(
            missing.levels == (move.source, move.target) for missing in self._ladder.missing
        )
        return "guide named, but not here" if named else "no guide"
