"""Whom a statement is about, as opposed to whom it mentions.

The first of these that names a level decides: a cell's column or row header, the statement's own
opening, the nearest heading that names a level, the title of a guide (its target level).
Not covered: pronouns that reach back over a heading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ladder_qa.names import CODE, LevelNames, Mention

_ARROW = re.compile(r"\s*(?:→|⇒|-+>|–>|—>)\s*")
_SOURCES = re.compile(
    rf"^{CODE}\b(?:\s*\([^)]{0, 60}\))?(?:\s*(?:or|and|/|,)\s*{CODE}\b(?:\s*\([^)]{0, 60}\))?)*$"
)
# What may stand before the level in an opening such as "At M3, …" or "Promotion to E2 requires …".
_BEFORE = re.compile(
    r"^(?:(?:\d+[.)]|important|note|remember|key|tip|warning)\s*:?\s*)*"
    r"(?:(?:at|for|in|as|when|promotion\s+to|\w+ing\s+(?:at|to|into))\s+)?"
    r"(?:(?:the|an?|every|each|any)\s+)*$",
    re.IGNORECASE,
)
_COORDINATED = re.compile(
    r"^\s*(?:\([^)]{0,60}\))?\s*(?:or|and|/|,|&)\s*(?:at\s+)?$", re.IGNORECASE
)
# "M3-level leaders" or "a super-X" names a kind of person, not the level the text is about.
_COMPOUND_AFTER = re.compile(r"^[-–]\w")
_RANGE_AFTER = re.compile(r"^\s*[-–—]\s*(?:\w{1,4}\d)")
_FROM = re.compile(
    r"\bfrom\s+(?:being\s+)?(?:an?\s+|the\s+)?$"
    r"|\b(?:with|instead\s+of|rather\s+than|over|than|without|not)\s+(?:an?\s+|the\s+)?$",
    re.IGNORECASE,
)
_HEADING_AFTER = re.compile(r"^\s*(?:$|[:(–—|,]|-\s)")
_HEADING_BEFORE = re.compile(
    r"^(?:\d+[.)]\s*)?$|\b(?:for|of|at|as|to|is|becoming|a|an|the|like|level)\s*:?\s*$",
    re.IGNORECASE,
)
_TO_READER = re.compile(r"^\s+\w+(?:\s+\w+)?\s+you\b", re.IGNORECASE)
_MARKS = re.compile(r"^[\W_]+")


class About:
    """Decides for statements of one ladder; built once from its level names."""

    def __init__(self, names: LevelNames) -> None:
        self._names = names

    def statement(self, plain: str, headings: Sequence[str]) -> tuple[str, ...]:
        """Levels that a sentence or item is about; `headings` outermost first. May be empty."""
        return self.opening(plain) or self._of_headings(headings)

    def cell(
        self, plain: str, column: str, row: Sequence[str], headings: Sequence[str]
    ) -> tuple[str, ...]:
        """Levels that a table's cell is about, by its column header, its row, then as others."""
        by_column = self._label(column)
        if by_column:
            return by_column
        if row and (by_row := self.opening(row[0])):
            return by_row
        named = [codes for text in row if (codes := self._label(text))]
        if len(named) == 1:
            return named[0]
        own = self._label(plain)
        if own:
            return own
        return () if named else self._of_headings(headings)

    def _of_headings(self, headings: Sequence[str]) -> tuple[str, ...]:
        for heading in reversed(headings):
            if codes := self.heading(heading):
                return codes
        return ()

    def _label(self, text: str) -> tuple[str, ...]:
        """The level that a header names, when naming it is all that the header does."""
        mentions = self._names.find(text, cased=True)
        if not mentions:
            return ()
        rest = text
        for mention in reversed(mentions):
            rest = rest[: mention.start] + rest[mention.end :]
        if re.search(r"[^\W\d_]{3,}", rest):
            return ()
        return self._target(text, mentions) or tuple(dict.fromkeys(m.code for m in mentions))

    def heading(self, text: str) -> tuple[str, ...]:
        """The level that a heading is about, or nothing: "Key shift from X" is not about X."""
        pair = self._names.transition(text)
        if pair:
            return (pair[1],)
        for mention in self._names.find(text, cased=True):
            before, after = text[: mention.start], text[mention.end :]
            if mention.plural or _COMPOUND_AFTER.match(after) or _FROM.search(before):
                continue
            opens = _HEADING_BEFORE.search(before)
            if opens and _HEADING_AFTER.match(after):
                return (mention.code,)
        return ()

    def opening(self, text: str) -> tuple[str, ...]:
        """The level that a statement's own first words name as its subject or its place."""
        text = _MARKS.sub("", text)
        moved = self._moved(text)
        if moved:
            return moved
        mentions = self._names.find(text, cased=True)
        if not mentions or not _BEFORE.match(text[: mentions[0].start]):
            return ()
        first = mentions[0]
        after = text[first.end :]
        placed = re.match(r"(?:at|for|in|as|when)\b", text, re.IGNORECASE)
        owner = text[: first.end].endswith(("'s", "’s"))
        if owner or (not placed and _TO_READER.search(after)):
            return ()  # whose it is, or who deals with the reader: not whom it is about
        if first.plural or _COMPOUND_AFTER.match(after) or _RANGE_AFTER.match(after):
            return ()
        codes = [first.code]
        last = first
        for mention in mentions[1:]:
            if mention.plural or not _COORDINATED.match(text[last.end : mention.start]):
                break
            codes.append(mention.code)
            last = mention
        return tuple(dict.fromkeys(codes))

    def _moved(self, text: str) -> tuple[str, ...]:
        """For an opening that names a move: its described target, else its described source."""
        arrow = _ARROW.search(text[:80])
        if arrow and _SOURCES.match(text[: arrow.start()]):
            tail = re.match(rf"\s*(?:{CODE}\b[\s/,]*(?:or\s+)?)+", text[arrow.end() :])
            target = self._names.codes(tail.group()) if tail else ()
            source = self._names.codes(text[: arrow.start()], cased=True)
            described = self._names.described
            return described(target) or described(source) or target
        start = re.match(r"(?:[\w’'-]+\s+){0,6}?from\s+", text, re.IGNORECASE)
        if start is None:
            return ()
        pair = self._names.transition(text[start.end() : start.end() + 120])
        opens = self._names.find(text[start.end() :])
        if pair and opens and opens[0].start <= 4 and opens[0].code == pair[0]:
            return (pair[1],)
        return ()

    def _target(self, text: str, mentions: Sequence[Mention]) -> tuple[str, ...]:
        pair = self._names.transition(text)
        return (pair[1],) if pair and len(mentions) > 1 else ()
