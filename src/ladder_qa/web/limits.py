"""Reads the bodies and query texts of requests, within limits that hold before anything is kept.

A body is counted while it streams in, so that a large one is refused without being read whole.
Not covered: the limits of questions and histories themselves (`query`); how often somebody may ask.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from ladder_qa.datamodels import Turn
from ladder_qa.errors import QuestionError
from ladder_qa.feedback import Judgement
from ladder_qa.texts import (
    MAX_COMMENT,
    MAX_ID,
    MAX_REASON,
    check_history,
    check_passages,
    check_question,
    check_text,
)
from ladder_qa.web.problems import BODY_LIMIT, KINDS, Problem

SEARCH_LIMIT = 50  # passages

_TEXT = "must be text"
_UNICODE = "must be valid Unicode text"


@dataclass(frozen=True, slots=True)
class AskRequest:
    """A checked body of `POST /api/v1/ask`."""

    question: str
    history: tuple[Turn, ...]
    keep: bool


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """A checked body of `POST /api/v1/verify`."""

    text: str
    passages: tuple[str, ...] | None  # None: against the corpus


async def read_verify(request: Request) -> VerifyRequest:
    """The checked request. Raises Problem (400, 413, 415) or QuestionError (422)."""
    return verify_request(parse_json(await read_body(request)))


async def read_ask(request: Request) -> AskRequest:
    """The checked request. Raises Problem (400, 413, 415) or QuestionError (422)."""
    return ask_request(parse_json(await read_body(request)))


async def read_feedback(request: Request) -> Judgement:
    """The checked request. Raises Problem (400, 413, 415) or QuestionError (422)."""
    return feedback_request(parse_json(await read_body(request)))


async def read_body(
    request: Request, media: str = "application/json", limit: int = BODY_LIMIT
) -> bytes:
    """A body's bytes. Raises Problem: 415 by its headers, 413 as soon as it is too long."""
    _check_content_type(request.headers, media)
    too_large = Problem("body-too-large", f"This body may have up to {limit:,} bytes.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 12 or int(declared) > limit):
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    return bytes(body)


def parse_json(body: bytes) -> Any:
    """JSON as RFC 8259 has it: no NaN, no name twice in one object. Raises Problem (400)."""
    try:
        return json.loads(
            body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_unique
        )
    except UnicodeDecodeError:
        raise Problem("broken-json", "The body is not valid UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem("broken-json", f"The body stops being JSON at {where}.") from None
    except RecursionError:
        raise Problem("broken-json", "The body is nested too deeply.") from None
    except ValueError:  # a number with thousands of digits
        raise Problem("broken-json", KINDS["broken-json"].meaning) from None


def ask_request(value: Any) -> AskRequest:
    """Checks types and limits; unknown members are ignored. Raises QuestionError."""
    if not isinstance(value, dict):
        raise QuestionError("body", "must be a JSON object")
    if "question" not in value:
        raise QuestionError("question", "is required")
    question = check_question(clean_text("question", value["question"]))
    turns = value.get("history", [])
    if not isinstance(turns, list):
        raise QuestionError("history", "must be a list of turns")
    history = tuple(_turn(f"history.{number}", turn) for number, turn in enumerate(turns))
    check_history(history)
    keep = value.get("keep", False)
    if not isinstance(keep, bool):
        raise QuestionError("keep", "must be true or false")
    return AskRequest(question, history, keep)


def verify_request(value: Any) -> VerifyRequest:
    """Checks types and limits; unknown members are ignored. Raises QuestionError."""
    if not isinstance(value, dict):
        raise QuestionError("body", "must be a JSON object")
    if "text" not in value:
        raise QuestionError("text", "is required")
    text = check_text(clean_text("text", value["text"]))
    passages = value.get("passages")
    if passages is None:
        return VerifyRequest(text, None)
    if not isinstance(passages, list):
        raise QuestionError("passages", "must be a list of texts, or null for the documents")
    texts = tuple(clean_text(f"passages.{i}", passage) for i, passage in enumerate(passages))
    check_passages(texts)
    return VerifyRequest(text, texts)


def feedback_request(value: Any) -> Judgement:
    """Checks types and limits; unknown members are ignored. Raises QuestionError."""
    if not isinstance(value, dict):
        raise QuestionError("body", "must be a JSON object")
    for name in ("answer_id", "verdict"):
        if name not in value:
            raise QuestionError(name, "is required")
    answer_id = _short_text("answer_id", value["answer_id"], MAX_ID)
    if not answer_id:
        raise QuestionError("answer_id", f"must have 1 to {MAX_ID} characters")
    verdict = value["verdict"]
    if verdict not in ("up", "down"):
        raise QuestionError("verdict", 'must be "up" or "down"')
    reason, comment = value.get("reason"), value.get("comment")
    question = value.get("question")
    return Judgement(
        answer_id,
        verdict,
        None if reason is None else _short_text("reason", reason, MAX_REASON),
        None if comment is None else _short_text("comment", comment, MAX_COMMENT),
        None if question is None else check_question(clean_text("question", question)),
    )


def clean_text(field: str, value: Any) -> str:
    """`value`, when it is text that can be stored and sent. Raises QuestionError."""
    if not isinstance(value, str):
        raise QuestionError(field, _TEXT)
    if "\0" in value:
        raise QuestionError(field, "must not contain the character NUL")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise QuestionError(field, _UNICODE) from None
    return value


def _short_text(field: str, value: Any, most: int) -> str:
    text = clean_text(field, value)
    if len(text) > most:
        raise QuestionError(field, f"has {len(text)} characters; at most {most} are allowed")
    return text


def query_text(request: Request, field: str) -> str:
    """A checked question from the query string. Raises QuestionError, which names `field`."""
    if field not in request.query_params:
        raise QuestionError(field, "is required")
    _check_query_bytes(request, field)
    text = clean_text(field, request.query_params[field])
    try:
        return check_question(text)
    except QuestionError as error:
        raise QuestionError(field, error.limit, error.kind) from None


def read_span(value: str, length: int) -> tuple[int, int]:
    """`START-END` inside a text of `length` characters. Raises QuestionError."""
    left, dash, right = value.partition("-")
    digits = len(value) <= 20 and value.isascii() and left.isdecimal() and right.isdecimal()
    if dash and digits and int(left) < int(right) <= length:
        return int(left), int(right)
    limit = f"must be START-END with 0 <= START < END <= {length}, the length of the document"
    raise QuestionError("at", limit)


def _turn(field: str, value: Any) -> Turn:
    if not isinstance(value, dict):
        raise QuestionError(field, "must be an object with role and content")
    role = value.get("role")
    if role not in ("user", "assistant"):
        raise QuestionError(f"{field}.role", 'must be "user" or "assistant"')
    if "content" not in value:
        raise QuestionError(f"{field}.content", "is required")
    return Turn(role, clean_text(f"{field}.content", value["content"]))


def _check_content_type(headers: Mapping[str, str], media: str) -> None:
    sent, _, rest = headers.get("content-type", "").partition(";")
    charset = rest.replace(" ", "").replace('"', "").lower()
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if (
        sent.strip().lower() != media
        or charset not in ("", "charset=utf-8", "charset=utf8")
        or encoding != "identity"
    ):
        detail = f"This body must come as `{media}`, in UTF-8 and not compressed."
        raise Problem("unsupported-media-type", detail)


def _check_query_bytes(request: Request, field: str) -> None:
    """Starlette puts U+FFFD for bytes that are not UTF-8; they are refused here instead."""
    raw = unquote_to_bytes(request.scope.get("query_string", b""))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise QuestionError(field, _UNICODE) from None


def _refuse_constant(_name: str) -> NoReturn:
    raise Problem("broken-json", "NaN and Infinity are not JSON.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Problem("broken-json", "Two members of one object have the same name.")
    return members
