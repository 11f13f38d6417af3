"""Reads one Markdown text into Blocks that know their exact place, section and governors.

A governor is what would change a block's meaning if it were left out: the sentence or bold label
that introduces a list, the item above a nested one, the bold title over a paragraph.
Not covered: files and folders (`corpus`); what a block says about a level (`ladder`).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntEnum

from markdown_it.token import Token

from ladder_qa import markdown
from ladder_qa.datamodels import Block, BlockKind, Span
from ladder_qa.sentences import split_sentences

# A whole paragraph in bold is a label up to this many words; longer, it is a statement set in
# bold. The longest bold label in the ladders at hand has 8 words, the shortest statement 30.
LEAD_IN_WORDS = 12

_CRLF = re.compile("\r\n")
_NEWLINE = re.compile("\r\n?")


@dataclass(frozen=True, slots=True)
class Outline:
    """The blocks of a text, in order, and the title that its front matter gives, or ``""``."""

    blocks: tuple[Block, ...]
    front_title: str


def read_blocks(text: str) -> Outline:
    """The blocks of a Markdown text (CommonMark, with GFM's tables, task lists and footnotes).

    Spans are code points of `text` as it is: byte order mark and line ends count. Never raises
    for any text without NUL.
    """
    reader = _Reader(_Source(text))
    reader.read()
    front = reader.source.front
    return Outline(tuple(reader.blocks), front.title if front else "")


class _Source:
    """A file's text, and the way from markdown-it's offsets back into it.

    markdown-it sees neither a byte order mark nor front matter, and each line end as one LF.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._mark = int(text.startswith("\ufeff"))
        body = text[self._mark :]
        # Place of each `\r\n` after normalisation: one character less for each before it.
        self._pairs = [m.start() - n for n, m in enumerate(_CRLF.finditer(body))]
        body = _NEWLINE.sub("\n", body)
        self.front = markdown.front_matter(body)
        self._front = self.front.end if self.front else 0
        self.body = body[self._front :]

    def _raw(self, place: int) -> int:
        place += self._front
        return place + bisect_left(self._pairs, place) + self._mark

    def span(self, start: int, end: int) -> Span | None:
        """The slice of the file for `body[start:end]` without white space around it."""
        piece = self.body[start:end]
        words = piece.strip()
        if not words:
            return None
        start += len(piece) - len(piece.lstrip())
        first, last = self._raw(start), self._raw(start + len(words) - 1) + 1
        return Span(self.text[first:last], first, last)


@dataclass(slots=True)
class _Heading:
    depth: int
    index: int
    slug: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a block lies in its list or table, or how deep; the fields of Block."""

    depth: int = 0
    group: int | None = None
    row: int | None = None
    column: int | None = None
    ordinal: int | None = None


_NOWHERE = _Place()


class _Reach(IntEnum):
    """What the sentence or label directly before governs: this kind of block and those above."""

    LISTS = 1  # words without an end, or with a list behind them already
    INSETS = 2  # a sentence with a colon: a quote or code too
    WORDS = 3  # a bold label: any block


@dataclass(slots=True)
class _Container:
    """What surrounds the blocks being read: the document, a quote, a list item, a footnote."""

    base: tuple[Span, ...] = ()  # governs everything inside
    floor: int = 0  # headings above this one lie outside and stay in force
    title: Span | None = None  # the bold title over what follows
    intro: Span | None = None  # the sentence or label directly before
    reach: _Reach = _Reach.LISTS  # of `intro`
    item: bool = False  # a list item whose own words have not been read yet
    group: int | None = None
    ordinal: int | None = None

    def governors(self, block: _Reach) -> tuple[Span, ...]:
        """What governs the next block, if it is of the kind `block`."""
        title = (self.title,) if self.title else ()
        intro = (self.intro,) if self.intro and self.reach >= block else ()
        return (*self.base, *title, *intro)


@dataclass(slots=True)
class _List:
    group: int
    governors: tuple[Span, ...]
    next_number: int | None


@dataclass(slots=True)
class _Reader:
    """Walks over the block tokens of one document and collects its blocks."""

    source: _Source
    blocks: list[Block] = field(default_factory=list)
    headings: list[_Heading] = field(default_factory=list)
    containers: list[_Container] = field(default_factory=lambda: [_Container()])
    lists: list[_List] = field(default_factory=list)
    groups: int = 0
    anchors: set[str] = field(default_factory=set)
    repeated: defaultdict[str, int] = field(default_factory=lambda: defaultdict(lambda: 1))

    def read(self) -> None:
        tokens = markdown.parse(self.source.body)
        place = 0
        while place < len(tokens):
            place = self._step(tokens, place)

    def _step(self, tokens: list[Token], place: int) -> int:
        """Reads the block that starts at `place`; returns where the next one does."""
        token = tokens[place]
        if token.type == "heading_open":
            self._heading(token, tokens[place + 1])
            return place + 3
        if token.type == "paragraph_open":
            self._paragraph(tokens[place + 1])
            return place + 3
        if token.type == "table_open":
            return self._table(tokens, place)
        if token.type in ("fence", "code_block"):
            span = self.source.span(*markdown.code_bounds(token))
            if span and markdown.folded(token.content):
                self._add(BlockKind.CODE, span, token.content)
            self.containers[-1].intro = None
        elif token.type == "html_block":
            self._html(token)
        elif token.type == "hr":
            self.containers[-1].intro = None
            self.containers[-1].title = None
        else:
            self._container(token)
        return place + 1

    def _container(self, token: Token) -> None:
        """Enters or leaves a list, an item, a quote or a footnote."""
        top = self.containers[-1]
        if token.type in ("bullet_list_open", "ordered_list_open"):
            numbered = token.type == "ordered_list_open"
            start = int(token.attrs.get("start", 1)) if numbered else None
            self.lists.append(_List(self._group(), top.governors(_Reach.LISTS), start))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
            top.reach = _Reach.LISTS
        elif token.type == "list_item_open":
            inside = self.lists[-1]
            self._enter(_Container(inside.governors, item=True, group=inside.group))
            if inside.next_number is not None:
                self.containers[-1].ordinal = inside.next_number
                inside.next_number += 1
        elif token.type == "blockquote_open":
            self._enter(_Container(top.governors(_Reach.INSETS)))
        elif token.type == "footnote_reference_open":
            self._enter(_Container())
        elif token.nesting < 0:
            self.headings = self.headings[: self.containers.pop().floor]
            if token.type != "list_item_close":
                self.containers[-1].intro = None

    def _enter(self, container: _Container) -> None:
        container.floor = len(self.headings)
        self.containers.append(container)

    def _group(self) -> int:
        self.groups += 1
        return self.groups - 1

    def _add(
        self,
        kind: BlockKind,
        span: Span,
        plain: str,
        *,
        governors: tuple[Span, ...] | None = None,
        links: tuple[str, ...] = (),
        place: _Place = _NOWHERE,
        anchor: str = "",
    ) -> Block:
        """Adds a block; without `governors`, what its container says governs it."""
        if governors is None:
            inset = kind is BlockKind.CODE
            governors = self.containers[-1].governors(_Reach.INSETS if inset else _Reach.WORDS)
        block = Block(
            index=len(self.blocks),
            kind=kind,
            span=span,
            plain=markdown.folded(plain),
            section=tuple(heading.index for heading in self.headings),
            governors=governors,
            depth=place.depth,
            group=place.group,
            row=place.row,
            column=place.column,
            ordinal=place.ordinal,
            links=links,
            anchor=anchor,
        )
        self.blocks.append(block)
        return block

    def _heading(self, token: Token, inline: Token) -> None:
        container = self.containers[-1]
        container.intro = None
        container.title = None
        setext = token.markup in ("=", "-")
        bounds = markdown.content_bounds(inline) if setext else None
        span = self.source.span(*(bounds or markdown.heading_bounds(inline, self.source.body)))
        children = inline.children or []
        plain = markdown.folded(markdown.plain_text(children))
        if span is None or not plain:
            return
        depth = int(token.tag[1:])
        while len(self.headings) > container.floor and self.headings[-1].depth >= depth:
            self.headings.pop()
        slug = _slug(plain)
        block = self._add(
            BlockKind.HEADING,
            span,
            plain,
            governors=container.base,
            links=markdown.link_addresses(children),
            place=_Place(depth=depth),
            anchor=self._anchor("/".join([*(above.slug for above in self.headings), slug])),
        )
        self.headings.append(_Heading(depth, block.index, slug))

    def _anchor(self, wanted: str) -> str:
        anchor = wanted
        while anchor in self.anchors:
            self.repeated[wanted] += 1
            anchor = f"{wanted}-{self.repeated[wanted]}"
        self.anchors.add(anchor)
        return anchor

    def _paragraph(self, inline: Token) -> None:
        container = self.containers[-1]
        children = inline.children or []
        plain = markdown.folded(markdown.plain_text(children))
        start, end = markdown.content_bounds(inline)
        whole = self.source.span(start, end)
        if whole is None or not plain:
            return
        links = markdown.link_addresses(children)
        if container.item:
            container.item = False
            self._add(
                BlockKind.ITEM,
                whole,
                plain,
                governors=container.base,
                links=links,
                place=_Place(len(self.lists), container.group, ordinal=container.ordinal),
            )
            container.base = (*container.base, whole)
            return
        marks = markdown.surrounding_marks(children, whole.text)
        span = _part(whole, marks.left, len(whole.text) - marks.right) if marks else whole
        if not markdown.folded(span.text):
            span = whole
        elif marks and marks.bold and _is_label(span, plain):
            self._lead_in(span, plain, links, colon=plain[-1:] in (":", "："))
            return
        self._add(BlockKind.PARAGRAPH, span, plain, links=links)
        container.intro = None
        reach = _reach(plain, children)
        if reach is not None:
            last = split_sentences(span.text)[-1:] or ((0, len(span.text)),)
            container.intro, container.reach = _part(span, *last[0]), reach

    def _lead_in(self, span: Span, plain: str, links: tuple[str, ...], *, colon: bool) -> None:
        """A bold title governs until the next one; a label or statement, what comes directly."""
        container = self.containers[-1]
        container.intro = None
        title = not colon and plain[-1] not in ".!。！…"
        if title:
            container.title = None
        words = plain if not colon or span.text.rstrip()[-1:] in (":", "：") else plain[:-1]
        self._add(BlockKind.LEAD_IN, span, words, links=links)
        if title:
            container.title = span
        else:
            container.intro, container.reach = span, _Reach.WORDS

    def _html(self, token: Token) -> None:
        for found in markdown.html_texts(token, self.source.body):
            span = self.source.span(found.start, found.end)
            if span and markdown.folded(found.plain):
                self._add(BlockKind.PARAGRAPH, span, found.plain)
                self.containers[-1].intro = None

    def _table(self, tokens: list[Token], place: int) -> int:
        """Reads the cells of a table; returns the place behind it."""
        group, row, column = self._group(), -1, 0
        cells: list[tuple[int, int]] = []
        while tokens[place].type != "table_close":
            token = tokens[place]
            if token.type == "tr_open":
                row, column = row + 1, 0
                cells = markdown.cell_bounds(token.meta["lines"][0], self.source.body)
            elif token.type == "inline":
                span = self.source.span(*cells[column]) if column < len(cells) else None
                children = token.children or []
                plain = markdown.folded(markdown.plain_text(children))
                if span and plain:
                    self._add(
                        BlockKind.CELL,
                        span,
                        plain,
                        links=markdown.link_addresses(children),
                        place=_Place(group=group, row=row, column=column),
                    )
                column += 1
            place += 1
        self.containers[-1].intro = None
        return place + 1


def _part(span: Span, start: int, end: int) -> Span:
    """A slice of a span, without white space around it."""
    words = span.text[start:end]
    start += len(words) - len(words.lstrip())
    words = words.strip()
    return Span(words, span.start + start, span.start + start + len(words))


def _is_label(span: Span, plain: str) -> bool:
    return len(plain.split()) <= LEAD_IN_WORDS and len(split_sentences(span.text)) <= 1


def _reach(plain: str, children: list[Token]) -> _Reach | None:
    """What a paragraph leads into, if it ends in a colon or does not end its sentence."""
    ending = plain.rstrip("\"'”’»)")
    if ending.endswith((":", "：")):
        return _Reach.INSETS
    words = any(token.type == "text" and token.content.strip() for token in children)
    ended = ending.endswith((".", "!", "?", "。", "！", "？", "।", "؟"))
    return _Reach.LISTS if words and (not ended or ending.endswith("...")) else None


def _slug(plain: str) -> str:
    """Letters, digits and their combining marks in lower case; anything else becomes `-`."""
    kept = "".join(
        character if character.isalnum() or unicodedata.category(character) in ("Mn", "Mc") else "-"
        for character in plain.lower()
        if not "\ufe00" <= character <= "\ufe0f"
    )
    return re.sub("-+", "-", kept).strip("-") or "section"
