"""Answers, passages and levels as plain text for a terminal of 80 columns or fewer.

Control characters, marks that turn the direction of text and escape sequences never pass.
Not covered: colours, which this product does not print; where the text is written (`cli`).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ladder_qa import markdown
from ladder_qa.datamodels import (
    Answer,
    CheckedSentence,
    Citation,
    Claim,
    Event,
    FoundPassage,
    Ladder,
    Meta,
    Passage,
    PassageKind,
    as_json,
    as_object,
)
from ladder_qa.inline import readable
from ladder_qa.web.pages.text import UNSEEN, plural, shown
from ladder_qa.web.shapes import governing, named

if TYPE_CHECKING:
    from markdown_it.token import Token

    from ladder_qa.bank import Bank
    from ladder_qa.gaps import Gap, Gaps
    from ladder_qa.ingest import IngestReport

WIDTH = 80  # columns; a wider terminal does not make longer lines easier to read


def json_text(value: Any) -> str:
    """`value` as the HTTP door writes it, with unseen characters as JSON escapes: same object."""
    return UNSEEN.sub(lambda match: json.dumps(match[0])[1:-1], as_json(value))


def answer_text(answer: Answer, width: int = WIDTH) -> str:
    """The answer, then its numbered sources, each with its place and its words."""
    return "\n\n".join(filter(None, (markdown_text(answer.answer, width), _around(answer, width))))


class EventLines:
    """The lines of a streamed answer, event by event.

    A language model's sentences stand for the answer; quotes come with it.
    """

    def __init__(self, width: int = WIDTH) -> None:
        self._width = width
        self._worded = False

    def of(self, event: Event) -> Iterator[str]:
        """What one event adds."""
        if isinstance(event, Meta):
            self._worded = event.mode == "llm"
        elif isinstance(event, Claim) and self._worded and event.support == "verified":
            said = f"{event.text} {_marks(event.citations)}"
            yield from wrapped(said, self._width, "- ", "  ").split("\n")
        elif isinstance(event, Answer):
            whole = event.mode != "llm"
            text = answer_text(event, self._width) if whole else _around(event, self._width)
            yield from [""] * self._worded + text.split("\n")


def event_json(event: Event) -> str:
    """An event as one line of JSON: its name and the object of the HTTP API."""
    name, data = named(event)
    return json_text({"event": name, "data": as_object(data)})


def _around(answer: Answer, width: int) -> str:
    """All that goes with the words of an answer: notices, sources, the way on."""
    parts = [wrapped(f"Note: {notice}", width) for notice in answer.notices]
    if answer.conflicts:
        lines = (f"{c.about} {_marks(c.citations)}" for c in answer.conflicts)
        parts.append(_list("The documents differ:", lines, width))
    if answer.missing:
        parts.append(_list("Not in the documents:", answer.missing, width))
    if answer.citations:
        parts.append("Sources:\n" + _sources(answer.citations, width))
    if answer.nearest:
        parts.append("Nearest in the documents:\n" + _sources(answer.nearest, width))
    if answer.suggestions:
        parts.append(_list("The documents do answer:", answer.suggestions, width))
    return "\n\n".join(parts)


def passages_text(passages: Sequence[FoundPassage], width: int = WIDTH) -> str:
    """Found passages, numbered, each with its place."""
    return "\n\n".join(
        _place(number, p.document, p.section, p.title, width)
        + "\n"
        + _quoted(governing(p.context, p.section), p.text, width)
        for number, p in enumerate(passages, start=1)
    )


_REASONS = {
    "not_found": "nothing like it was found",
    "number": "another number",
    "level": "another level",
    "negation": "the opposite is said",
    "hedge": "more certain than what is said",
    "extra": "a part of it is not said",
    "relation": "another relation",
}


def verified_text(sentences: Sequence[CheckedSentence], width: int = WIDTH) -> str:
    """Each sentence with its verdict, and the places that carry it."""
    parts = []
    for sentence in sentences:
        mark = "ok  " if sentence.supported else "NO  "
        reason = f" ({_REASONS[sentence.reason]})" if sentence.reason else ""
        parts.append(wrapped(f"{sentence.text}{reason}", width, mark, "    "))
        parts += [
            _place(c.number, c.document, c.section, c.title, width) for c in sentence.citations
        ]
    wrong = sum(not sentence.supported for sentence in sentences)
    parts.append(f"{plural(len(sentences), 'sentence')}, {wrong} not supported")
    return "\n".join(parts)


def levels_text(ladder: Ladder, width: int = WIDTH) -> str:
    """The levels by track, and the moves between them with their guides."""
    lines: list[str] = []
    for track in dict.fromkeys(level.track for level in ladder.levels):
        lines.append(wrapped(track or "Levels", width))
        for level in ladder.levels:
            if level.track == track:
                lines.append(wrapped(level.title, width, f"  {shown(level.code)}  ", "      "))
                if level.core_question:
                    lines.append(wrapped(level.core_question, width, "      "))
        lines.append("")
    if ladder.transitions:
        lines.append("Moves")
    for move in ladder.transitions:
        guide = move.document or "no guide in the corpus"
        time = f", {move.typical_time}" if move.typical_time else ""
        lines.append(
            wrapped(f"{move.source} to {move.target}: {guide}{time}", width, "  ", "      ")
        )
    return "\n".join(lines).rstrip()


def bank_text(bank: Bank, passages: Sequence[Passage], width: int = WIDTH) -> str:
    """Questions set aside, and statements that answer no question, under their documents."""
    reached = {identity for question in bank.questions for identity in question.passages}
    lines = [wrapped(question, width, "aside     ", " " * 10) for question in bank.set_aside]
    document = ""
    unreached = 0
    for passage in passages:
        titled = passage.kind is PassageKind.HEADING or passage.plain.endswith(":")
        if titled or passage.id in reached:
            continue
        unreached += 1
        if passage.document != document:
            document = passage.document
            lines.append(shown(document))
        lines.append(wrapped(passage.plain, width, "  ", "    "))
    lines.append(
        f"{plural(len(bank.questions), 'question')}, {len(bank.set_aside)} set aside; "
        f"{plural(unreached, 'statement')} that no question reaches"
    )
    return "\n".join(lines)


def gaps_text(found: Gaps, width: int = WIDTH) -> str:
    """Topics with what they lack, the most frequent first, after one line of what was counted."""
    if found.since is None:
        return "Nothing is kept yet of what was asked."
    days = found.since if found.since == found.until else f"{found.since} to {found.until}"
    head = f"{days}: {plural(found.answers, 'answer')} given"
    if found.elsewhere:
        head += f", {found.elsewhere} of them refusals of other subjects"
    return "\n\n".join([wrapped(f"{head}.", width), *(_gap(gap, width) for gap in found.gaps)])


def _gap(gap: Gap, width: int) -> str:
    counts = [f"{gap.unanswered} unanswered"] if gap.unanswered else []
    counts += [f"{gap.down} thumbs down"] if gap.down else []
    lines = [wrapped(f"{gap.topic} ({', '.join(counts)})", width)]
    for label, texts in (
        ("Lacking", gap.lacks),
        ("Levels", gap.levels),
        ("Nearest", gap.nearest),
        ("Reasons", gap.reasons),
        ("Notes", gap.comments),
        ("Asked", gap.questions),
    ):
        lines += [wrapped(f"{label}: {'; '.join(texts)}", width, "  ", "    ")] if texts else []
    return "\n".join(lines)


def ingest_text(report: IngestReport, width: int = WIDTH) -> str:
    """What an ingestion found and did."""
    kinds = {"added": report.added, "changed": report.changed, "removed": report.removed}
    lines = [
        wrapped(path, width, f"{kind:8}  ", " " * 10)
        for kind, paths in kinds.items()
        for path in paths
    ]
    lines += [
        wrapped(f"{file.path}: {file.reason}", width, "refused   ", " " * 10)
        for file in report.refused
    ]
    done = (
        f"Built generation {report.generation}: {plural(report.encoded, 'passage')} encoded, "
        f"{report.reused} kept"
        if report.built
        else f"Nothing to do: generation {report.generation} holds these documents"
    )
    held = f"{plural(report.documents, 'document')}, {plural(report.passages, 'passage')}"
    held += f", {plural(report.questions, 'probably-asked question')}" if report.questions else ""
    if report.set_aside:
        gone = f"{plural(report.set_aside, 'question')}, whose statements are no longer there"
        lines.append(wrapped(gone, width, "aside     ", " " * 10))
    total = f"{held}, {report.seconds:.1f} s."
    return "\n".join([*lines, wrapped(f"{done}; {total}", width)])


def progress_line(step: str, done: int, total: int) -> str:
    """A bar of 24 columns, the step's name and its count."""
    filled = 24 * done // total if total > 0 else 0
    return f"[{'#' * filled}{'-' * (24 - filled)}] {step} {done}/{total}"


