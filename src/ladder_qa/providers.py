"""The providers of language models, asked through llama-index; what they send becomes Events.

Every request goes out through an HTTP client made for it alone, which follows no redirect, reads
no proxy, key or header from the environment, and sends only the headers named here; closing it
closes the connection. Nothing is imported before it is needed.
Not covered: time limits, retries and what counts as a complete answer, which `llm` decides.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import ssl
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ladder_qa.errors import LanguageModelError
from ladder_qa.exchange import Exchange, refusal

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse
    from llama_index.core.llms import LLM

CONNECT_S = 5.0
_ERROR_BYTES = 65_536  # of an error's body that are read
# Ollama cuts a prompt to its context without a word; changing the context reloads the model.
_OLLAMA_CONTEXT = 8192  # tokens

# The clients would add the system's name and version, and headers from the environment.
_SENT_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "anthropic-version", "connection", "content-type"}
    | {"content-length", "transfer-encoding"}
)
# At their level `debug` these log requests whole, with what somebody asked.
_TALKATIVE = ("openai", "anthropic", "httpx", "httpx2", "httpcore", "httpcore2")


@dataclass(frozen=True, slots=True)
class Event:
    """What one part of a stream says: text, why the answer ended, tokens of prompt and answer."""

    text: str = ""
    finish: str = ""
    usage: int | None = None


def load(provider: str) -> None:
    """Import what speaks to `provider`, which takes seconds; raises LanguageModelError."""
    try:
        importlib.import_module("llama_index.llms." + provider.replace("-", "_"))
        importlib.import_module("httpx2" if provider == "anthropic" else "httpx")
    except ImportError:
        raise LanguageModelError(
            "not_installed",
            f"The provider {provider} needs packages that are not installed. "
            f"`pip install 'ladder-qa[{provider}]'` installs them.",
        ) from None
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def tls_context() -> ssl.SSLContext:
    """The certificates of the system, those that SSL_CERT_FILE names, and certifi's."""
    import certifi  # noqa: PLC0415  (comes with the HTTP client)

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


async def events(exchange: Exchange) -> AsyncGenerator[Event, None]:
    """Ask once, at temperature 0 where the model takes one, and yield what comes.

    May raise anything that the packages below raise; `exchange.as_error` turns it into ours.
    """
    from llama_index.core.llms import ChatMessage, MessageRole  # noqa: PLC0415

    provider = exchange.endpoint.provider
    asked = [
        ChatMessage(role=MessageRole(turn.role), content=turn.content) for turn in exchange.messages
    ]
    async with contextlib.AsyncExitStack() as stack:
        if provider == "anthropic":
            llm = await _anthropic(exchange, stack)
        elif provider == "ollama":
            llm = await _ollama(exchange, stack)
        else:
            llm = await _openai(exchange, stack)
        async for response in await llm.astream_chat(asked):
            yield _event(provider, response)


async def _openai(exchange: Exchange, stack: contextlib.AsyncExitStack) -> LLM:
    import httpx  # noqa: PLC0415
    from openai import AsyncOpenAI  # noqa: PLC0415

    endpoint = exchange.endpoint
    http = await stack.enter_async_context(httpx.AsyncClient(**_http_options(exchange, httpx)))
    # Without a key of ours, the one from the environment would go to whatever server this is.
    key = endpoint.api_key or "none"
    client = AsyncOpenAI(
        api_key=key,
        base_url=endpoint.address,
        max_retries=0,
        timeout=_timeout(exchange, httpx),
        http_client=http,
    )
    options: dict[str, Any] = {
        "model": endpoint.model,
        "temperature": 0.0,
        "api_key": key,
        "api_base": endpoint.address,
        "max_retries": 0,
        "async_openai_client": client,
    }
    if endpoint.provider == "openai-like":
        from llama_index.llms.openai_like import OpenAILike  # noqa: PLC0415

        return OpenAILike(**options, max_tokens=exchange.max_tokens, is_chat_model=True)

    from llama_index.llms.openai.utils import O1_MODELS  # noqa: PLC0415

    if endpoint.model.startswith(tuple(O1_MODELS)):
        options["temperature"] = 1.0  # the only one that reasoning models take
    options["additional_kwargs"] = {
        "max_completion_tokens": exchange.max_tokens,
        "stream_options": {"include_usage": True},
    }
    model: LLM = _openai_class()(**options)
    return model


@cache
def _openai_class() -> Callable[..., LLM]:
    from llama_index.core.llms import LLMMetadata  # noqa: PLC0415
    from llama_index.llms.openai import OpenAI  # noqa: PLC0415

    class AnyOpenAI(OpenAI):
        """llama-index's class, which by itself refuses models newer than its own list."""

        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(model_name=self.model, is_chat_model=True)

        @property
        def _tokenizer(self) -> None:
            return None  # the one of llama-index is downloaded

    return AnyOpenAI


