"""Text fragments: the part of an address by which a browser finds and highlights cited words.

A directive names the words, and of their neighbours as few as make them the only such place in
the document (https://wicg.github.io/scroll-to-text-fragment). Blocks stand in one text, a line
each, because no term of a directive reaches over the edge of a block.
Not covered: the rest of an address (`passages`); languages that put no spaces between words,
whose words browsers part by dictionaries.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote as percent

from ladder_qa.datamodels import Block, Document
from ladder_qa.inline import readable

LONG_CHARACTERS = 200
"""Longer words are named by their first and last ones, as directives allow."""
EDGE_WORDS = 6  # words that name one end of long words
FEW_WORDS = 3  # fewer words also stand in a page's head and navigation: a neighbour is named, too
MOST_NEIGHBOURS = 16  # words before and after that a directive may name

_BREAK = re.compile(r"<br\s*/?>|(?: {2,}|\\)(?:\r\n?|\n)", re.IGNORECASE)  # begins a line in HTML
_EDGE = r"(?:(?<!\w)|(?!\w))"  # not in the middle of a word
_QUOTES = str.maketrans("‘’‚‛“”„‟«»", '\'\'\'\'""""""')


@dataclass(frozen=True, slots=True)
class _Directive:
    """The terms of one directive; empty ones are left out."""

    start: str
    end: str = ""
    prefix: str = ""
    suffix: str = ""

    def __str__(self) -> str:
        parts = [_encoded(self.start)]
        parts += [_encoded(self.end)] if self.end else []
        parts = [f"{_encoded(self.prefix)}-", *parts] if self.prefix else parts
        parts += [f"-{_encoded(self.suffix)}"] if self.suffix else []
        return ",".join(parts)

    @property
    def pattern(self) -> re.Pattern[str]:
        """What it finds in a folded text, as group 1."""
        words = re.escape(_folded(self.start))
        if self.end:
            words += rf"{_EDGE}[\s\S]*?{_EDGE}{re.escape(_folded(self.end))}"
        before = rf"{re.escape(_folded(self.prefix))}\s*" if self.prefix else ""
        after = rf"\s*{re.escape(_folded(self.suffix))}" if self.suffix else ""
        return re.compile(f"{_EDGE}{before}({words}){after}{_EDGE}")


class PageText:
    """What the page of one document shows, for making directives; built once for a document."""

    def __init__(self, document: Document) -> None:
        self._starts: dict[int, int] = {}
        lines: list[str] = []
        length = 0
        for block in document.blocks:
            text = _lines(block)
            if text:
                self._starts[block.index] = length
                lines.append(text)
                length += len(text) + 1
        self._text = "\n".join(lines)
        self._same = _folded(self._text)

    def directive(self, block: Block, before: str, raw: str) -> str:
        """The value of `text=` for the slice `raw` of a block, `before` being what precedes it.

        The words alone where they are the only such ones, else with their neighbours; empty where
        neither tells them apart, because the wrong words are worse than none.
        """
        words = readable(raw)
        place = self._place(block, before, words)
        if place is None:
            return ""
        start, end = place
        first, *_ = lines = self._text[start:end].split("\n")
        if len(lines) == 1 and len(first) <= LONG_CHARACTERS:
            bare = _Directive(first)
        else:
            bare = _Directive(_first_words(first), _last_words(lines[-1]))
        first_found = None  # browsers take the first of several places
        for candidate in self._candidates(bare, start, end):
            found = self._finds(candidate)
            if found == [start]:
                return str(candidate)
            if found[:1] == [start]:
                first_found = first_found or candidate
        return str(first_found or "")

    def _place(self, block: Block, before: str, words: str) -> tuple[int, int] | None:
        """Where the words stand in the text, searched for from the end of what precedes them."""
        at = self._starts.get(block.index)
        if at is None or not words:
            return None
        at += len(readable(before))
        pattern = re.compile(r"\s+".join(re.escape(word) for word in words.split()))
        # emphasis that opens in one sentence and closes in the next shows its marks: look back
        match = pattern.search(self._text, max(self._starts[block.index], at - 4))
        return match.span() if match else None

    def _candidates(self, bare: _Directive, start: int, end: int) -> Iterator[_Directive]:
        """The bare directive, then with more and more of its neighbours."""
        if len(bare.start.split()) >= FEW_WORDS or bare.end:
            yield bare
        head = self._text[:start].rstrip().rpartition("\n")[2].split()
        tail = self._text[end:].lstrip().partition("\n")[0].split()
        for count in range(1, MOST_NEIGHBOURS + 1):
            prefix, suffix = " ".join(head[-count:]), " ".join(tail[:count])
            for given in ((prefix, ""), ("", suffix), (prefix, suffix)):
                if any(given) and count <= max(len(head), len(tail)):
                    yield _Directive(bare.start, bare.end, *given)
        if not head and not tail:
            yield bare

    def _finds(self, directive: _Directive) -> list[int]:
        """Where the words that a directive finds begin, at the first two places."""
        matches = directive.pattern.finditer(self._same)
        return [match.start(1) for match in islice(matches, 2)]


def _lines(block: Block) -> str:
    """A block as a page shows it: a line, or several where it has breaks of its own."""
    parts = _BREAK.split(block.span.text)
    if len(parts) == 1:
        return block.plain
    return "\n".join(filter(None, (readable(part) for part in parts)))


def _first_words(text: str) -> str:
    return " ".join(text.split()[:EDGE_WORDS])


def _last_words(text: str) -> str:
    return " ".join(text.split()[-EDGE_WORDS:])


def _folded(text: str) -> str:
    """`text` as browsers compare it, letter by letter: without case, accents and kinds of quote."""
    return "".join(_folded_letter(letter) for letter in text.translate(_QUOTES))


def _folded_letter(letter: str) -> str:
    if letter.isascii():
        return letter.lower()
    plain = unicodedata.normalize("NFKD", letter)[0].casefold()
    return plain if len(plain) == 1 else letter


def _encoded(text: str) -> str:
    # "-" and "," have a meaning of their own in a directive
    return percent(text, safe="").replace("-", "%2D")
