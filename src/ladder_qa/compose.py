"""Statements chosen → claims, citations and the answer's Markdown, made of exact quotes.

Every claim's text consists of its citations' quotes and contexts and of level names, less the
Markdown marks.
Not covered: sentences of our own about the ladder; there are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from ladder_qa.compare import Comparison
from ladder_qa.datamodels import Citation, Claim, Ladder, Passage, PassageKind, Shown
from ladder_qa.inline import readable
from ladder_qa.selection import Selection


@dataclass
class Draft:
    """Claims and citations as they come together; citations are numbered from 1 as used."""

    claims: list[Claim] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def cite(self, passage: Passage) -> int:
        """The number of a passage's citation, made at its first use."""
        if passage.id not in self._numbers:
            number = len(self.citations) + 1
            self._numbers[passage.id] = number
            self.citations.append(citation_of(passage, number))
        return self._numbers[passage.id]

    def claim(
        self,
        text: str,
        passages: Sequence[Passage],
        support: Literal["quoted", "verified"] = "quoted",
    ) -> str:
        """Adds a claim; returns its citation marks."""
        numbers = tuple(dict.fromkeys(self.cite(passage) for passage in passages))
        levels = tuple(dict.fromkeys(code for passage in passages for code in passage.levels))
        self.claims.append(Claim(text, numbers, support, levels))
        return "".join(f"[{number}]" for number in numbers)

    @property
    def markdown(self) -> str:
        """The answer's text."""
        return "\n".join(self.lines).strip()


_readable = lru_cache(maxsize=4096)(readable)  # of headings and cells, which stand in many answers


def citation_of(passage: Passage, number: int) -> Citation:
    """A passage as a citation."""
    return Citation(
        number=number,
        document=passage.document,
        title=passage.title,
        section=passage.section,
        quote=passage.quote,
        start=passage.start,
        end=passage.end,
        context=passage.context,
        levels=passage.levels,
        url=passage.url,
    )


def compose(selection: Selection, ladder: Ladder) -> Draft:
    """The draft of an answer: a table for a comparison, else lines under their labels."""
    draft = Draft()
    if selection.comparison is not None:
        _table(draft, selection.comparison, ladder)
    _lines(draft, selection.lines, documents=selection.conflict is not None)
    return draft


def _table(draft: Draft, comparison: Comparison, ladder: Ladder) -> None:
    names = []
    for code in comparison.codes:
        level = ladder.level(code)
        names.append(f"{code} ({level.title})" if level and level.title != code else code)
    labelled = any(row.label for row in comparison.rows)
    head = ([""] if labelled else []) + names
    draft.lines.append(f"| {' | '.join(head)} |")
    draft.lines.append(f"|{' --- |' * len(head)}")
    for row in comparison.rows:
        label = _readable(row.label)
        cells = [passage for passage in row.cells if passage is not None]
        text = " | ".join(
            f"{code}: {passage.plain}" if passage else f"{code}: —"
            for code, passage in zip(comparison.codes, row.cells, strict=True)
        )
        draft.claim(f"{label} | {text}" if label else text, cells)
        columns = [label] if labelled else []
        columns.extend(
            f"{_cell(passage.plain)} [{draft.cite(passage)}]" if passage else "—"
            for passage in row.cells
        )
        draft.lines.append(f"| {' | '.join(columns)} |")


def _lines(draft: Draft, lines: Sequence[Shown], *, documents: bool) -> None:
    if draft.lines and lines:
        draft.lines.append("")
    many = len(lines) > 1
    last: str | None = None
    for shown in lines:
        first = shown.passages[0]
        label = first.title if documents else _readable(shown.label)
        inline = first.kind is PassageKind.CELL
        text = _text(first, shown, inline=inline)
        marks = draft.claim(text, shown.passages)
        if label and label != last and not inline:
            if last is not None:
                draft.lines.append("")
            draft.lines.append(f"**{escaped(label)}**")
            draft.lines.append("")
        last = "" if inline else label
        draft.lines.append(f"{'- ' if many or label else ''}{escaped(text)} {marks}")


def _text(passage: Passage, shown: Shown, *, inline: bool) -> str:
    """The words of one line: a cell with its headers, else the quote without Markdown marks."""
    if inline:
        headers = [_readable(span.text) for span in reversed(passage.context)]
        return f"{' — '.join(headers)}: {passage.plain}" if headers else passage.plain
    if passage.kind is PassageKind.ITEM and not shown.label and passage.context:
        governing = _readable(passage.context[-1].text)
        if governing.endswith(":"):
            return f"{governing} {passage.plain}"
    return passage.plain


def _cell(text: str) -> str:
    return escaped(text).replace("|", "\\|")


def escaped(text: str) -> str:
    """Plain words as Markdown that shows them as they are."""
    marked = re.sub(r"([\\`*_\[\]<>#~&])", r"\\\1", text)
    return re.sub(r"^(\s*)([-+]|\d+[.)])(?=\s)", lambda m: f"{m[1]}{m[2][:-1]}\\{m[2][-1]}", marked)


def nearest(passages: Iterable[Passage]) -> tuple[Citation, ...]:
    """The closest statements of a refusal, numbered from 1."""
    return tuple(citation_of(passage, number) for number, passage in enumerate(passages, 1))
