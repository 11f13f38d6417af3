"""Two levels side by side: every cell an exact quote with a link to its place, or "not stated".

Not covered: which aspects there are (`aspects`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ladder_qa.aspects import Aspect, Aspects, Cell
from ladder_qa.datamodels import Ladder, Level, Passage
from ladder_qa.lists import read_lists
from ladder_qa.portraits import way_between
from ladder_qa.web.pages.asking import question_button
from ladder_qa.web.pages.layout import page
from ladder_qa.web.pages.moves import Moves, compare_address, level_link
from ladder_qa.web.pages.start import compare_form
from ladder_qa.web.pages.statements import statement, statement_lists
from ladder_qa.web.pages.text import escape

_DESCRIPTION = "Description"  # of what stands right under the levels' own headings


def compare_page(first: Level, second: Level, ladder: Ladder, passages: Sequence[Passage]) -> str:
    """`first` and `second` as the columns of a table, aspect by aspect."""
    codes = (first.code, second.code)
    aspects = Aspects(ladder, passages, read_lists(passages)).beside(codes)
    names = f"{escape(first.code)} and {escape(second.code)}"
    question = f"What is the difference between {first.code} and {second.code}?"
    return page(
        f"{first.code} and {second.code} side by side",
        f'<p class="label">Side by side</p>\n<h1>{names}</h1>\n'
        + _way(first, second, ladder, passages)
        + _table(first, second, aspects)
        + f'<div class="note next">{question_button(question, "Ask for the main differences")}, or '
        f'<a href="{compare_address(second.code, first.code)}">swap the columns</a>.</div>\n'
        f'<div class="next">{compare_form(ladder, first.code)}</div>',
        kind="compare",
    )


def choose_page(ladder: Ladder) -> str:
    """The form alone, for an address that names no two levels."""
    return page(
        "Compare two levels",
        f"<h1>Compare two levels</h1>\n"
        f"{compare_form(ladder) or '<p>The documents describe fewer than two levels.</p>'}",
        kind="compare",
    )


def _way(first: Level, second: Level, ladder: Ladder, passages: Sequence[Passage]) -> str:
    moves = way_between(ladder, first.code, second.code)
    if not moves:
        return ""
    details = Moves(ladder, passages)
    items = "".join(
        f"<li>{escape(move.source)} → {escape(move.target)}: {details.details(move)}</li>\n"
        for move in moves
    )
    return f'<ul class="moves">\n{items}</ul>\n'


def _table(first: Level, second: Level, aspects: Sequence[Aspect]) -> str:
    if not aspects:
        return "<p>The documents state nothing of either level.</p>\n"
    heads = "".join(f'<th scope="col">{level_link(level)}</th>' for level in (first, second))
    bodies = "".join(_aspect(aspect) for aspect in aspects)
    return (
        '<p class="note">Each cell quotes the documents and leads to the exact words. “Not stated” '
        "means that they say nothing of that level there; there may be more on the levels’ own "
        f'pages.</p>\n<table class="sides">\n<caption class="unseen">{escape(first.code)} and '
        f"{escape(second.code)} side by side</caption>\n<thead><tr>{heads}</tr></thead>\n"
        f"{bodies}</table>\n"
    )


def _aspect(aspect: Aspect) -> str:
    label = escape(aspect.label or _DESCRIPTION)
    rows = "".join(_row(row, aspect) for row in aspect.rows)
    return (
        f'<tbody>\n<tr><th class="aspect" colspan="2" scope="rowgroup">{label}</th></tr>\n'
        f"{rows}</tbody>\n"
    )


def _row(row: tuple[Cell, ...], aspect: Aspect) -> str:
    if row[0] and all(cell == row[0] for cell in row):
        return f'<tr><td class="both" colspan="2">{_cell(row[0], aspect)}</td></tr>\n'
    cells = "".join(
        f"<td>{_cell(cell, aspect)}</td>" if cell else '<td class="none">not stated</td>'
        for cell in row
    )
    return f"<tr>{cells}</tr>\n"


def _cell(cell: Cell, aspect: Aspect) -> str:
    """A statement, or lists of them; under a heading of its own where that is not the label."""
    if aspect.table:
        return statement(cell[0])
    groups = groupby(cell, lambda passage: passage.section[-1:])
    return "".join(_group(heading, tuple(group), aspect) for heading, group in groups)


def _group(heading: tuple[str, ...], passages: Cell, aspect: Aspect) -> str:
    named = not aspect.headings or not heading or heading[0] in aspect.headings
    place = "" if named else f'<p class="context">{escape(heading[0])}</p>\n'
    return place + statement_lists(passages)