def markdown_text(source: str, width: int = WIDTH) -> str:
    """Markdown as paragraphs, items and aligned tables, without its marks."""
    return "\n".join(_Plain(width).lines(markdown.parse(source.replace("\r", "")))).strip("\n")


def wrapped(text: str, width: int = WIDTH, first: str = "", rest: str | None = None) -> str:
    """`text` in lines of at most `width` columns; a longer word stands on a line of its own."""
    rest = first if rest is None else rest
    lines, line, empty = [], first, True
    for word in shown(text).split():
        if not empty and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line, empty = rest, True
        line += word if empty else f" {word}"
        empty = False
    return "\n".join([*lines, line])


def columns(text: str) -> int:
    """The columns that `text` takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _marks(numbers: Iterable[int]) -> str:
    return "".join(f"[{number}]" for number in numbers)


def _list(title: str, items: Iterable[str], width: int) -> str:
    return "\n".join([title, *(wrapped(item, width, "- ", "  ") for item in items)])


def _sources(citations: Iterable[Citation], width: int) -> str:
    return "\n".join(
        _place(c.number, c.document, c.section, c.title, width)
        + "\n"
        + _quoted(governing(c.context, c.section), c.quote, width)
        for c in citations
    )


def _place(number: int, document: str, section: Sequence[str], title: str, width: int) -> str:
    # The first heading is nearly always the document's title, which its path already tells.
    below = [part for part in section if part != title]
    mark = f"[{number}] "
    return wrapped(" › ".join([document, *below]), width, mark, " " * len(mark))


def _quoted(context: Sequence[str], quote: str, width: int) -> str:
    above = [wrapped(f"({' › '.join(context)})", width, "    ")] if context else []
    return "\n".join([*above, wrapped(f'"{readable(quote)}"', width, "    ", "     ")])


class _Plain:
    """Writes block tokens as lines: paragraphs, items with their marks, tables."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lines: list[str] = []
        self._marks: list[str] = []  # of each open item: its mark, blanks after its first line
        self._numbers: list[int | None] = []  # of each open list: the next number, or None
        self._rows: list[list[str]] = []

    def lines(self, tokens: Sequence[Token]) -> list[str]:
        for token in tokens:
            if token.type == "inline" and self._rows:
                self._rows[-1].append(_words(token))
            elif token.type == "inline":
                self._paragraph(_words(token))
            elif token.type in ("fence", "code_block"):
                self._paragraph(token.content)
            elif token.type == "tr_open":
                self._rows.append([])
            elif token.type == "table_close":
                self._lines += [*_table(self._rows, self._width), ""]
                self._rows = []
            elif "list" in token.type:
                self._list_edge(token)
        return self._lines

    def _paragraph(self, text: str) -> None:
        first = "".join(self._marks)
        self._marks = [" " * len(mark) for mark in self._marks]
        self._lines.append(wrapped(text, self._width, first, "".join(self._marks)))
        if not self._marks:
            self._lines.append("")

    def _list_edge(self, token: Token) -> None:
        if token.type == "list_item_open":
            number = self._numbers[-1]
            self._marks.append("- " if number is None else f"{number}. ")
            self._numbers[-1] = None if number is None else number + 1
        elif token.type == "list_item_close":
            self._marks.pop()
        elif token.nesting == 1:
            start = int(token.attrs.get("start", 1))
            self._numbers.append(start if token.type.startswith("ordered") else None)
        else:
            self._numbers.pop()
            if not self._numbers:
                self._lines.append("")


