"""The page of one level: every statement about it, by document and section, each with its place."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from ladder_qa.web.pages.layout import page
from ladder_qa.web.pages.text import escape, plural
from ladder_qa.web.shapes import governing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ladder_qa.datamodels import Ladder, Level, Passage


def level_page(level: Level, ladder: Ladder, passages: Iterable[Passage]) -> str:
    """`passages` in reading order; those about `level` are shown."""
    own = [passage for passage in passages if level.code in passage.levels]
    question = (
        f'<p class="lead">“{escape(level.core_question)}”</p>\n' if level.core_question else ""
    )
    asked = quote_plus(f"What does {level.code} do?")
    return page(
        f"{level.code}: {level.title}",
        f'<p class="label">{escape(level.track)}</p>\n'
        f"<h1>{escape(level.code)} <span>{escape(level.title)}</span></h1>\n{question}"
        + _moves(level, ladder)
        + f'<p class="note">{plural(len(own), "statement")} about {escape(level.code)}. '
        f'<a href="/?q={asked}">Ask about it</a>.</p>\n'
        + "".join(_document(list(group)) for _, group in groupby(own, lambda p: p.document)),
        kind="level",
    )


def _moves(level: Level, ladder: Ladder) -> str:
    items = []
    for move in ladder.transitions:
        if level.code not in (move.source, move.target):
            continue
        other = move.target if level.code == move.source else move.source
        way = "to" if level.code == move.source else "from"
        slug = (move.document or "").rpartition(".")[0]
        guide = f'<a href="/documents/{quote(slug)}">guide</a>' if slug else "no guide here"
        time = f", {escape(move.typical_time)}" if move.typical_time else ""
        link = f'<a href="/levels/{quote(other, safe="")}">{escape(other)}</a>'
        items.append(f"<li>{way} {link}: {guide}{time}</li>\n")
    return f'<ul class="moves">\n{"".join(items)}</ul>\n' if items else ""


def _document(passages: Sequence[Passage]) -> str:
    first = passages[0]
    sections = "".join(
        _section(path, list(group)) for path, group in groupby(passages, lambda p: p.section)
    )
    return (
        f'<section class="from"><h2><a href="/documents/{quote(first.slug)}">'
        f"{escape(first.title)}</a></h2>\n{sections}</section>\n"
    )


def _section(path: tuple[str, ...], passages: Sequence[Passage]) -> str:
    below = path[1:] if len(path) > 1 else ()
    heading = f"<h3>{' › '.join(escape(part) for part in below)}</h3>\n" if below else ""
    groups = "".join(
        _governed(context, list(group))
        for context, group in groupby(passages, lambda p: governing(p.context, p.section))
    )
    return heading + groups


def _governed(context: tuple[str, ...], passages: Sequence[Passage]) -> str:
    above = " › ".join(escape(text) for text in context)
    items = "".join(
        f'<li><a class="statement" href="{escape(passage.url)}">{escape(passage.plain)}</a></li>\n'
        for passage in passages
    )
    label = f'<p class="context">{above}</p>\n' if above else ""
    return f'{label}<ul class="statements">\n{items}</ul>\n'
