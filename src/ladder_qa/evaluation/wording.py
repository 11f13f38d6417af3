"""Whether an answer says a given string, whatever its Markdown, case, dashes and spaces.

A match starts at a word's start; it ends at a word's end only if the string ends in a digit, so
that "delegat" finds "delegating" and "18 month" finds "18 months" but "6" does not find "16".
Not covered: meaning; a negated sentence says its words too.
"""

from __future__ import annotations

import re
import unicodedata

_CITATION_MARK = re.compile(r"\[\d+(?:\s*,\s*\d+)*\]")
_MARKDOWN = re.compile(r"[*_`|#>\\]+")
_SIGNS = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'} | dict.fromkeys("‐‑‒–—−", "-"))


def fold(text: str) -> str:
    """`text` in the form that strings are compared in."""
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    text = _MARKDOWN.sub(" ", _CITATION_MARK.sub(" ", text))
    return " ".join(text.split()).casefold()


def says(text: str, wanted: str) -> bool:
    """Whether the folded `text` holds `wanted`, by the rule above."""
    needle = fold(wanted)
    start = r"(?<!\w)" if needle[:1].isalnum() else ""
    end = r"(?!\d)" if needle[-1:].isdigit() else ""
    return bool(needle) and re.search(start + re.escape(needle) + end, text) is not None
