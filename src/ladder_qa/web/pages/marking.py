"""Marks an exact slice of a document's text in the page that is rendered from it.

Two private-use characters are put into the source where the slice starts and ends, the source is
rendered, and the pair is replaced by `mark` elements. A place is good only if the page without
the pair is the same, letter by letter, as the page rendered without it; where a place falls inside
Markdown syntax, the next place inside the slice that is good is taken.
Not covered: which slice to mark; that is the caller's.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence

Render = Callable[[str], str]
Bounds = tuple[int, int]

# Renderings that looking for good places may cost. A citation takes one, or two where it is
# emphasised as a whole: its edges are the edges of words. Only a hand-made address costs more,
# and it gets a page without marks when the time is up. Citations never depend on the time.
_BUDGET = 40
_CITATION = 2  # renderings, however long they take
_TIME_S = 0.2  # after which no further rendering begins
_SYNTAX = "*_~`"  # a pair just inside these is always in the middle of text
_PIECE = re.compile(r"<[^>]*>|[^<]+")


class Marker:
    """Renders one document with marks: `plain` is its page without, `render` makes such pages."""

    def __init__(self, text: str, plain: str, render: Render) -> None:
        self._text = text
        self._render = render
        self._open, self._close = _unused(text)
        self._plain = plain
        self._done = 0  # renderings
        self._last: tuple[Sequence[Bounds], str] = ((), plain)  # the last good trial and its page
        self._deadline = time.monotonic() + _TIME_S

    def marked(self, slices: Sequence[Bounds]) -> str:
        """HTML with each slice marked, the first mark as `id="cited"`; no slice: without marks.

        A slice is the part of one block: it must not reach over the edge of a paragraph, an item
        or a cell. Slices are in order and do not overlap.
        """
        good = self._good(list(slices))
        html = self._last[1] if good == self._last[0] else self._trial(good)
        return self._plain if html is None else self._with_marks(html)

    def _good(self, slices: list[Bounds]) -> list[Bounds]:
        """The slices at places that leave the page as it is; hopeless ones are left out."""
        if not slices or self._trial(slices) is not None:
            return slices
        inner = [self._inside(start, end) for start, end in slices]
        if inner != slices and self._trial(inner) is not None:
            return inner
        if len(slices) > 1:
            middle = len(slices) // 2
            return self._good(slices[:middle]) + self._good(slices[middle:])
        return self._searched(*slices[0])

    def _searched(self, start: int, end: int) -> list[Bounds]:
        """The slice from its first good place to its last one, or nothing."""
        for first in _inward(self._text, start, end, 1):
            if self._trial([(first, end)]) is not None:
                return [(first, end)]
            if self._trial([(first, first)]) is None:
                continue  # the start itself is in the middle of syntax
            for last in _inward(self._text, end, first, -1):
                if self._trial([(first, last)]) is not None:
                    return [(first, last)]
            return []
        return []

    def _trial(self, slices: Sequence[Bounds]) -> str | None:
        """The page with the pair of characters at each slice, or None if that changes it."""
        late = self._done >= _CITATION and time.monotonic() >= self._deadline
        if not slices or late or self._done >= _BUDGET:
            return None
        self._done += 1
        parts, done = [], 0
        for start, end in slices:
            parts += [self._text[done:start], self._open, self._text[start:end], self._close]
            done = end
        html = self._render("".join(parts) + self._text[done:])
        pairs = re.sub(f"[^{self._open}{self._close}]+", "", html)
        same = html.replace(self._open, "").replace(self._close, "") == self._plain
        if not same or pairs != (self._open + self._close) * len(slices):
            return None
        self._last = (slices, html)
        return html

    def _inside(self, start: int, end: int) -> Bounds:
        """The slice less marks of emphasis and code around it, if anything is left."""
        part = self._text[start:end]
        first = end - len(part.lstrip(_SYNTAX))
        last = start + len(part.rstrip(_SYNTAX))
        return (first, last) if first < last else (start, end)

    def _with_marks(self, html: str) -> str:
        """`html` with marks around the text between the pairs, one for each run of text."""
        out: list[str] = []
        marking, first = False, True
        for piece in _PIECE.findall(html):
            if piece.startswith("<"):
                out.append(piece)
                continue
            for part in re.split(f"([{self._open}{self._close}])", piece):
                if part in (self._open, self._close) and part:
                    marking = part == self._open
                elif marking and part.strip():
                    identity = ' id="cited"' if first else ""
                    out.append(f"<mark{identity}>{part}</mark>")
                    first = False
                else:
                    out.append(part)
        return "".join(out)


def _inward(text: str, start: int, end: int, step: int) -> Iterator[int]:
    """Places from `start` towards `end`: the next few characters, then the edges of words."""
    place = start
    for _ in range(4):
        if (end - place) * step <= 0:
            return
        yield place
        place += step
    edges = 0
    while (end - place) * step > 0 and edges < 8:
        before, after = text[place - 1 : place], text[place : place + 1]
        if before.isspace() != after.isspace():
            edges += 1
            yield place
        place += step


def _unused(text: str) -> tuple[str, str]:
    """Two private-use characters that `text` does not hold."""
    free = (chr(code) for code in range(0xF0000, 0xFFFFE) if chr(code) not in text)
    return next(free), next(free)
