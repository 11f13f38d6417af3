"""Reads the form of a page: a question, and the questions before it, so that it may lean on them.

Not covered: calls of programs, which send JSON (`limits`).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from ladder_qa.errors import QuestionError
from ladder_qa.texts import MAX_QUESTION
from ladder_qa.web.limits import clean_text, read_body

MEDIA = "application/x-www-form-urlencoded"
MOST_BEFORE = 3  # earlier questions that a page sends along; the latest count
# Bytes: each character as a form's longest escape, which is four of three bytes, and the names.
FORM_LIMIT = 12 * MAX_QUESTION * (1 + MOST_BEFORE) + 1024
_MOST_FIELDS = 16


@dataclass(frozen=True, slots=True)
class AskForm:
    """What a page's form sent: the question as written, not checked yet, and earlier ones."""

    question: str
    before: tuple[str, ...]


async def read_form(request: Request) -> AskForm:
    """The form of a request. Raises Problem (413, 415) or QuestionError (422)."""
    return ask_form(await read_body(request, MEDIA, FORM_LIMIT))


def ask_form(body: bytes) -> AskForm:
    """The fields `q` and `before` of a form's body; others are ignored. Raises QuestionError."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one, too
        limit = f"must be up to {_MOST_FIELDS} fields of a form in UTF-8"
        raise QuestionError("body", limit) from None
    asked = [clean_text("q", value) for name, value in pairs if name == "q"]
    if len(asked) > 1:
        raise QuestionError("q", "must be sent once")
    before = [clean_text("before", value) for name, value in pairs if name == "before"]
    latest = tuple(question for question in before if question.strip())[-MOST_BEFORE:]
    if any(len(question) > MAX_QUESTION for question in latest):
        raise QuestionError("before", f"at most {MAX_QUESTION} characters each are allowed")
    return AskForm("".join(asked), latest)
