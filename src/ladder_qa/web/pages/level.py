"""The page of one level, as an entry of a reference book: who it is, the moves, every statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, takewhile
from urllib.parse import quote

from ladder_qa.datamodels import Ladder, Level, Passage, PassageKind, Transition
from ladder_qa.portraits import stated_question
from ladder_qa.web.pages.asking import question_button
from ladder_qa.web.pages.layout import page
from ladder_qa.web.pages.moves import Moves, compare_address, level_address, level_link
from ladder_qa.web.pages.statements import statement, statement_lists
from ladder_qa.web.pages.text import escape, plural


def level_page(level: Level, ladder: Ladder, passages: Sequence[Passage]) -> str:
    """`passages` in reading order; those about `level` are shown."""
    own = [passage for passage in passages if level.code in passage.levels]
    documents = [list(group) for _, group in groupby(own, lambda passage: passage.document)]
    title = "" if level.title == level.code else f" <span>{escape(level.title)}</span>"
    return page(
        f"{level.code}: {level.title}",
        f'<article class="entry">\n<p class="label">{escape(level.track)}</p>\n'
        f"<h1>{escape(level.code)}{title}</h1>\n"
        + _names(level)
        + _question(level, own)
        + _moves(level, ladder, passages)
        + f'<div class="note next">{question_button(f"What does {level.code} do?", "Ask about it")}'
        f"{_comparisons(level, ladder)}</div>\n"
        + _contents(level, own, documents)
        + "".join(_document(number, group) for number, group in enumerate(documents, start=1))
        + f"</article>\n{_around(level, ladder)}",
        kind="level",
    )


def neighbours(level: Level, ladder: Ladder) -> tuple[Level | None, Level | None]:
    """The levels before and after one in the ladder's order."""
    at = ladder.levels.index(level)
    before = ladder.levels[at - 1] if at else None
    after = ladder.levels[at + 1] if at + 1 < len(ladder.levels) else None
    return before, after


def _names(level: Level) -> str:
    others = [title for title in level.titles if title != level.title]
    named = ", ".join(f"“{escape(title)}”" for title in others)
    return f'<p class="note">Also {named}.</p>\n' if others else ""


def _question(level: Level, own: Sequence[Passage]) -> str:
    if not level.core_question:
        return ""
    words, source = escape(level.core_question), stated_question(level, own)
    stated = f'<a class="statement" href="{escape(source.url)}">{words}</a>' if source else words
    return f'<p class="lead">“{stated}”</p>\n'


def _moves(level: Level, ladder: Ladder, passages: Sequence[Passage]) -> str:
    """What leads here and what leads on, with guide and time."""
    details = Moves(ladder, passages)
    here = [move for move in ladder.transitions if move.target == level.code]
    onward = [move for move in ladder.transitions if move.source == level.code]
    rows = _row("Leads here", here, details, ladder, target=False)
    rows += _row("Leads on", onward, details, ladder, target=True)
    return f'<dl class="moves">\n{rows}</dl>\n' if rows else ""


def _row(
    name: str, moves: Iterable[Transition], details: Moves, ladder: Ladder, *, target: bool
) -> str:
    lines = "".join(
        f"<dd>{_other(ladder, move.target if target else move.source)}: {details.details(move)}"
        "</dd>\n"
        for move in moves
    )
    return f"<dt>{name}</dt>\n{lines}" if lines else ""


def _other(ladder: Ladder, code: str) -> str:
    level = ladder.level(code)
    return level_link(level) if level else escape(code)


def _comparisons(level: Level, ladder: Ladder) -> str:
    links = [
        f'<a href="{compare_address(*pair)}">{escape(" and ".join(pair))}</a>'
        for pair in _pairs(level, ladder)
    ]
    return f", or see {' or '.join(links)} side by side." if links else "."


def _pairs(level: Level, ladder: Ladder) -> list[tuple[str, str]]:
    before, after = neighbours(level, ladder)
    pairs = [(before.code, level.code)] if before else []
    return pairs + ([(level.code, after.code)] if after else [])


def _contents(level: Level, own: Sequence[Passage], documents: Sequence[list[Passage]]) -> str:
    count = f"{plural(len(own), 'statement')} about {escape(level.code)}"
    if len(documents) < 2:
        return f'<p class="note">{count}.</p>\n'
    items = "".join(
        f'<li><a href="#from-{number}">{escape(group[0].title)}</a> '
        f'<span class="place">{len(group)}</span></li>\n'
        for number, group in enumerate(documents, start=1)
    )
    return f'<p class="note">{count}, from</p>\n<ul class="contents">\n{items}</ul>\n'


def _document(number: int, passages: Sequence[Passage]) -> str:
    first = passages[0]
    paths = {passage.section for passage in passages}
    headings = {
        (*passage.section, passage.plain): passage
        for passage in passages
        if passage.kind is PassageKind.HEADING
    }
    over = {passage.id for path, passage in headings.items() if path in paths}
    title = headings.get((first.title,))
    address = title.url if title else f"/documents/{quote(first.slug)}"
    parts, last = "", (first.title,)
    for path, group in groupby(passages, lambda passage: passage.section):
        parts += _headings(path, last, headings)
        parts += statement_lists([passage for passage in group if passage.id not in over])
        last = path
    return (
        f'<section class="from" id="from-{number}"><h2><a href="{escape(address)}">'
        f"{escape(first.title)}</a></h2>\n{parts}</section>\n"
    )


def _headings(
    path: tuple[str, ...], last: tuple[str, ...], stated: Mapping[tuple[str, ...], Passage]
) -> str:
    """The headings on `path` that are not over the statements before; statements are links."""
    alike = (mine == theirs for mine, theirs in zip(path, last, strict=False))
    same = sum(takewhile(bool, alike))
    if same == len(path) < len(last):
        same -= 1  # back from a heading below: said again
    html = ""
    for depth in range(max(1, same), len(path)):
        passage = stated.get(path[: depth + 1])
        words = statement(passage) if passage else escape(path[depth])
        tag = f"h{min(6, depth + 2)}"
        html += f"<{tag}>{words}</{tag}>\n"
    return html


def _around(level: Level, ladder: Ladder) -> str:
    before, after = neighbours(level, ladder)
    back = (
        f'<a rel="prev" href="{level_address(before.code)}">← {_short(before)}</a>'
        if before
        else ""
    )
    on = f'<a rel="next" href="{level_address(after.code)}">{_short(after)} →</a>' if after else ""
    return f'<nav class="around" aria-label="Levels"><span>{back}</span><span>{on}</span></nav>'


def _short(level: Level) -> str:
    return escape(level.code if level.title == level.code else f"{level.code} {level.title}")
