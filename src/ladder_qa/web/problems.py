"""Every way in which a request can fail, as RFC 9457 problem documents with stable types.

A `Problem` carries its kind; the table says status, title and meaning, and only the kind is ever
logged. Not covered: which request fails; the reading of requests is in `limits`.
"""

from __future__ import annotations

import http
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ladder_qa.errors import (
    IndexDamagedError,
    IndexMissingError,
    LadderError,
    ModelError,
    QuestionError,
    StoreError,
)
from ladder_qa.texts import MAX_PASSAGE, MAX_PASSAGES, MAX_TEXT
from ladder_qa.web.pages.error import error_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import Scope

# Bytes: the longest text and passages to verify, which are longer than the longest question and
# history, each character as JSON's longest escape, which is two of six bytes for a character beyond
# U+FFFF, and the members' names.
BODY_LIMIT = 12 * (MAX_TEXT + MAX_PASSAGES * MAX_PASSAGE) + 4 * 1024

RETRY_AFTER_S = 5  # opening an index takes under 1 s, building one about 20 s, on two cores

MACHINE_PATHS = ("/api/", "/livez", "/readyz", "/metrics", "/openapi.json")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a problem's `type` stands for: its HTTP status, its title and what to do about it."""

    status: int
    title: str
    meaning: str


KINDS: dict[str, Kind] = {
    "broken-json": Kind(
        400,
        "The body is not valid JSON",
        "The body must be one JSON object in UTF-8, without NaN or Infinity, without two members "
        "of one name, and not nested deeply.",
    ),
    "bad-request": Kind(400, "The request cannot be read", "The request breaks HTTP's own rules."),
    "cross-origin-refused": Kind(
        400,
        "Cross-origin call refused",
        "Pages of this origin may not call the API this way; `LADDER_QA_ALLOWED_ORIGINS` lists "
        "those that may, with GET and POST and the headers `content-type` and `authorization`.",
    ),
    "sign-in-needed": Kind(
        401,
        "Sign in first",
        "Only those who are signed in get an answer here; the header `WWW-Authenticate` says how.",
    ),
    "not-found": Kind(
        404, "Not found", "There is no page, document, level or call at this address."
    ),
    "method-not-allowed": Kind(
        405, "Method not allowed", "The header `Allow` lists the methods that this address takes."
    ),
    "body-too-large": Kind(
        413,
        "The body is too large",
        f"A JSON body may have up to {BODY_LIMIT:,} bytes; a form's may have fewer.",
    ),
    "unsupported-media-type": Kind(
        415,
        "Unsupported media type",
        "A body must come with `content-type: application/json`, the form of a page with "
        "`application/x-www-form-urlencoded`, in UTF-8 and not compressed.",
    ),
    "unknown-host": Kind(
        421,
        "This server has another name",
        "It answers as localhost, as 127.0.0.1 or [::1], and by the names that "
        "`LADDER_QA_ALLOWED_HOSTS` lists; the header `Host` of this request names none of them.",
    ),
    "invalid-field": Kind(
        422, "A field is not valid", "The detail names the field and what is allowed in it."
    ),
    "question-too-long": Kind(
        422, "The question is too long", "A question may have up to 2,000 characters."
    ),
    "question-empty": Kind(422, "The question is empty", "A question needs at least one word."),
    "history-too-long": Kind(
        422,
        "The history is too long",
        "A history may have up to 16 turns, each with up to 4,000 characters.",
    ),
    "too-many-requests": Kind(
        429,
        "Too many requests",
        "Try again after the time that the header `Retry-After` gives.",
    ),
    "internal-error": Kind(
        500,
        "The request failed",
        "Something went wrong on the server; its log says what kind of thing.",
    ),
    "not-ready": Kind(
        503,
        "Not ready yet",
        "No index is open. Try again after the time that the header `Retry-After` gives.",
    ),
    "draining": Kind(
        503,
        "Shutting down",
        "This server ends after the answers that it is giving. Ask another one, or try again after "
        "the time that the header `Retry-After` gives.",
    ),
}