async def _anthropic(exchange: Exchange, stack: contextlib.AsyncExitStack) -> LLM:
    import httpx2  # noqa: PLC0415
    from anthropic import AsyncAnthropic  # noqa: PLC0415

    http = await stack.enter_async_context(httpx2.AsyncClient(**_http_options(exchange, httpx2)))
    client = AsyncAnthropic(
        api_key=exchange.endpoint.api_key,
        base_url=exchange.endpoint.address,
        max_retries=0,
        timeout=_timeout(exchange, httpx2),
        open_telemetry=False,
        http_client=http,
    )
    model: LLM = _anthropic_class()(
        client=client,
        model=exchange.endpoint.model,
        temperature=0.0,
        max_tokens=exchange.max_tokens,
        max_retries=0,
    )
    return model


@cache
def _anthropic_class() -> Callable[..., LLM]:
    from llama_index.core.llms import LLMMetadata  # noqa: PLC0415
    from llama_index.llms.anthropic import Anthropic, utils  # noqa: PLC0415

    # anthropic 2.0 made a union of this TypedDict, which llama-index 0.12.3 calls to make a dict.
    names = vars(utils)
    if not isinstance(names["MessageParam"], type):
        names["MessageParam"] = dict

    class AnyAnthropic(Anthropic):
        """The same; and its own clients would read proxies from the environment."""

        def __init__(self, client: Any, **options: Any) -> None:
            super(Anthropic, self).__init__(**options)
            self._aclient = client

        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(model_name=self.model, is_chat_model=True)

        @property
        def _model_kwargs(self) -> dict[str, Any]:
            options = dict(super()._model_kwargs)
            # Since anthropic 2.0 it is no argument any more; not every model takes one.
            if "temperature" in options:
                options["extra_body"] = {"temperature": options.pop("temperature")}
            return options

    return AnyAnthropic


async def _ollama(exchange: Exchange, stack: contextlib.AsyncExitStack) -> LLM:
    import httpx  # noqa: PLC0415
    from llama_index.llms.ollama import Ollama  # noqa: PLC0415
    from ollama import AsyncClient  # noqa: PLC0415

    address = exchange.endpoint.address
    options = _http_options(exchange, httpx)
    client = await stack.enter_async_context(AsyncClient(host=address, **options))
    prompt = estimated_tokens(*(turn.content for turn in exchange.messages))
    return Ollama(
        model=exchange.endpoint.model,
        base_url=address,
        temperature=0.0,
        # Unset, llama-index asks the server for it first.
        context_window=max(_OLLAMA_CONTEXT, prompt + exchange.max_tokens),
        additional_kwargs={"num_predict": exchange.max_tokens},
        async_client=client,
    )


def estimated_tokens(*texts: str) -> int:
    """More tokens than texts usually have: a third of their bytes, and the marks around each."""
    return sum(-(-len(text.encode("utf-8", "replace")) // 3) + 8 for text in texts)


def _timeout(exchange: Exchange, http: Any) -> Any:
    """Reading has no limit of its own here: `llm` ends the whole task that reads."""
    return http.Timeout(None, connect=exchange.connect_s, write=exchange.connect_s)


def _http_options(exchange: Exchange, http: Any) -> dict[str, Any]:
    """Options of a client of httpx or httpx2, which take the same."""
    endpoint = exchange.endpoint
    own = {"user-agent": "ladder-qa"}
    if endpoint.api_key and endpoint.provider == "anthropic":
        own["x-api-key"] = endpoint.api_key
    elif endpoint.api_key:
        own["authorization"] = f"Bearer {endpoint.api_key}"

    async def before(request: Any) -> None:
        for name in tuple(request.headers):
            if name.casefold() not in _SENT_HEADERS:
                del request.headers[name]
        request.headers.update(own)

    async def after(response: Any) -> None:
        status = response.status_code
        kind = response.headers.get("content-type", "").casefold()
        exchange.plain = "event-stream" not in kind and "ndjson" not in kind
        exchange.accepted = status == 200 and "html" not in kind
        if exchange.accepted:
            return
        body = b""
        async for part in response.aiter_bytes():
            body += part
            if len(body) > _ERROR_BYTES:
                break
        raise refusal(exchange, status, response.headers, body)

    return {
        "trust_env": False,
        "follow_redirects": False,
        "verify": exchange.tls,
        "timeout": _timeout(exchange, http),
        "event_hooks": {"request": [before], "response": [after]},
    }


def _event(provider: str, response: ChatResponse) -> Event:
    """One response of llama-index, whose `raw` is the provider's own."""
    raw: Any = response.raw
    text = response.delta or ""
    if provider == "anthropic":
        said = response.message.additional_kwargs
        usage = said.get("usage") or {}
        tokens = _sum(usage.get("input_tokens"), usage.get("output_tokens"))
        return Event(text, said.get("stop_reason") or "", tokens)
    if provider == "ollama":
        finish = (raw.get("done_reason") or "stop") if raw.get("done") else ""
        return Event(text, finish, _sum(raw.get("prompt_eval_count"), raw.get("eval_count")))
    finish = (raw.choices[0].finish_reason or "") if raw.choices else ""
    reported = getattr(raw, "usage", None)
    tokens = None
    if reported is not None:
        tokens = _sum(reported.prompt_tokens, reported.completion_tokens)
    return Event(text, finish, tokens)


def _sum(prompt: object, answer: object) -> int | None:
    if type(prompt) is int and type(answer) is int and prompt >= 0 and answer >= 0:
        return prompt + answer
    return None
