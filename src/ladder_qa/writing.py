"""A model's text as it arrives → its sentences, each with the numbers that it cites.

A sentence is given out as soon as it is complete, so that it can be checked while the model
writes the next one. What introduces a list is said again in each of its items.
Not covered: whether a sentence is true of anything (`verify`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ladder_qa.inline import readable
from ladder_qa.sentences import split_sentences

LONGEST = 2_000  # characters of one sentence, beyond which it is given out as it stands
NOT_STATED = "NOT STATED"  # what the model is told to write when the statements do not answer

_MARK = r"\[\s*\d{1,4}(?:\s*[,;–-]\s*\d{1,4})*\s*\]"
_MARKS = re.compile(rf"\s*{_MARK}")
_LEADING = re.compile(rf"(?:\s*{_MARK})+[.!?]?\s*")
_RANGE = re.compile(r"(\d{1,4})\s*[–-]\s*(\d{1,4})")
_CLOSED = re.compile(rf"{_MARK}[.!?][*_]*\s*$")  # "… [3]." needs no look at what follows
_CLOSED_INSIDE = re.compile(rf"{_MARK}[.!?][*_]*(?=\s*\[)")
# Emphasis goes before cutting, as its end may come when its beginning was given out.
_EMPHASIS = re.compile(r"\*+(?=\S)|(?<=\S)\*+|\b__|__\b")
_BULLET = re.compile(r"\s*(?:[-*+•]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|\*\*[^*]*\*\*:?\s*$|\|?[\s:|-]*$)")
_NOTHING = re.compile(rf"\W*{NOT_STATED}\W*")
_YES_NO = r"yes|no|correct|indeed|right|true|false|ja|nein|oui|non|s[ií]"
# With a sign behind it: "No manager …" is no answer to a question.
_VERDICT = re.compile(rf"(?:{_YES_NO})(?:\s*[,.:;!–—]|\s+-(?=\s))[,.:;!\s–—-]*", re.IGNORECASE)
_BARE_VERDICT = re.compile(rf"(?:{_YES_NO})\W*", re.IGNORECASE)
_WORD = re.compile(r"\w")
_WHOLE_WORD = re.compile(r"\W*\w+\W*\s")
MOST_CITED = 8  # numbers behind one sentence that are looked at


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence without its marks; `numbers` as cited, in order; `bullet`: it is an item.

    An item's text begins with `lead_in`, which introduces its list; "yes" and "no", which no
    statement can carry, are taken off.
    """

    text: str
    numbers: tuple[int, ...]
    bullet: bool = False
    first: bool = False  # begins a paragraph or an item
    lead_in: str = ""

    @property
    def says_nothing(self) -> bool:
        """Whether it is the agreed sign that the statements do not answer."""
        return _NOTHING.fullmatch(self.text) is not None


class Sentences:
    """Cuts a stream of text into sentences; headings and introductions of lists are left out."""

    def __init__(self) -> None:
        self._line = ""  # of the present line, what was not given out yet
        self._lead_in = ""  # what introduces the list that may follow, or its items do
        self._bullet = False
        self._begun = False  # whether something of the present line was given out

    def feed(self, piece: str) -> Iterator[Sentence]:
        """The sentences that `piece` completes."""
        *whole, rest = (self._line + piece).replace("\r\n", "\n").split("\n")
        for line in whole:
            self._line = line
            yield from self._out(ended=True)
        self._line = rest
        if not rest.endswith("\r"):
            yield from self._out(ended=False)

    def end(self) -> Iterator[Sentence]:
        """What is left when the stream has ended."""
        yield from self._out(ended=True)

    def _out(self, *, ended: bool) -> Iterator[Sentence]:
        """The complete sentences of the present line; all that is left of it when it ended."""
        complete, self._line = self._complete(ended=ended)
        for raw in complete:
            yield from self._sentence(raw)
        if ended:
            self._bullet = self._begun = False

    def _complete(self, *, ended: bool) -> tuple[list[str], str]:
        """The complete sentences of the line, raw, and the rest of it."""
        line = self._line
        spans = _cut(line)
        pieces = [line[start:end] for start, end in spans]
        if ended or not pieces:
            return pieces, "" if ended else line
        if line.lstrip().startswith("|"):
            return [], line  # a row of a table is no sentence until it is whole
        if _CLOSED.search(line) or len(pieces[-1]) > LONGEST:
            return pieces, ""
        # marks, or a first word that is still growing, may yet belong to the sentence before
        growing = pieces[-1].startswith("[") or not _WHOLE_WORD.match(line, spans[-1][0])
        kept = max(0, len(pieces) - (2 if growing else 1))
        return pieces[:kept], line[spans[kept - 1][1] if kept else 0 :]

    def _sentence(self, raw: str) -> Iterator[Sentence]:
        first = not self._begun
        if first:
            bullet = _BULLET.match(raw)
            self._bullet = bullet is not None
            raw = raw[bullet.end() :] if bullet else raw
            if not self._bullet:
                self._lead_in = ""
        else:
            raw = raw.lstrip(" *_")  # the end of emphasis that was given out before
        numbers = _numbers(raw)
        text = readable(_EMPHASIS.sub("", _MARKS.sub("", raw))).strip()
        if (_HEADING.match(raw) and not numbers) or text.endswith(":"):
            self._lead_in = "" if self._bullet else text.rstrip(": ")
            return
        if not _WORD.search(text):
            return
        verdict = _VERDICT.match(text)
        if _BARE_VERDICT.fullmatch(text):
            return
        if verdict and verdict.end() < len(text):
            text = text[verdict.end()].upper() + text[verdict.end() + 1 :]
        lead_in = self._lead_in if self._bullet and first else ""
        if lead_in:
            text = f"{lead_in}: {text}"
        self._begun = True
        yield Sentence(text, numbers, self._bullet, first, lead_in)


def _cut(line: str) -> list[tuple[int, int]]:
    """The sentences of a line; marks behind a full stop belong to what they follow.

    Unless that has marks of its own before its full stop: it was given out when it had come.
    """
    bullet = _BULLET.match(line)
    offset = bullet.end() if bullet else 0
    spans = [
        part
        for start, end in split_sentences(line[offset:])
        for part in _closed_parts(line, start + offset, end + offset)
    ]
    if spans and bullet:
        spans[0] = (0, spans[0][1])
    found: list[tuple[int, int]] = []
    for start, end in spans:
        closed = found and _CLOSED.search(line[slice(*found[-1])])
        leading = _LEADING.match(line, start, end) if found and not closed else None
        begin = leading.end() if leading else start
        if leading:
            found[-1] = (found[-1][0], begin)
        if begin < end:
            found.append((begin, end))
    return found


def _closed_parts(line: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence, cut where a mark ends one and another mark follows."""
    for inside in _CLOSED_INSIDE.finditer(line, start, end):
        yield start, inside.end()
        start = inside.end()
    if start < end:
        yield start, end


def _numbers(raw: str) -> tuple[int, ...]:
    """The numbers cited, each once; "2-4" means all between."""
    found: dict[int, None] = {}
    for mark in _MARKS.findall(raw):
        for first, last in _RANGE.findall(mark):
            if int(first) < int(last) < int(first) + MOST_CITED:
                found.update(dict.fromkeys(range(int(first), int(last) + 1)))
        found.update(dict.fromkeys(int(number) for number in re.findall(r"\d+", mark)))
    return tuple(found)[:MOST_CITED]
