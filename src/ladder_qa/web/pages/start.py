"""The start page: the question box, questions to begin with, and the ladder as a map."""

from __future__ import annotations

from collections.abc import Sequence

from ladder_qa.datamodels import Ladder, Level, Passage
from ladder_qa.texts import MAX_QUESTION
from ladder_qa.web.pages.asking import question_box, questions
from ladder_qa.web.pages.layout import SITE, Frame, page
from ladder_qa.web.pages.moves import Moves, level_address, level_link
from ladder_qa.web.pages.text import escape, plural

TITLE = "Ask the career ladder"


def start_page(
    ladder: Ladder, passages: Sequence[Passage], documents: int, starters: Sequence[str]
) -> str:
    """The box, `starters` below it, and the map of the ladder."""
    begin = f"<h2>To begin with</h2>\n{questions(starters)}" if starters else ""
    return page(
        TITLE,
        f"<h1>{TITLE}</h1>\n"
        '<p class="lead">Every answer stands on the documents’ own words, each with its place. '
        "Where they don’t say, you are told so.</p>\n"
        f"{question_box()}{begin}{_map(ladder, passages)}"
        f'<p class="foot">Reads {plural(documents, "document")}, '
        f'{plural(len(passages), "statement")}. <a href="/documents">See them all</a>.</p>',
        here="/",
        kind="start",
    )


def refused_question_page(asked: str, detail: str, frame: Frame = SITE) -> str:
    """The box again, with what is wrong about the question."""
    return page(
        TITLE,
        f'<h1>{TITLE}</h1>\n<p class="note" role="alert">{escape(detail)}</p>\n'
        + question_box(asked[:MAX_QUESTION], frame),
        here="/",
        kind="start",
        frame=frame,
    )


def compare_form(ladder: Ladder, chosen: str = "") -> str:
    """Two levels to choose, for a page that sets them side by side; empty with fewer levels."""
    if len(ladder.levels) < 2:
        return ""
    codes = [level.code for level in ladder.levels]
    first = chosen or codes[0]
    second = codes[codes.index(first) + 1] if first != codes[-1] else codes[-2]
    return (
        '<form class="choose" action="/compare" method="get">\n'
        f"{_choice('a', 'Compare', ladder.levels, first)}"
        f"{_choice('b', 'with', ladder.levels, second)}"
        '<button type="submit">Side by side</button></form>\n'
    )


def _choice(name: str, label: str, levels: Sequence[Level], chosen: str) -> str:
    options = "".join(
        f'<option value="{escape(level.code)}"{" selected" if level.code == chosen else ""}>'
        f"{escape(_full_name(level))}</option>\n"
        for level in levels
    )
    return (
        f'<label for="{name}">{label}</label>\n'
        f'<select id="{name}" name="{name}">\n{options}</select>\n'
    )


def _full_name(level: Level) -> str:
    return level.code if level.title == level.code else f"{level.code} {level.title}"


def _map(ladder: Ladder, passages: Sequence[Passage]) -> str:
    """The ladder by tracks: each level, and the moves that lead on from it."""
    if not ladder.levels:
        return ""
    moves = Moves(ladder, passages)
    tracks = "".join(
        _track(name, ladder, moves) for name in dict.fromkeys(one.track for one in ladder.levels)
    )
    return f'<h2>The ladder</h2>\n<div class="map">\n{tracks}</div>\n{compare_form(ladder)}'


def _track(name: str, ladder: Ladder, moves: Moves) -> str:
    rungs = "".join(
        f"<li>{level_link(level)}{_question(level)}{_onward(level, ladder, moves)}</li>\n"
        for level in ladder.levels
        if level.track == name
    )
    return f'<section><h3>{escape(name)}</h3>\n<ol class="rungs">\n{rungs}</ol></section>\n'


def _question(level: Level) -> str:
    return f'<p class="core">{escape(level.core_question)}</p>' if level.core_question else ""


def _onward(level: Level, ladder: Ladder, moves: Moves) -> str:
    return "".join(
        f'<p class="move">to <a href="{level_address(move.target)}">{escape(move.target)}</a>: '
        f"{moves.details(move)}</p>"
        for move in ladder.transitions
        if move.source == level.code
    )
