"""Writes parsed Markdown as HTML made of a fixed set of elements and nothing else.

Raw HTML in a document is never passed on: its tags are dropped and its words are kept. Images
become their alternative text, because a page loads nothing from other hosts.
Not covered: parsing (`ladder_qa.markdown`); marking a place in a document (`marking`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ladder_qa import markdown
from ladder_qa.web.pages.text import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

# Token types whose element is the token's own tag, with the newline that keeps the source legible.
_LISTS = ("bullet_list", "ordered_list", "list_item")
_TABLES = ("table", "thead", "tbody", "tr")
_BLOCKS = frozenset(("heading", "paragraph", "blockquote", *_LISTS, *_TABLES))
_INLINES = frozenset(("strong", "em", "s"))
_CELLS = frozenset(("th", "td"))
_ALIGN = re.compile(r"text-align:(left|right|center)")


# Around a table: it scrolls by itself where it is too wide, by keyboard, too.
SCROLLED = '<div class="table" role="group" aria-label="Table" tabindex="0">'


def outward(href: str) -> str | None:
    """`href` when it leads to another site or to a mailbox; None for every other address."""
    return href if href.lower().startswith(("https://", "http://", "mailto:")) else None


def no_id(_token: Token) -> str:
    """For headings that nothing leads to."""
    return ""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a page decides about the text, the headings and the links of its Markdown."""

    text: Callable[[str], str] = escape
    heading_id: Callable[[Token], str] = no_id
    link: Callable[[str], str | None] = outward


def to_html(source: str, hooks: Hooks) -> str:
    """`source` (Markdown, its newlines line feeds) as HTML."""
    writer = _Writer(source, hooks)
    writer.blocks(markdown.parse(source))
    return "".join(writer.parts)


class _Writer:
    def __init__(self, source: str, hooks: Hooks) -> None:
        self.parts: list[str] = []
        self._source = source
        self._hooks = hooks
        self._links: list[bool] = []

    def blocks(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            name, _, edge = token.type.rpartition("_")
            if token.type == "inline":
                self._inline(token.children or [])
            elif edge in ("open", "close") and (name in _BLOCKS or name in _CELLS):
                self._edge(token, name, edge)
            elif token.type in ("fence", "code_block"):
                self._add(f"<pre><code>{self._hooks.text(token.content)}</code></pre>\n")
            elif token.type == "html_block":
                self._html_block(token)
            elif token.type == "hr":
                self._add("<hr>\n")
            elif token.type == "footnote_reference_open":
                label = escape(str(token.meta.get("label", "")))
                self._add(f'<div class="footnote"><span class="footnote-label">{label}</span>\n')
            elif token.type == "footnote_reference_close":
                self._add("</div>\n")

    def _edge(self, token: Token, name: str, edge: str) -> None:
        if token.hidden:  # the paragraph of a tight list item
            self._add("\n" if edge == "close" else "")
        elif edge == "close":
            closing = "</div>" if name == "table" else ""
            self._add(f"</{token.tag}>{closing}\n")
        else:
            opening = SCROLLED if name == "table" else ""
            line = "\n" if name not in _CELLS and name not in ("heading", "paragraph") else ""
            self._add(f"{opening}<{token.tag}{self._attributes(token, name)}>{line}")

    def _attributes(self, token: Token, name: str) -> str:
        if name == "heading":
            anchor = self._hooks.heading_id(token)
            return f' id="{escape(anchor)}"' if anchor else ""
        if name == "ordered_list" and isinstance(token.attrs.get("start"), int):
            return f' start="{token.attrs["start"]}"'
        if name in _CELLS:
            align = _ALIGN.search(str(token.attrs.get("style", "")))
            scope = ' scope="col"' if name == "th" else ""
            return scope + (f' class="{align[1]}"' if align else "")
        if name == "list_item" and "checked" in token.meta:
            return f' class="{"done" if token.meta["checked"] else "to-do"}"'
        return ""

    def _inline(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            name, _, edge = token.type.rpartition("_")
            if name in _INLINES:
                self._add(f"<{'/' if edge == 'close' else ''}{token.tag}>")
            elif token.type == "link_open":
                self._open_link(str(token.attrs.get("href", "")))
            elif token.type == "link_close":
                self._add("</a>" if self._links and self._links.pop() else "")
            elif token.type == "image":
                self._inline(token.children or [])
            else:
                self._add(self._piece(token))

    def _piece(self, token: Token) -> str:
        html = ""
        match token.type:
            case "text":
                html = self._hooks.text(token.content)
            case "code_inline":
                html = f"<code>{self._hooks.text(token.content)}</code>"
            case "softbreak":
                html = "\n"
            case "hardbreak":
                html = "<br>\n"
            case "html_inline":
                html = "<br>" if token.content.lower().startswith("<br") else ""
            case "footnote_ref":
                html = f"<sup>{escape(str(token.meta.get('label', '')))}</sup>"
        return html

    def _open_link(self, href: str) -> None:
        target = self._hooks.link(href)
        self._links.append(target is not None)
        if target is not None:
            rel = ' rel="noreferrer"' if outward(target) else ""
            self._add(f'<a href="{escape(target)}"{rel}>')

    def _html_block(self, token: Token) -> None:
        for words in markdown.html_texts(token, self._source):
            if words.plain.strip():
                self._add(f"<p>{self._hooks.text(words.plain.strip())}</p>\n")

    def _add(self, html: str) -> None:
        if html:
            self.parts.append(html)