def _words(token: Token) -> str:
    return shown(markdown.plain_text(token.children or []))


def _table(rows: list[list[str]], width: int) -> Iterator[str]:
    """A table whose columns share the width; cells wrap inside their column."""
    count = max(len(row) for row in rows)
    gap = 2
    room = width - gap * (count - 1)
    natural = [max(columns(row[i]) if i < len(row) else 0 for row in rows) for i in range(count)]
    widths = _shares(natural, room)
    for number, row in enumerate(rows):
        cells = [
            wrapped(row[i] if i < len(row) else "", widths[i]).split("\n") for i in range(count)
        ]
        for line in range(max(len(cell) for cell in cells)):
            texts = [cell[line] if line < len(cell) else "" for cell in cells]
            padded = (
                text + " " * max(0, size - columns(text))
                for text, size in zip(texts, widths, strict=True)
            )
            yield (" " * gap).join(padded).rstrip()
        if number == 0:
            yield (" " * gap).join("-" * size for size in widths)
        elif any(len(cell) > 1 for cell in cells) and number < len(rows) - 1:
            yield ""


def _shares(natural: Sequence[int], room: int) -> list[int]:
    """Widths for columns that want `natural`: narrow ones in full, the others share the rest."""
    widths = [0] * len(natural)
    left, waiting = room, sorted(range(len(natural)), key=lambda i: natural[i])
    while waiting:
        column = waiting.pop(0)
        widths[column] = max(1, min(natural[column], left // (len(waiting) + 1)))
        left -= widths[column]
    return widths
