"""Document + Ladder → Passages: one citable unit each, with what governs it and whom it is about.

`PassageParser` gives the same as nodes of llama-index, for the vector store that is built with it.
Not covered: which passages a question needs; `retrieve` finds them.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote as percent

from llama_index.core.node_parser import NodeParser
from llama_index.core.schema import BaseNode, MetadataMode, TextNode
from pydantic import PrivateAttr

from ladder_qa.about import About
from ladder_qa.corpus import read_document
from ladder_qa.datamodels import Block, BlockKind, Document, Ladder, Passage, PassageKind, Span
from ladder_qa.fragments import PageText
from ladder_qa.inline import readable
from ladder_qa.ladder import tables
from ladder_qa.names import LevelNames
from ladder_qa.sentences import split_sentences

LONG_ITEM_WORDS = 60
"""An item with more words is cited by sentence: the longest item of the ladders read has 52."""

ANAPHORIC = re.compile(r"\b(?:this|these|those|it|they)\b", re.IGNORECASE)
_WORD = re.compile(r"\w")


def read_passages(documents: Sequence[Document], ladder: Ladder) -> tuple[Passage, ...]:
    """All passages of `documents` in reading order; ids depend on words and place in headings."""
    names = LevelNames(ladder.levels, ladder.mentioned)
    about = About(names)
    seen: Counter[str] = Counter()
    passages: list[Passage] = []
    for document in documents:
        reader = _Reader(document, about, names, seen)
        passages.extend(reader.read(len(passages)))
    return tuple(passages)


class _Reader:
    """Reads one document."""

    def __init__(
        self, document: Document, about: About, names: LevelNames, seen: Counter[str]
    ) -> None:
        self._document = document
        self._about = about
        self._names = names
        self._seen = seen
        self._page = PageText(document)
        self._cells = {
            cell.index: (table, row, column)
            for table in tables(document)
            for (row, column), cell in table.items()
        }

    def read(self, order: int) -> Iterator[Passage]:
        for block in self._document.blocks:
            if not _WORD.search(block.plain):
                continue
            for kind, span, plain in self._units(block):
                yield self._passage(order, block, kind, span, plain)
                order += 1

    def _units(self, block: Block) -> Iterator[tuple[PassageKind, Span, str]]:
        if block.kind is BlockKind.HEADING:
            yield PassageKind.HEADING, block.span, block.plain
        elif block.kind is BlockKind.CELL:
            if block.row:
                yield PassageKind.CELL, block.span, block.plain
        elif block.kind is BlockKind.LEAD_IN:
            if not block.plain.endswith(":"):
                yield PassageKind.LEAD_IN, block.span, block.plain
        elif block.kind is BlockKind.ITEM and len(block.plain.split()) <= LONG_ITEM_WORDS:
            yield PassageKind.ITEM, block.span, block.plain
        else:
            text = block.span.text
            for start, end in split_sentences(text):
                if _WORD.search(text[start:end]):
                    span = Span(text[start:end], block.span.start + start, block.span.start + end)
                    yield PassageKind.SENTENCE, span, readable(span.text)

    def _passage(
        self, order: int, block: Block, kind: PassageKind, span: Span, plain: str
    ) -> Passage:
        headings = [self._document.blocks[index] for index in block.section]
        section = tuple(heading.plain for heading in headings)
        context = tuple(self._context(block, headings))
        levels = self._levels(block, plain, section)
        mentions = tuple(
            code for code in self._names.codes(plain, cased=True) if code not in levels
        )
        governing = [
            readable(span.text).rstrip(":") for span in context if span.text not in section
        ]
        path = section + ((plain,) if kind is PassageKind.HEADING else ())
        text = " > ".join(path) if kind is PassageKind.HEADING else (
            f"{' > '.join(section)}\n{' | '.join(governing)}: {plain}" if governing
            else f"{' > '.join(section)}\n{plain}"
        )  # fmt: skip
        anchor = block.anchor or (headings[-1].anchor if headings else "")
        before = block.span.text[: span.start - block.span.start]
        directive = self._page.directive(block, before, span.text)
        group = None if block.group is None else f"{self._document.path}#{block.group}"
        return Passage(
            id=self._identity(section, span.text),
            order=order,
            kind=kind,
            document=self._document.path,
            slug=self._document.slug,
            title=self._document.title,
            section=section,
            quote=span.text,
            start=span.start,
            end=span.end,
            context=context,
            plain=plain,
            text=text,
            url=_url(self._document.slug, span, anchor, directive),
            levels=levels,
            mentions=mentions,
            group=group,
            row=block.row,
            column=block.column,
            block=block.index,
        )

    def _identity(self, section: tuple[str, ...], quote: str) -> str:
        key = "\x1f".join((self._document.path, *section, quote))
        self._seen[key] += 1
        return hashlib.sha256(f"{key}\x1f{self._seen[key]}".encode()).hexdigest()[:24]

    def _context(self, block: Block, headings: Sequence[Block]) -> Iterator[Span]:
        """What governs the block: headers of a cell; else headings close above, then governors."""
        if block.kind is BlockKind.CELL:
            table, row, column = self._cells[block.index]
            header = table.get((0, column))
            if header is not None:
                yield header.span
            first = table.get((row, 0))
            sided = header is not None and self._about.opening(header.plain)
            if first is not None and column and not sided:
                yield first.span
            return
        introduced = block.kind is BlockKind.ITEM and block.governors
        if not introduced:
            close = [heading for heading in headings if heading.depth >= 2]
            needed = block.kind in (BlockKind.HEADING, BlockKind.LEAD_IN, BlockKind.ITEM)
            if needed or (close and close[-1].depth >= 3) or block.governors:
                yield from (heading.span for heading in close[-2:])
        elif headings and ANAPHORIC.search(block.governors[-1].text):
            yield headings[-1].span  # what "this" is
        yield from block.governors

    def _levels(self, block: Block, plain: str, section: tuple[str, ...]) -> tuple[str, ...]:
        if block.kind is BlockKind.CELL:
            table, row, column = self._cells[block.index]
            header = table.get((0, column))
            cells = [table[key].plain for key in sorted(table) if key[0] == row]
            return self._about.cell(plain, header.plain if header else "", cells, section)
        if block.kind is BlockKind.HEADING:
            return self._about.heading(plain) or self._about.statement("", section)
        return self._about.statement(plain, section)


def _url(slug: str, span: Span, anchor: str, directive: str) -> str:
    """The page address of a span: marked by the server, by its heading, and by a text fragment."""
    text = f":~:text={directive}" if directive else ""
    return f"/documents/{percent(slug)}?at={span.start}-{span.end}#{percent(anchor)}{text}"


class PassageParser(NodeParser):
    """The passages of documents as llama-index nodes; node ids are the passages' ids.

    Input nodes carry the document's exact text, and its path in metadata `path`.
    """

    _ladder: Ladder = PrivateAttr()

    def __init__(self, ladder: Ladder, **kwargs: Any) -> None:
        super().__init__(include_metadata=False, include_prev_next_rel=False, **kwargs)
        self._ladder = ladder

    def _parse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: ARG002, FBT001, FBT002  (llama-index's signature)
        **kwargs: Any,  # noqa: ARG002
    ) -> list[BaseNode]:
        documents = [
            read_document(
                node.metadata["path"], node.get_content(metadata_mode=MetadataMode.NONE).encode()
            )
            for node in nodes
        ]
        return [passage_node(passage) for passage in read_passages(documents, self._ladder)]


def passage_node(passage: Passage) -> BaseNode:
    """One passage as a text node with flat metadata."""
    return TextNode(
        id_=passage.id,
        text=passage.text,
        metadata={
            "document": passage.document,
            "start": passage.start,
            "end": passage.end,
            "kind": str(passage.kind),
            "levels": ",".join(passage.levels),
        },
    )
