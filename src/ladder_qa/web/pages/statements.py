"""Statements of the documents as lists of links to their exact words, under what governs them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ladder_qa.datamodels import Passage, PassageKind
from ladder_qa.web.pages.text import escape
from ladder_qa.web.shapes import governing


def statement_lists(passages: Sequence[Passage]) -> str:
    """Lists of statements, one for each context that they share; cells after their headers."""
    groups = [
        (context, list(group))
        for context, group in groupby(passages, lambda p: governing(p.context, p.section))
    ]
    lists = ""
    for cells, alike in groupby(groups, lambda group: _is_cell(*group)):
        if cells:
            lists += _list("".join(_cell(context, group[0]) for context, group in alike))
        else:
            lists += "".join(_governed(context, group) for context, group in alike)
    return lists


def statement(passage: Passage) -> str:
    """One statement, as a link to its place."""
    return f'<a class="statement" href="{escape(passage.url)}">{escape(passage.plain)}</a>'


def _is_cell(context: tuple[str, ...], passages: Sequence[Passage]) -> bool:
    """Whether headers of its own govern it, so that it is a line by itself."""
    return bool(context) and len(passages) == 1 and passages[0].kind is PassageKind.CELL


def _cell(context: tuple[str, ...], passage: Passage) -> str:
    headers = [text for text in context if (text,) != passage.levels] or context
    above = " › ".join(escape(text) for text in headers)
    return f'<li><span class="context">{above}:</span> {statement(passage)}</li>\n'


def _governed(context: tuple[str, ...], passages: Sequence[Passage]) -> str:
    above = " › ".join(escape(text) for text in context)
    label = f'<p class="context">{above}</p>\n' if above else ""
    return label + _list("".join(f"<li>{statement(passage)}</li>\n" for passage in passages))


def _list(items: str) -> str:
    return f'<ul class="statements">\n{items}</ul>\n'
