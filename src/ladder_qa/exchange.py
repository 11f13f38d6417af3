"""One request to a language model: to whom it goes, and what it means when it fails.

HTTP statuses, the providers' own error messages and the exceptions of their packages become one
`LanguageModelError`, whose message names the setting that is probably wrong.
Not covered: sending the request (`providers`); time limits and retries (`llm`).
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ladder_qa.errors import LanguageModelError, LanguageModelFault

_RETRY_S = 0.5  # before a second request where the provider names no time
_LONGEST_RETRY_S = 2.0  # a person waits; longer than this, the answer is made without the model
_SAID_CHARS = 300  # of a provider's own words that are repeated
_ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434",
}
_NO_SUCH_MODEL = re.compile(
    r"model[ _](is )?not[ _]found|(invalid|unknown)[ _]model|model\b.*(does not|doesn't) exist",
    re.IGNORECASE,
)
# OpenAI's reasoning models say 400 and this in place of the finish reason `length`.
_TOO_LONG = re.compile(r"output limit was reached", re.IGNORECASE)
_BY_STATUS: Mapping[int, LanguageModelFault] = {
    401: "unauthorized",
    403: "unauthorized",
    408: "server_error",
    429: "rate_limited",
}
_WORDS: Mapping[LanguageModelFault, str] = {
    "unauthorized": "does not accept the key ({status}): see LADDER_QA_LLM_API_KEY",
    "rate_limited": "is asked too often, or its quota is used up ({status})",
    "server_error": "failed ({status})",
    "unknown_model": "knows no model of this name ({status}): see LADDER_QA_LLM",
    "length": "reached the end of the tokens allowed ({status})",
    "bad_request": "does not accept the request ({status})",
    "bad_output": "sent a web page or a redirect ({status}): see LADDER_QA_LLM_BASE_URL, {address}",
}
_NOTHING_THERE = "has nothing there ({status}): see LADDER_QA_LLM_BASE_URL, {address}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Which model of which provider is asked, where, and with what key."""

    provider: str
    model: str
    base_url: str = ""
    api_key: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """As the setting LLM has it."""
        return f"{self.provider}/{self.model}"

    @property
    def address(self) -> str:
        """The one URL that is contacted."""
        return self.base_url or _ADDRESSES[self.provider]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of what the model reads."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(slots=True)
class Exchange:
    """One request on its way, and what its answer's head said."""

    endpoint: Endpoint
    messages: Sequence[Message]
    max_tokens: int
    connect_s: float
    tls: ssl.SSLContext
    quote_provider: bool = False  # keep the provider's own words of an error
    accepted: bool = False  # an answer began, which may have to be paid for
    plain: bool = False  # it does not claim to be a stream

    @property
    def who(self) -> str:
        """The model and its address, for messages."""
        return f"{self.endpoint.name} at {self.endpoint.address}"


def refusal(
    exchange: Exchange, status: int, headers: Mapping[str, str], body: bytes
) -> LanguageModelError:
    """What an HTTP status other than 200, or a web page, means."""
    text = body.decode("utf-8", "replace")
    said = _said(text)
    kind = _kind(status, said, of_api=text.lstrip().startswith("{"))
    words = _WORDS[kind]
    if kind == "bad_request" and status in (404, 405):
        words = _NOTHING_THERE
    rooted = exchange.endpoint.provider in ("anthropic", "ollama")
    address = f"which for this provider {'has no' if rooted else 'usually has'} /v1 at its end"
    return LanguageModelError(
        kind,
        f"{exchange.who} {words.format(status=status, address=address)}.",
        retry_after_s=_retry_after(headers) if kind in ("rate_limited", "server_error") else None,
        provider_says=_quoted(exchange, said),
    )


def _kind(status: int, said: str, *, of_api: bool) -> LanguageModelFault:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return "server_error"
    if status < 400:
        return "bad_output"
    if _NO_SUCH_MODEL.search(said) or (status == 404 and of_api and "model" in said.casefold()):
        return "unknown_model"
    return "length" if _TOO_LONG.search(said) else "bad_request"


def _said(text: str) -> str:
    """The message inside an error's JSON, or the text itself."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    parts = []
    for _ in range(3):  # {"error": {"message": …, "code": …}}, or any part of it
        if isinstance(value, str):
            parts.append(value)
            break
        if not isinstance(value, dict):
            break
        parts += [str(value[key]) for key in ("message", "code", "type") if value.get(key)]
        value = value.get("error", value.get("detail"))
    return " ".join(parts)


def _quoted(exchange: Exchange, said: str) -> str:
    """A provider's own words, fit to be shown; empty unless they were asked for."""
    if not exchange.quote_provider:
        return ""
    if exchange.endpoint.api_key:
        said = said.replace(exchange.endpoint.api_key, "(hidden)")
    printable = "".join(char if char.isprintable() else " " for char in said)
    return " ".join(printable.split())[:_SAID_CHARS]


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until a second request, or None where it would have to wait too long."""
    value = headers.get("retry-after")
    if value is None:
        return _RETRY_S
    try:
        seconds = float(value)
    except ValueError:  # a date, which is seldom that near
        return None
    return seconds if 0 <= seconds <= _LONGEST_RETRY_S else None


def as_error(exchange: Exchange, error: BaseException) -> LanguageModelError:
    """What an exception of the packages below means; free of their objects and words."""
    chain = _chain(error)
    for link in chain:
        if isinstance(link, LanguageModelError):
            return link
    names = {base.__name__ for link in chain for base in type(link).__mro__}
    who = exchange.who
    if names & {"ConnectError", "ConnectTimeout", "PoolTimeout"}:
        why = ": its TLS certificate is not accepted" if "SSLError" in names else ""
        return LanguageModelError(
            "refused", f"{who} cannot be reached{why}.", retry_after_s=_RETRY_S
        )
    if names & {"TransportError", "OSError"}:
        return LanguageModelError("cut", f"{who} ended the connection within its answer.")
    if names & {"APIError", "APIStatusError", "ResponseError"}:
        return _event_error(exchange, chain[0])
    if not exchange.accepted:
        return LanguageModelError("bad_request", f"{who} cannot be asked: {type(error).__name__}.")
    return LanguageModelError("bad_output", f"{who} sent what is not an answer in its format.")


def _chain(error: BaseException) -> list[BaseException]:
    """An exception and its causes, the outermost first."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain


def _event_error(exchange: Exchange, error: BaseException) -> LanguageModelError:
    """An error that a provider sent as a part of its stream."""
    body = getattr(error, "body", None)
    said = _said(json.dumps(body, default=str)) if body is not None else str(error)
    who = exchange.who
    words = _quoted(exchange, said)
    if "rate_limit" in said:
        return LanguageModelError("rate_limited", f"{who} is asked too often.", provider_says=words)
    return LanguageModelError(
        "server_error", f"{who} failed within its answer.", provider_says=words
    )
