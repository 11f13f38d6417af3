"""Marks an exact slice of a document's text in the page that is rendered from it.

Two private-use characters are put into the source where the slice starts and ends, the source is
rendered, and the pair is replaced by `mark` elements. A place is good only if the page without
the pair is the same, letter by letter, as the page rendered without it; where a place falls inside
Markdown syntax, the next place inside the slice that is good is taken.
Not covered: which slice to mark; that is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

Render = Callable[[str], str]
Bounds = tuple[int, int]

# Renderings that looking for good places may cost. A citation takes one: its edges are the edges
# of words. Only a hand-made address costs more.
_BUDGET = 40
_PIECE = re.compile(r"<[^>]*>|[^<]+")


class Marker:
    """Renders one document with marks: `plain` is its page without, `render` makes such pages."""

    def __init__(self, text: str, plain: str, render: Render) -> None:
        self._text = text
        self._render = render
        self._open, self._close = _unused(text)
        self._plain = plain
        self._left = _BUDGET

    def marked(self, slices: Sequence[Bounds]) -> str:
        """HTML with each slice marked, the first mark as `id="cited"`; no slice: without marks.

        A slice is the part of one block: it must not reach over the edge of a paragraph, an item
        or a cell. Slices are in order and do not overlap.
        """
        good = self._good(list(slices))
        html = self._trial(good) if good else None
        return self._plain if html is None else self._with_marks(html)

    def _good(self, slices: list[Bounds]) -> list[Bounds]:
        """The slices at places that leave the page as it is; hopeless ones are left out."""
        if not slices or self._trial(slices) is not None:
            return slices
        if len(slices) > 1:
            middle = len(slices) // 2
            return self._good(slices[:middle]) + self._good(slices[middle:])
        start, end = slices[0]
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
        if self._left <= 0:
            return None
        self._left -= 1
        parts, done = [], 0
        for start, end in slices:
            parts += [self._text[done:start], self._open, self._text[start:end], self._close]
            done = end
        html = self._render("".join(parts) + self._text[done:])
        pairs = re.sub(f"[^{self._open}{self._close}]+", "", html)
        same = html.replace(self._open, "").replace(self._close, "") == self._plain
        return html if same and pairs == (self._open + self._close) * len(slices) else None

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
