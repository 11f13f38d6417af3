"""The page of one document, from the generation's stored copy, and the list of all documents."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from ladder_qa import markdown
from ladder_qa.corpus import read_document
from ladder_qa.datamodels import BlockKind
from ladder_qa.web.pages.layout import page
from ladder_qa.web.pages.marking import Bounds, Marker
from ladder_qa.web.pages.render import Hooks, outward, to_html
from ladder_qa.web.pages.text import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from markdown_it.token import Token

    from ladder_qa.datamodels import Document, Ladder, RefusedFile


def document_page(
    path: str, title: str, text: str, slugs: Mapping[str, str], at: Bounds | None
) -> str:
    """One document as a page; `at` is the cited slice of `text`, `slugs` maps paths to slugs."""
    body = _body(path, text, tuple(sorted(slugs.items())), at)
    note = ""
    if at is not None:
        found = 'id="cited"' in body
        note = (
            '<p class="note"><a href="#cited">Go to the marked words</a></p>'
            if found
            else '<p class="note">The place in this address holds no words that a page shows.</p>'
        )
    return page(
        title,
        f'<p class="label"><a href="/documents">Documents</a> › {escape(path)}</p>\n{note}\n'
        f'<article class="document">\n{body}</article>',
        kind="reading",
    )


def documents_page(
    documents: Iterable[tuple[str, str, str]], ladder: Ladder, refused: Iterable[RefusedFile]
) -> str:
    """All documents as (path, slug, title), the levels they describe, and what is missing."""
    rows = "".join(
        f'<li><a href="/documents/{quote(slug)}">{escape(title)}</a>'
        f'<span class="place">{escape(path)}</span></li>\n'
        for path, slug, title in documents
    )
    levels = "".join(
        f'<li><a href="/levels/{quote(level.code, safe="")}"><b>{escape(level.code)}</b> '
        f"{escape(level.title)}</a></li>\n"
        for level in ladder.levels
    )
    missing = "".join(
        f'<li>{escape(item.name)} <span class="place">named in '
        f"{escape(', '.join(item.referred_by))}</span></li>\n"
        for item in ladder.missing
    )
    unread = "".join(
        f'<li>{escape(item.path)} <span class="place">{escape(item.reason)}</span></li>\n'
        for item in refused
    )
    return page(
        "Documents",
        f'<h1>Documents</h1>\n<ul class="index">\n{rows}</ul>\n'
        + _section("Levels", levels)
        + _section("Named in the documents, but not here", missing)
        + _section("Files that could not be read", unread),
        here="/documents",
    )


def _section(title: str, items: str) -> str:
    return f'<h2>{title}</h2>\n<ul class="index">\n{items}</ul>\n' if items else ""


@lru_cache(maxsize=64)
def _body(path: str, text: str, slugs: tuple[tuple[str, str], ...], at: Bounds | None) -> str:
    document = _read(path, text)
    hooks = _hooks(document, dict(slugs))
    if at is None:
        return _render(text, hooks)
    plain = _body(path, text, slugs, None)
    return Marker(text, plain, lambda source: _render(source, hooks)).marked(_slices(document, at))


@lru_cache(maxsize=32)
def _read(path: str, text: str) -> Document:
    return read_document(path, text.encode())


def _render(text: str, hooks: Hooks) -> str:
    return to_html(_content(text)[0], hooks)


def _content(text: str) -> tuple[str, int]:
    """What `text` shows: without BOM, front matter and CR; and the number of lines before it."""
    source = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    front = markdown.front_matter(source)
    cut = front.end if front else 0
    return source[cut:], source.count("\n", 0, cut)


def _slices(document: Document, at: Bounds) -> list[Bounds]:
    """The parts of the slice `at` that lie in the document's blocks."""
    parts = []
    for block in document.blocks:
        start, end = max(block.span.start, at[0]), min(block.span.end, at[1])
        if start < end and document.text[start:end].strip():
            parts.append((start, end))
    ordered: list[Bounds] = []
    for start, end in sorted(parts):
        if not ordered or start >= ordered[-1][1]:
            ordered.append((start, end))
    return ordered


def _hooks(document: Document, slugs: Mapping[str, str]) -> Hooks:
    before = _content(document.text)[1]
    anchors = _anchors_by_line(document)

    def heading_id(token: Token) -> str:
        return anchors.get(before + token.map[0], "") if token.map else ""

    return Hooks(heading_id=heading_id, link=_link(document, slugs, frozenset(anchors.values())))


def _anchors_by_line(document: Document) -> dict[int, str]:
    anchors: dict[int, str] = {}
    line, done = 0, 0
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            passed = document.text[done : block.span.start]
            line += passed.replace("\r\n", "\n").replace("\r", "\n").count("\n")
            done = block.span.start
            anchors[line] = block.anchor
    return anchors


def _link(
    document: Document, slugs: Mapping[str, str], anchors: frozenset[str]
) -> Callable[[str], str | None]:
    """Links to other documents lead to their pages; links to nowhere lose their address."""
    folder = document.path.rpartition("/")[0]

    def resolve(href: str) -> str | None:
        if outward(href):
            return href
        target, _, fragment = href.partition("#")
        if not target:
            same = [a for a in anchors if fragment and a.rpartition("/")[2] == unquote(fragment)]
            return f"#{quote(min(same, key=len))}" if same else None
        path = _joined(folder, unquote(target))
        return f"/documents/{quote(slugs[path])}" if path in slugs else None

    return resolve


def _joined(folder: str, target: str) -> str:
    parts: list[str] = [] if target.startswith("/") else [p for p in folder.split("/") if p]
    for part in target.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
