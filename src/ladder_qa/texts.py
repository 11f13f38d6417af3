"""What is given to the doors: the limits of questions, histories and texts to be checked.

Not covered: what a question means (`query`), and what a check finds (`verify`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ladder_qa.datamodels import Turn
from ladder_qa.errors import QuestionError

MAX_QUESTION = 2000  # characters
MAX_TURN = 4000  # characters
MAX_TURNS = 16
MAX_TEXT = 20_000  # characters
MAX_PASSAGES = 50
MAX_PASSAGE = 4000  # characters
MAX_COMMENT = 2000  # characters
MAX_REASON = 200  # characters
MAX_ID = 100  # characters of an answer's id; ours have 24

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")  # markup in a question asks nothing
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def check_question(text: str) -> str:
    """The question without invisible and control characters. Raises QuestionError."""
    if not isinstance(text, str):
        raise QuestionError("question", "must be text")
    if len(text) > MAX_QUESTION:
        limit = f"has {len(text)} characters; at most {MAX_QUESTION} are allowed"
        raise QuestionError("question", limit, "question-too-long")
    plain = cleaned(text)
    if not re.search(r"\w", plain):
        limit = f"is empty; between 1 and {MAX_QUESTION} characters with a word are needed"
        raise QuestionError("question", limit, "question-empty")
    return plain


def cleaned(text: str) -> str:
    """A text without invisible characters, control characters and markup, on one line."""
    plain = _TAG.sub(" ", _CONTROL.sub(" ", _INVISIBLE.sub("", text)))
    plain = plain.encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"\s+", " ", plain).strip()


def check_history(turns: Sequence[Turn]) -> None:
    """Raises QuestionError when a history has too many turns or too long ones."""
    if len(turns) > MAX_TURNS:
        limit = f"has {len(turns)} turns; at most {MAX_TURNS} are allowed"
        raise QuestionError("history", limit, "history-too-long")
    for number, turn in enumerate(turns):
        if turn.role not in ("user", "assistant"):
            raise QuestionError(f"history.{number}.role", "must be 'user' or 'assistant'")
        if len(turn.content) > MAX_TURN:
            limit = f"has {len(turn.content)} characters; at most {MAX_TURN} are allowed"
            raise QuestionError(f"history.{number}.content", limit, "history-too-long")


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