class Problem(Exception):  # noqa: N818  (the word of RFC 9457)
    """A failed request. `kind` is a key of `KINDS`; `detail` is for the person who sent it."""

    def __init__(
        self, kind: str, detail: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})

    @property
    def about(self) -> Kind:
        """Status and title; an unknown kind is a bad field, whose name is its own title."""
        known = KINDS.get(self.kind)
        if known is not None:
            return known
        return Kind(422, self.kind.replace("-", " ").capitalize(), KINDS["invalid-field"].meaning)


def not_ready(kind: str = "not-ready", detail: str | None = None) -> Problem:
    """The 503 of a server without an open index, or (`draining`) of one that ends.

    `detail` says why, where that is known.
    """
    return Problem(kind, detail or KINDS[kind].meaning, {"Retry-After": str(RETRY_AFTER_S)})


def why_not_ready(error: Exception) -> str | None:
    """What keeps an index from being open, in words without a path; None where it is missing."""
    if isinstance(error, IndexDamagedError):
        return (
            "The index cannot be used as it is: `ladder-qa doctor` says why, and "
            "`ladder-qa ingest` builds it again."
        )
    if isinstance(error, StoreError):
        return "The Chroma that the index is kept in does not answer; `ladder-qa doctor` says why."
    if isinstance(error, ModelError):
        return "The embedding model cannot be opened; `ladder-qa doctor` says why."
    return None


def from_error(error: Exception) -> Problem:
    """The problem that stands for any exception; nothing of an unexpected one shows."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, QuestionError):
        return Problem(error.kind, f"{error.field}: {error.limit}")
    if isinstance(error, (IndexMissingError, IndexDamagedError, ModelError, StoreError)):
        return not_ready(detail=why_not_ready(error))
    if isinstance(error, RequestValidationError):
        return Problem("invalid-field", _field_detail(error))
    if isinstance(error, HTTPException):
        return _from_http(error)
    return Problem("internal-error", KINDS["internal-error"].meaning)


def as_object(problem: Problem, instance: str) -> dict[str, Any]:
    """The members of RFC 9457, in its order."""
    about = problem.about
    return {
        "type": f"/problems/{problem.kind}",
        "title": about.title,
        "status": about.status,
        "detail": problem.detail or about.meaning,
        "instance": instance,
    }


def respond(problem: Problem, scope: Scope) -> Response:
    """A problem document, or a small page where a browser asked for a page."""
    scope.setdefault("state", {})["problem"] = problem.kind
    about = problem.about
    instance = quote(scope.get("path", "/"), safe="/:@!$&'()*+,;=-._~", errors="replace")
    accept = dict(scope.get("headers", ())).get(b"accept", b"").lower()
    if b"text/html" in accept and not scope.get("path", "/").startswith(MACHINE_PATHS):
        html = error_page(about.status, about.title, problem.detail or about.meaning)
        return Response(html, about.status, problem.headers, "text/html")
    body = json.dumps(as_object(problem, instance), ensure_ascii=False).encode()
    return Response(body, about.status, problem.headers, "application/problem+json")


def install(app: FastAPI) -> None:
    """Answer every error that a route or the routing raises with a problem document."""

    async def answer(request: Request, error: Exception) -> Response:
        return respond(from_error(error), request.scope)

    for kind in (Problem, LadderError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)


def _from_http(error: HTTPException) -> Problem:
    if error.status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
        allow = (error.headers or {}).get("Allow", "")
        if "GET" in allow.split(", "):
            allow += ", HEAD"
        return Problem(
            "method-not-allowed", f"This address allows: {allow or 'no method'}.", {"Allow": allow}
        )
    kind = {404: "not-found", 413: "body-too-large", 415: "unsupported-media-type"}.get(
        error.status_code, "bad-request" if error.status_code < 500 else "internal-error"
    )
    return Problem(kind)


_LIMITS = {
    "missing": "is required",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
}


def _field_detail(error: RequestValidationError) -> str:
    """Name and limit of the first bad field, without repeating what was sent."""
    first = error.errors()[0]
    field = str(first["loc"][-1])
    template = _LIMITS.get(first["type"], "is not valid")
    return f"{field}: {template.format_map(first.get('ctx', {}))}"
