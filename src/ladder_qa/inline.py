"""A raw slice of Markdown as a person reads it: for quotes, and for labels shown beside them.

Not covered: block structure; a slice is inline content.
"""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt

from ladder_qa.markdown import folded, plain_text


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("strikethrough")


def readable(raw: str) -> str:
    """`raw` without Markdown marks, HTML tags and invisible characters, white space folded."""
    tokens = _parser().parseInline(raw)
    return folded(plain_text([child for token in tokens for child in token.children or []]))
