"""The frozen types that travel between the rooms, from a Markdown file to an answer.

All offsets count Unicode code points of a document's stored text, end exclusive, so that
`text[start:end] == quote` holds for everything that is ever shown.
Not covered: how any of them is made; each room makes its own.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Span:
    """An exact slice of a document's text: `text == document.text[start:end]`."""

    text: str
    start: int
    end: int


class BlockKind(StrEnum):
    """What a block is in its Markdown document."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LEAD_IN = "lead_in"  # a paragraph, or the start of an item, that is bold as a whole
    ITEM = "item"
    CELL = "cell"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """The smallest piece of Markdown structure, with its place and with what governs it.

    `span` is the raw inline content: without list marker, heading marks, cell bars or the bold
    marks around a lead-in. `plain` is the same as a person reads it: no Markdown marks, entities
    resolved, invisible characters dropped, white space folded.
    `section` holds the indices of the headings above, outermost first (for a heading: without
    itself). `governors` are the spans that govern it inside its section, outermost first: the
    sentence or bold label that introduces a list, the item above a nested one, the lead-in above
    a paragraph or at the start of an item.
    """

    index: int
    kind: BlockKind
    span: Span
    plain: str
    section: tuple[int, ...]
    governors: tuple[Span, ...] = ()
    depth: int = 0  # headings: 1 to 6; items: 1 for an outer list, 2 for a list inside it, …
    group: int | None = None  # items of one list, or cells of one table, share this number
    row: int | None = None  # cells: 0 is the header row
    column: int | None = None  # cells: from 0
    ordinal: int | None = None  # items of a numbered list: the number
    links: tuple[str, ...] = ()  # addresses that its links point to
    anchor: str = ""  # headings: id made of the whole heading path, unique in its document


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown file of the corpus: its exact text and the blocks found in it."""

    path: str  # relative to the corpus folder, with `/`
    slug: str  # `path` without its ending
    title: str
    text: str
    sha256: str  # of the file's bytes
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file of the corpus that cannot be read, and why, in words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """All documents of a folder in the order of their paths, and the files refused by name."""

    documents: tuple[Document, ...]
    refused: tuple[RefusedFile, ...]
    sha256: str  # over the paths and bytes of all files, refused ones too

    def document(self, path: str) -> Document:
        """The document at `path`. Raises KeyError."""
        for document in self.documents:
            if document.path == path:
                return document
        raise KeyError(path)


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the ladder, as the documents describe it."""

    code: str
    title: str
    titles: tuple[str, ...]  # all that the documents use
    aliases: tuple[str, ...]  # lower case; longer ones first
    track: str
    core_question: str | None
    document: str
    rank: int  # order within the whole ladder, as the documents tell it


@dataclass(frozen=True, slots=True)
class Transition:
    """A move between two described levels, with the guide that covers it, or None."""

    source: str
    target: str
    title: str
    document: str | None
    typical_time: str | None


@dataclass(frozen=True, slots=True)
class MissingDocument:
    """A document that others refer to and that is not in the corpus."""

    name: str
    referred_by: tuple[str, ...]  # paths
    levels: tuple[str, ...]  # the transition's two levels, for a guide


@dataclass(frozen=True, slots=True)
class Ladder:
    """What the documents say about their levels; nothing in it is listed in code."""

    levels: tuple[Level, ...]
    transitions: tuple[Transition, ...]
    missing: tuple[MissingDocument, ...]
    mentioned: tuple[str, ...]  # codes that are named but not described, such as another track's

    def level(self, code: str) -> Level | None:
        """The described level with this code, in any case, or None."""
        for level in self.levels:
            if level.code.casefold() == code.casefold():
                return level
        return None

    def transition(self, source: str, target: str) -> Transition | None:
        """The transition between two codes, or None."""
        for transition in self.transitions:
            if (transition.source, transition.target) == (source, target):
                return transition
        return None


class PassageKind(StrEnum):
    """What a passage is: the smallest citable units of `api.md`."""

    SENTENCE = "sentence"
    ITEM = "item"
    HEADING = "heading"
    LEAD_IN = "lead_in"
    CELL = "cell"


@dataclass(frozen=True, slots=True)
class Passage:
    """One citable unit of a document.

    `quote` is the raw slice, `plain` what a person reads of it, `text` the rendered form that is
    searched (heading path, column names, governing words, then the quote).
    """

    id: str
    order: int  # reading order over the whole corpus
    kind: PassageKind
    document: str
    slug: str
    title: str
    section: tuple[str, ...]  # plain heading texts, outermost first
    quote: str
    start: int
    end: int
    context: tuple[Span, ...]
    plain: str
    text: str
    url: str
    levels: tuple[str, ...]  # whom it is about
    mentions: tuple[str, ...]  # whom else it names
    group: str | None = None  # items of one list or cells of one table
    row: int | None = None
    column: int | None = None
    block: int = 0  # the block's index in its document: sentences of one paragraph share it


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question; scores are comparable within one search only."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of an answer to be: statements that carry it, and the label it stands under."""

    passages: tuple[Passage, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation; the assistant's turns are untrusted and never evidence."""

    role: Literal["user", "assistant"]
    content: str


class Intent(StrEnum):
    """What form of answer a question asks for."""

    COMPARISON = "comparison"
    TRANSITION = "transition"
    LIST = "list"
    FIGURE = "figure"
    DEFINITION = "definition"
    YES_NO = "yes_no"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Query:
    """A question as understood.

    `text` stands alone and is shown; `search` is the same with typing mistakes mended and words
    of other languages put into the documents' language, for searching only.
    """

    text: str
    search: str
    intent: Intent
    levels: tuple[str, ...]  # described levels that it asks about
    unknown: tuple[str, ...]  # levels that it names and no document describes
    transition: tuple[str, str] | None
    topics: tuple[str, ...]  # kinds of section that it asks for, the strongest first
    words: tuple[str, ...]  # content words of `search`, as index tokens, levels left out
    language: str  # "en", "de", "fr" or "es"
    carried: bool  # levels or topic come from earlier turns


class Outcome(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    NOT_IN_DOCUMENTS = "not_in_documents"
    LEVEL_NOT_COVERED = "level_not_covered"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage as an answer shows it; see the contract for each field."""

    number: int
    document: str
    title: str
    section: tuple[str, ...]
    quote: str
    start: int
    end: int
    context: tuple[Span, ...]
    levels: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence, bullet or table row of an answer, with the citations that carry it."""

    text: str
    citations: tuple[int, ...]
    support: Literal["quoted", "verified"]
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Citations that give different answers to one thing."""

    about: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer to one question."""

    id: str
    question: str
    outcome: Outcome
    answer: str
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    missing: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    nearest: tuple[Citation, ...]
    suggestions: tuple[str, ...]
    mode: Literal["extractive", "llm"]
    model: str | None
    corpus: str
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meta:
    """The first event of a streamed answer: who answers."""

    id: str
    mode: Literal["extractive", "llm"]
    model: str | None
    corpus: str


Event = Meta | Citation | Claim | Answer


def events_of(answer: Answer) -> Iterator[Event]:
    """The events of an answer that is there already; a citation before its first claim."""
    yield Meta(answer.id, answer.mode, answer.model, answer.corpus)
    citations = {citation.number: citation for citation in answer.citations}
    for claim in answer.claims:
        for number in claim.citations:
            citation = citations.pop(number, None)
            if citation is not None:
                yield citation
        yield claim
    yield answer


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage as `search` shows it."""

    document: str
    title: str
    section: tuple[str, ...]
    text: str
    start: int
    end: int
    context: tuple[Span, ...]
    levels: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """One sentence of a checked text: whether passages carry every part of it, and which do.

    `reason` is None where it is supported. Offsets count code points of the text that was given.
    """

    text: str
    start: int
    end: int
    supported: bool
    reason: Literal["not_found", "number", "level", "negation", "hedge", "extra", "relation"] | None
    citations: tuple[Citation, ...]


def as_object(value: Any) -> Any:
    """A dataclass, or anything made of them, as plain dicts, lists and scalars for JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_object(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [as_object(item) for item in value]
    if isinstance(value, dict):
        return {key: as_object(item) for key, item in value.items()}
    return value


def as_json(value: Any) -> str:
    """`value` as JSON text: the same value gives the same bytes in every process and door."""
    return json.dumps(as_object(value), ensure_ascii=False, separators=(",", ":"))
