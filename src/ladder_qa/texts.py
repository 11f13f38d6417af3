"""Texts that are given to be checked: their limits, and what of them can be read.

Not covered: questions, which `query` checks; what a check finds (`verify`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ladder_qa.errors import QuestionError

MAX_TEXT = 20_000  # characters
MAX_PASSAGES = 50
MAX_PASSAGE = 4000  # characters


def check_text(text: str) -> str:
    """The text as it is, so that offsets count in what was given. Raises QuestionError."""
    if len(text) > MAX_TEXT:
        raise QuestionError("text", f"has {len(text)} characters; at most {MAX_TEXT} are allowed")
    if not re.search(r"\w", text):
        limit = f"is empty; between 1 and {MAX_TEXT} characters with a word are needed"
        raise QuestionError("text", limit)
    return text


def check_passages(passages: Sequence[str]) -> None:
    """Raises QuestionError when there are too many passages or too long ones."""
    if len(passages) > MAX_PASSAGES:
        limit = f"has {len(passages)} passages; at most {MAX_PASSAGES} are allowed"
        raise QuestionError("passages", limit)
    for number, passage in enumerate(passages):
        if len(passage) > MAX_PASSAGE:
            limit = f"has {len(passage)} characters; at most {MAX_PASSAGE} are allowed"
            raise QuestionError(f"passages.{number}", limit)
