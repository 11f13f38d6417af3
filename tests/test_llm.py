"""A language model's answer is complete or an error that says why; asked over real sockets.

Not covered: a real provider, which no test contacts.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import conftest
from ladder_qa.breaker import CircuitBreaker
from ladder_qa.budget import TokenBudget
from ladder_qa.errors import LanguageModelError
from ladder_qa.exchange import Endpoint
from ladder_qa.llm import LanguageModel, Limits, Message
from ladder_qa.settings import Settings
from scripted_llm import (
    Hang,
    Reply,
    Reset,
    ScriptedServer,
    Step,
    Wait,
    anthropic_answer,
    anthropic_failure,
    chunk,
    chunked,
    failing,
    head,
    ollama_answer,
    openai_answer,
    openai_body,
)

KEY = "sk-s3cret"
QUESTION = "Was kostet die Beförderung nach E2?"
ASKED = (Message("system", "Answer briefly."), Message("user", QUESTION))
PROVIDERS = ("openai", "anthropic", "ollama", "openai-like")
# Generous where a test does not wait for a limit: these two cores do other work as well.
PATIENT = Limits(connect_s=5, first_s=20, total_s=30)


@dataclass
class Result:
    pieces: list[str]
    error: LanguageModelError | None = None

    @property
    def kind(self) -> str:
        return self.error.kind if self.error else "complete"


def model_of(
    url: str,
    provider: str = "openai-like",
    limits: Limits = PATIENT,
    budget: TokenBudget | None = None,
    breaker: CircuitBreaker | None = None,
) -> LanguageModel:
    return LanguageModel(Endpoint(provider, "m", url, KEY), limits, budget, breaker)


def url_of(server: ScriptedServer, provider: str) -> str:
    return server.v1 if provider.startswith("openai") else server.url


async def collect(
    model: LanguageModel, messages: Sequence[Message] = ASKED, max_tokens: int = 50
) -> Result:
    result = Result([])
    try:
        async for piece in model.stream(messages, max_tokens):
            result.pieces.append(piece)
    except LanguageModelError as error:
        result.error = error
    return result


def ask(script: Sequence[Reply], **options: Any) -> Result:
    """One answer after `script`, every reply of which is asked for."""
    with ScriptedServer(script) as server:
        return asyncio.run(collect(model_of(server.v1, **options)))


def ask_of(provider: str, script: Sequence[Reply]) -> Result:
    with ScriptedServer(script) as server:
        return asyncio.run(collect(model_of(url_of(server, provider), provider)))


def body(*parts: Step) -> Reply:
    return [head(), *parts]


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """The packages are imported before anything is timed: they take seconds."""
    with ScriptedServer([anthropic_answer("x"), ollama_answer("x")]) as server:
        asyncio.run(collect(model_of(server.url, "anthropic")))
        asyncio.run(collect(model_of(server.url, "ollama")))
    with ScriptedServer([openai_answer("x")] * 2) as server:
        asyncio.run(collect(model_of(server.v1, "openai")))
        asyncio.run(collect(model_of(server.v1, "openai-like")))


# Complete answers


@pytest.mark.parametrize(
    ("provider", "reply"),
    [
        ("openai", openai_answer("Two years at E1, usually.")),
        ("openai-like", openai_answer("Two years at E1, usually.")),
        ("openai-like", chunked(*openai_body("Two years at E1, usually."), ended=True)),
        ("openai-like", chunked(*openai_body("Two years at E1, usually.")[:-1], ended=False)),
        ("anthropic", anthropic_answer("Two years at E1, usually.")),
        ("ollama", ollama_answer("Two years at E1, usually.")),
    ],
)
def test_pieces_come_as_they_were_sent(provider: str, reply: Reply) -> None:
    result = ask_of(provider, [reply])
    assert result.error is None
    assert result.pieces == ["Two", " years", " at", " E1,", " usually."]


@pytest.mark.parametrize(
    ("provider", "path", "settings"),
    [
        ("openai", "/v1/chat/completions", {"max_completion_tokens": 50, "temperature": 0.0}),
        ("openai-like", "/v1/chat/completions", {"max_tokens": 50, "temperature": 0.0}),
        ("anthropic", "/v1/messages", {"max_tokens": 50, "temperature": 0.0}),
    ],
)
def test_the_request_asks_for_a_stream_at_temperature_zero(
    provider: str, path: str, settings: dict[str, object]
) -> None:
    reply = anthropic_answer("x") if provider == "anthropic" else openai_answer("x")
    with ScriptedServer([reply]) as server:
        asyncio.run(collect(model_of(url_of(server, provider), provider)))
    [request] = server.requests
    assert request.path == path
    assert request.json["stream"] is True
    assert request.json["model"] == "m"
    assert {key: request.json[key] for key in settings} == settings


def test_ollama_is_told_how_much_context_the_prompt_needs() -> None:
    long = (Message("user", "word " * 10_000),)
    with ScriptedServer([ollama_answer("x")] * 2) as server:
        model = model_of(server.url, "ollama")
        asyncio.run(collect(model))
        asyncio.run(collect(model, long))
    short, longer = (request.json["options"] for request in server.requests)
    assert (short["num_ctx"], short["num_predict"], short["temperature"]) == (8192, 50, 0.0)
    assert longer["num_ctx"] > 10_000


def test_a_piece_is_there_before_the_next_is_sent() -> None:
    slow: Reply = [
        head(),
        chunk({"content": "Two"}),
        Wait(1.0),
        chunk({"content": " years"}, "stop"),
    ]

    async def first() -> float:
        started = time.monotonic()
        async with contextlib.aclosing(model_of(server.v1).stream(ASKED)) as pieces:
            assert await anext(pieces) == "Two"
            return time.monotonic() - started

    with ScriptedServer([slow]) as server:
        assert asyncio.run(first()) < 0.9


def test_an_answer_is_complete_where_the_server_then_keeps_the_connection_open() -> None:
    started = time.monotonic()
    result = ask([[head(), *openai_body("Two years.")[:-1], Hang()]])
    assert (result.kind, "".join(result.pieces)) == ("complete", "Two years.")
    assert time.monotonic() - started < 5


def test_a_model_newer_than_llama_index_can_be_asked() -> None:
    with ScriptedServer([openai_answer("x"), anthropic_answer("x")]) as server:
        for provider in ("openai", "anthropic"):
            endpoint = Endpoint(provider, "gpt-99-nova", url_of(server, provider), KEY)
            assert asyncio.run(collect(LanguageModel(endpoint, PATIENT))).kind == "complete"


def test_a_reasoning_model_is_not_asked_for_a_temperature_that_it_refuses() -> None:
    with ScriptedServer([openai_answer("x")]) as server:
        endpoint = Endpoint("openai", "gpt-5-mini", server.v1, KEY)
        asyncio.run(collect(LanguageModel(endpoint, PATIENT)))
    assert server.requests[0].json["temperature"] == 1.0


# Answers that are not complete


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (openai_answer("Two years", "length"), "length"),
        (openai_answer("Two years", "content_filter"), "filtered"),
        (openai_answer("Two years", "tool_calls"), "bad_output"),
        (openai_answer("Two years", None), "cut"),
        (openai_answer(""), "empty"),
        (openai_answer("\n  \n"), "empty"),
        (body(), "cut"),
        (body(b"data: [DONE]\n\n"), "cut"),
        (body(chunk({"content": "Two"}), Reset()), "cut"),
        (body(chunk({"content": "Two"}), b"data: {broken\n\n"), "bad_output"),
        (body(chunk({"content": "Two"}), b"data: \xff\xfe\n\n"), "bad_output"),
        (body(chunk({"content": "Two"}), b"data: [1, 2]\n\n"), "bad_output"),
        (body(chunk({"content": "Two"}), b'data: "text"\n\n'), "bad_output"),
        (body(chunk({"content": "Two"}), b'data: {"choices": null}\n\n'), "bad_output"),
        (body(b'data: {"choices": [{"delta": "text"}]}\n\n'), "bad_output"),
        (body(b'data: {"choices": [{"delta": {"content": "\\ud83d"}}]}\n\n'), "bad_output"),
        (body(chunk({"content": "broken \ufffd"}, "stop")), "bad_output"),
        (body(b'data: {"error": {"message": "overloaded"}}\n\n'), "server_error"),
        (body(b'data: {"error": {"code": "rate_limit_exceeded"}}\n\n'), "rate_limited"),
        (body(*[chunk({"content": "x" * 500})] * 9), "length"),
        ([head(content_type="text/html"), b"<!doctype html><p>Welcome"], "bad_output"),
        ([head(content_type="application/json"), b'{"choices": []}'], "bad_output"),
        (chunked(*openai_body("Two years", None), ended=True), "cut"),
        (chunked(*openai_body("Two years", None)[:-1], ended=False), "cut"),
        ([b"not HTTP at all\r\n\r\n"], "cut"),
        ([Reset()], "cut"),
    ],
)
def test_an_answer_that_is_not_complete_is_an_error(reply: Reply, kind: str) -> None:
    assert ask([reply]).kind == kind


@pytest.mark.parametrize(
    ("provider", "reply", "kind"),
    [
        ("anthropic", anthropic_answer("Two years", "max_tokens"), "length"),
        ("anthropic", anthropic_answer("Two years", "refusal"), "filtered"),
        ("anthropic", anthropic_answer("Two years", "pause_turn"), "bad_output"),
        ("anthropic", anthropic_answer("Two years", None), "cut"),
        ("anthropic", [head(), anthropic_failure("overloaded_error")], "server_error"),
        ("anthropic", [head(), anthropic_failure("rate_limit_error")], "rate_limited"),
        ("ollama", ollama_answer("Two years", "length"), "length"),
        ("ollama", ollama_answer("Two years", None), "cut"),
        ("ollama", ollama_answer(""), "empty"),
        ("ollama", [*ollama_answer("Two", None), b'{"message": {"con'], "bad_output"),
        ("ollama", [*ollama_answer("Two", None), b'{"error": "no memory"}\n'], "server_error"),
        (
            "ollama",
            [*ollama_answer("Two", None), b'{"message": {"content": "\xff"}}\n'],
            "bad_output",
        ),
    ],
)
def test_the_other_protocols_say_it_in_their_own_way(
    provider: str, reply: Reply, kind: str
) -> None:
    assert ask_of(provider, [reply]).kind == kind


def cut_everywhere(provider: str, reply: Reply, complete: bytes) -> None:
    """Cuts `reply` after every byte; the end is normal only once `complete` was sent whole."""
    whole = b"".join(part for part in reply if isinstance(part, bytes))
    finished = whole.index(complete) + len(complete)
    with ScriptedServer([[whole[:size]] for size in range(len(whole))]) as server:
        model = model_of(url_of(server, provider), provider, breaker=CircuitBreaker(10**9))

        async def all_cuts() -> list[Result]:
            return [await collect(model) for _ in range(len(whole))]

        for size, result in enumerate(asyncio.run(all_cuts())):
            assert "zwölf Jahre".startswith("".join(result.pieces))
            if size >= finished:
                assert (size, result.kind) == (size, "complete")
            else:
                assert result.kind in ("cut", "bad_output"), (size, result.kind)


def test_a_stream_cut_after_any_byte_never_ends_as_complete() -> None:
    reply = [head(), *openai_body("zwölf Jahre")]
    cut_everywhere("openai-like", reply, chunk({}, "stop"))


@pytest.mark.slow
def test_the_other_protocols_cut_after_any_byte_never_end_as_complete() -> None:
    anthropic = anthropic_answer("zwölf Jahre")
    cut_everywhere("anthropic", anthropic, [p for p in anthropic if isinstance(p, bytes)][-2])
    ollama = ollama_answer("zwölf Jahre")
    last = [part for part in ollama if isinstance(part, bytes)][-1]
    cut_everywhere("ollama", ollama, last.rstrip())


# What the provider refuses, and when it is asked again


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nothing_at_the_address_is_refused(provider: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = asyncio.run(collect(model_of(url, provider)))
    assert result.kind == "refused"
    assert f"{provider}/m at {url} cannot be reached" in str(result.error)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, "unauthorized"), (403, "unauthorized"), (400, "bad_request"), (302, "bad_output")],
)
def test_a_refusal_for_good_is_one_request(provider: str, status: int, kind: str) -> None:
    assert ask_of(provider, [failing(status)]).kind == kind


@pytest.mark.parametrize(
    ("provider", "status", "said"),
    [
        ("openai", 404, {"error": {"message": "The model `m` does not exist", "code": "x"}}),
        ("openai", 404, {"error": {"message": "?", "code": "model_not_found"}}),
        ("openai-like", 400, {"object": "error", "message": "Invalid model: m", "code": "1500"}),
        ("openai-like", 404, {"detail": "model m not found"}),
        (
            "anthropic",
            404,
            {"type": "error", "error": {"type": "not_found_error", "message": "model: m"}},
        ),
        ("ollama", 404, {"error": "model 'm' not found"}),
    ],
)
def test_an_unknown_model_is_told_from_other_refusals(
    provider: str, status: int, said: object
) -> None:
    result = ask_of(provider, [failing(status, said)])
    assert result.kind == "unknown_model"
    assert "LADDER_QA_LLM" in str(result.error)


@pytest.mark.parametrize(
    ("provider", "hint"), [("openai-like", "usually has /v1"), ("ollama", "has no /v1")]
)
def test_a_wrong_path_names_the_setting(provider: str, hint: str) -> None:
    result = ask_of(provider, [[head(404, "text/plain"), b"404 page not found: no model here"]])
    assert result.kind == "bad_request"
    assert "LADDER_QA_LLM_BASE_URL" in str(result.error)
    assert hint in str(result.error)


def test_no_room_left_for_a_reasoning_model_is_a_matter_of_length() -> None:
    said = {"error": {"message": "max_tokens or model output limit was reached"}}
    assert ask([failing(400, said)]).kind == "length"


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "kind"), [(429, "rate_limited"), (500, "server_error"), (503, "server_error")]
)
def test_a_passing_failure_is_asked_a_second_time_and_never_a_third(
    provider: str, status: int, kind: str
) -> None:
    assert ask_of(provider, [failing(status)] * 2).kind == kind


def test_the_second_request_may_bring_the_answer() -> None:
    assert ask([failing(503), openai_answer("Two years.")]).pieces == ["Two", " years."]


def test_retry_after_is_waited_for_where_it_is_short() -> None:
    started = time.monotonic()
    result = ask([failing(429, Retry_After="1"), openai_answer("Two years.")])
    assert result.kind == "complete"
    assert 1.0 <= time.monotonic() - started


@pytest.mark.parametrize("after", ["3", "600", "-1", "nan", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_no_second_request_where_retry_after_is_long_or_unclear(after: str) -> None:
    assert ask([failing(429, Retry_After=after)]).kind == "rate_limited"


def test_no_second_request_after_the_first_word() -> None:
    result = ask([body(chunk({"content": "Two"}), b'data: {"error": {"message": "500"}}\n\n')])
    assert (result.pieces, result.kind) == (["Two"], "server_error")


def test_no_second_request_beyond_the_total_time() -> None:
    limits = Limits(connect_s=1, first_s=0.4, total_s=0.4)
    assert ask([failing(503)], limits=limits).kind == "server_error"


# Time


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_first_word_in_time(provider: str) -> None:
    limits = Limits(connect_s=1, first_s=0.3, total_s=20)
    with ScriptedServer([[Hang()], [head(), Hang()]]) as server:
        model = model_of(url_of(server, provider), provider, limits)
        for _ in range(2):
            started = time.monotonic()
            assert asyncio.run(collect(model)).kind == "timeout_first"
            assert time.monotonic() - started < 1.5


def test_a_stop_in_the_middle_ends_with_the_total_time() -> None:
    limits = Limits(connect_s=1, first_s=20, total_s=0.6)
    result = ask([body(chunk({"content": "Two"}), Hang())], limits=limits)
    assert (result.pieces, result.kind) == (["Two"], "timeout_total")
    assert "LADDER_QA_LLM_TIMEOUT_S" in str(result.error)


def test_a_stream_without_end_ends_with_the_total_time() -> None:
    drip = [step for _ in range(200) for step in (chunk({"content": " x"}), Wait(0.02))]
    limits = Limits(connect_s=1, first_s=20, total_s=0.6)
    assert ask([[head(), *drip]], limits=limits).kind == "timeout_total"


def test_nobody_taking_the_pieces_does_not_keep_the_connection_beyond_the_total_time() -> None:
    async def idle() -> None:
        limits = Limits(connect_s=1, first_s=20, total_s=0.6)
        pieces = model_of(server.v1, limits=limits).stream(ASKED)
        await anext(pieces)
        await asyncio.sleep(1.2)
        assert server.requests[0].gone_at is not None
        with pytest.raises(LanguageModelError):
            await anext(pieces)

    with ScriptedServer([body(chunk({"content": "Two"}), Hang())]) as server:
        asyncio.run(idle())


def test_the_first_word_may_take_a_third_of_a_long_total_time() -> None:
    assert (Limits.of(30).first_s, Limits.of(5).first_s, Limits.of(120).first_s) == (10, 10, 40)


# The circuit breaker


def test_five_failures_in_a_row_stop_asking_until_a_trial_works() -> None:
    now = [0.0]
    breaker = CircuitBreaker(clock=lambda: now[0])
    script = [body()] * 5 + [openai_answer("Two years.")] * 2
    with ScriptedServer(script) as server:
        model = model_of(server.v1, breaker=breaker)
        kinds = [asyncio.run(collect(model)).kind for _ in range(7)]
        assert kinds == ["cut"] * 5 + ["open_circuit"] * 2
        assert len(server.requests) == 5
        now[0] = 20.0
        assert [asyncio.run(collect(model)).kind for _ in range(2)] == ["complete"] * 2


@pytest.mark.parametrize(
    ("reply", "opens"),
    [
        (failing(429, Retry_After="9"), True),
        (failing(500, Retry_After="9"), True),
        (body(), True),
        (failing(401), False),
        (failing(400), False),
        (openai_answer("x", "length"), False),
        (openai_answer(""), False),
    ],
)
def test_only_a_provider_that_is_not_well_opens_it(reply: Reply, opens: bool) -> None:
    with ScriptedServer([reply] * (5 if opens else 6)) as server:
        model = model_of(server.v1)
        kinds = [asyncio.run(collect(model)).kind for _ in range(6)]
    assert (kinds[-1] == "open_circuit") == opens


def test_a_person_who_leaves_does_not_open_it() -> None:
    async def leave(model: LanguageModel) -> None:
        async with contextlib.aclosing(model.stream(ASKED)) as pieces:
            await anext(pieces)

    with ScriptedServer([body(chunk({"content": "x"}), Hang())] * 6) as server:
        model = model_of(server.v1)
        for _ in range(6):
            asyncio.run(leave(model))


# The day's budget


def test_the_tokens_that_the_provider_reports_are_counted(tmp_path: Path) -> None:
    budget = TokenBudget(tmp_path, 10_000)
    ask([openai_answer("Two years.", usage=(31, 7))], budget=budget)
    assert budget.spent() == 38


@pytest.mark.parametrize(
    ("provider", "reply"),
    [("anthropic", anthropic_answer("Two years.")), ("ollama", ollama_answer("Two years."))],
)
def test_every_protocol_reports_tokens(tmp_path: Path, provider: str, reply: Reply) -> None:
    budget = TokenBudget(tmp_path, 10_000)
    with ScriptedServer([reply]) as server:
        asyncio.run(collect(model_of(server.url, provider, budget=budget)))
    assert budget.spent() == 16


def test_without_a_report_a_third_of_the_bytes_is_counted(tmp_path: Path) -> None:
    budget = TokenBudget(tmp_path, 10_000)
    ask([openai_answer("Two years.")], budget=budget)
    sent = sum(-(-len(message.content.encode()) // 3) + 8 for message in ASKED)
    assert budget.spent() == sent + 4  # "Two years." has ten bytes


@pytest.mark.parametrize(
    "script",
    [
        [failing(401)],
        [failing(302)],
        [failing(429)] * 2,
        [failing(500)] * 2,
        [[head(content_type="text/html"), b"<p>Welcome"]],
    ],
)
def test_a_refusal_costs_nothing(tmp_path: Path, script: list[Reply]) -> None:
    budget = TokenBudget(tmp_path, 10_000)
    ask(script, budget=budget)
    assert budget.spent() == 0


@pytest.mark.parametrize(
    "reply", [body(chunk({"content": "Two"})), [Reset()], body(b"data: {broken\n\n")]
)
def test_where_the_cost_is_unknown_all_that_was_reserved_is_counted(
    tmp_path: Path, reply: Reply
) -> None:
    budget = TokenBudget(tmp_path, 10_000)
    ask([reply], budget=budget)
    sent = sum(-(-len(message.content.encode()) // 3) + 8 for message in ASKED)
    assert budget.spent() == sent + 50


def test_a_spent_budget_asks_nobody(tmp_path: Path) -> None:
    budget = TokenBudget(tmp_path, 80)
    result = ask([], budget=budget)
    assert result.kind == "budget"
    assert "LADDER_QA_LLM_DAILY_TOKENS" in str(result.error)
    assert budget.spent() == 0


def test_a_budget_outlives_the_process_that_spent_it(tmp_path: Path) -> None:
    ask([openai_answer("x", usage=(900, 50))], budget=TokenBudget(tmp_path, 1000))
    assert ask([], budget=TokenBudget(tmp_path, 1000)).kind == "budget"


def test_answers_at_the_same_time_never_spend_more_than_the_budget(tmp_path: Path) -> None:
    budget = TokenBudget(tmp_path, 500)

    async def crowd(model: LanguageModel) -> list[Result]:
        return await asyncio.gather(*(collect(model) for _ in range(20)))

    # Each may need 50 and its prompt, and then reports just that.
    sent = sum(-(-len(message.content.encode()) // 3) + 8 for message in ASKED)
    reply: Reply = [head(), Wait(0.2), *openai_body("x", usage=(sent, 50))]
    with ScriptedServer(reply=lambda _: reply) as server:
        results = asyncio.run(crowd(model_of(server.v1, budget=budget)))
    complete = sum(result.kind == "complete" for result in results)
    assert complete == len(server.requests) == 500 // (sent + 50)
    assert {result.kind for result in results} == {"complete", "budget"}
    assert budget.spent() == complete * (sent + 50)


# Leaving


def gone_within(server: ScriptedServer, started: float, seconds: float = 1.0) -> None:
    [request] = server.requests
    server.wait_until(lambda: request.gone_at is not None)
    assert request.gone_at is not None
    assert request.gone_at - started < seconds


@pytest.mark.parametrize("provider", PROVIDERS)
def test_closing_the_iterator_closes_the_connection(provider: str) -> None:
    started = 0.0

    async def leave() -> None:
        nonlocal started
        pieces = model_of(url_of(server, provider), provider).stream(ASKED)
        await anext(pieces)
        started = time.monotonic()
        await pieces.aclose()
        assert len(asyncio.all_tasks()) == 1

    reply = {"anthropic": anthropic_answer("Two", None), "ollama": ollama_answer("Two", None)}
    start = reply.get(provider, body(chunk({"content": "Two"})))
    with ScriptedServer([[*start, Hang()]]) as server:
        asyncio.run(leave())
        gone_within(server, started)


@pytest.mark.parametrize("start", [(), (head(),), (head(), chunk({"content": "Two"}))])
def test_cancelling_the_task_closes_the_connection(start: tuple[bytes, ...]) -> None:
    started = 0.0

    async def leave() -> None:
        nonlocal started
        task = asyncio.create_task(collect(model_of(server.v1)))
        await asyncio.to_thread(server.wait_until, lambda: server.requests)
        await asyncio.sleep(0.1)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(asyncio.all_tasks()) == 1

    with ScriptedServer([[*start, Hang()]]) as server:
        asyncio.run(leave())
        gone_within(server, started)


def test_an_iterator_that_is_merely_dropped_closes_the_connection() -> None:
    started = 0.0

    async def leave() -> None:
        nonlocal started
        pieces = model_of(server.v1).stream(ASKED)
        await anext(pieces)
        started = time.monotonic()
        del pieces
        gc.collect()
        await asyncio.sleep(0.3)
        assert len(asyncio.all_tasks()) == 1

    with ScriptedServer([body(chunk({"content": "Two"}), Hang())]) as server:
        asyncio.run(leave())
        gone_within(server, started)


def test_closing_the_model_ends_what_it_is_reading_and_it_can_be_used_again() -> None:
    async def close(model: LanguageModel) -> Result:
        task = asyncio.create_task(collect(model))
        await asyncio.to_thread(server.wait_until, lambda: server.requests)
        await asyncio.sleep(0.1)
        await model.aclose()
        return await task

    script = [body(chunk({"content": "Two"}), Hang()), openai_answer("Two years.")]
    with ScriptedServer(script) as server:
        model = model_of(server.v1)
        assert asyncio.run(close(model)).kind == "cut"
        assert asyncio.run(collect(model)).kind == "complete"


def open_files() -> int:
    gc.collect()
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def many_leave(times: int) -> None:
    """Half of the people leave after the first word, half at some moment before it."""

    async def leave(model: LanguageModel, number: int) -> None:
        if number % 2:
            async with contextlib.aclosing(model.stream(ASKED)) as pieces:
                await anext(pieces)
            return
        task = asyncio.create_task(collect(model))
        for _ in range(number % 40):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    async def crowd(model: LanguageModel) -> None:
        for start in range(0, times, 8):
            await asyncio.gather(*(leave(model, number) for number in range(start, start + 8)))
        assert len(asyncio.all_tasks()) == 1

    with ScriptedServer(reply=lambda _: body(chunk({"content": "Two"}), Hang())) as server:
        model = model_of(server.v1)
        asyncio.run(crowd(model))
        server.wait_until(lambda: server.open_connections == 0)
        assert sum(request.gone_at is not None for request in server.requests) >= times / 2
        before = open_files()
        asyncio.run(crowd(model))
        server.wait_until(lambda: server.open_connections == 0)
        server.wait_until(lambda: open_files() <= before)


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files")


@needs_proc
def test_a_hundred_people_leaving_twice_leave_no_task_and_no_socket_behind() -> None:
    many_leave(100)


@needs_proc
@pytest.mark.slow
def test_a_thousand_people_leaving_leave_no_task_and_no_socket_behind() -> None:
    many_leave(1000)


# Event loops and company


def test_one_model_serves_several_event_loops_one_after_the_other() -> None:
    with ScriptedServer([openai_answer("Two years.")] * 3) as server:
        model = model_of(server.v1)
        assert [asyncio.run(collect(model)).kind for _ in range(3)] == ["complete"] * 3


def test_answers_at_the_same_time_do_not_mix() -> None:
    async def crowd(model: LanguageModel) -> list[Result]:
        asked = [(Message("user", f"answer {number}"),) for number in range(16)]
        return await asyncio.gather(*(collect(model, messages) for messages in asked))

    def echo(request: Any) -> Reply:
        return openai_answer(request.json["messages"][0]["content"])

    with ScriptedServer(reply=echo) as server:
        results = asyncio.run(crowd(model_of(server.v1)))
    assert ["".join(result.pieces) for result in results] == [f"answer {n}" for n in range(16)]


# Privacy


@pytest.mark.parametrize(
    "reply",
    [
        failing(401, {"error": {"message": f"wrong key {KEY} for {QUESTION}"}}),
        failing(400, {"error": {"message": f"cannot answer {QUESTION} with {KEY}"}}),
        body(f"data: {{{QUESTION} {KEY}\n\n".encode()),
        body(f'data: {{"error": {{"message": "{QUESTION} {KEY}"}}}}\n\n'.encode()),
        [Reset()],
    ],
)
def test_an_error_holds_neither_the_key_nor_the_question_nor_other_errors(reply: Reply) -> None:
    error = ask([reply]).error
    assert error is not None
    shown = "".join(traceback.format_exception(error)) + repr(vars(error))
    assert KEY not in shown
    assert QUESTION not in shown
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nothing_is_logged_of_the_question_even_at_the_level_debug(
    provider: str, caplog: pytest.LogCaptureFixture
) -> None:
    reply = {"anthropic": anthropic_answer("Two"), "ollama": ollama_answer("Two")}
    with caplog.at_level(logging.DEBUG):
        ask_of(provider, [failing(503), reply.get(provider, openai_answer("Two"))])
    logged = caplog.text + "".join(repr(record.args) for record in caplog.records)
    assert QUESTION not in logged
    assert KEY not in logged


def test_the_key_is_not_shown_when_an_endpoint_is_printed() -> None:
    assert KEY not in repr(Endpoint("openai", "m", "", KEY))


# What is contacted


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_environment_of_the_packages_below_changes_nothing(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither proxies, nor addresses, keys and headers that are meant for other programs."""
    reply = {"anthropic": anthropic_answer("Two"), "ollama": ollama_answer("Two")}
    with (
        ScriptedServer([reply.get(provider, openai_answer("Two"))]) as server,
        ScriptedServer() as other,
    ):
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, other.url)
        for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL", "OLLAMA_HOST"):
            monkeypatch.setenv(name, other.url)
        for name in (
            *("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"),
            *("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OLLAMA_API_KEY"),
        ):
            monkeypatch.setenv(name, "from-the-environment")
        for name in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
            monkeypatch.setenv(name, "X-Custom: from-the-environment")
        endpoint = Endpoint(provider, "m", url_of(server, provider), "")
        result = asyncio.run(collect(LanguageModel(endpoint, PATIENT)))
        assert other.requests == []
    assert result.kind == "complete"
    assert "from-the-environment" not in repr(server.requests[0].headers)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_only_needed_headers_are_sent(provider: str) -> None:
    reply = {"anthropic": anthropic_answer("Two"), "ollama": ollama_answer("Two")}
    with ScriptedServer([reply.get(provider, openai_answer("Two"))]) as server:
        asyncio.run(collect(model_of(url_of(server, provider), provider)))
    headers = dict(server.requests[0].headers)
    secret = headers.pop("x-api-key" if provider == "anthropic" else "authorization")
    assert secret.removeprefix("Bearer ") == KEY
    assert headers.pop("user-agent") == "ladder-qa"
    assert headers.keys() - {"anthropic-version"} == {
        *("host", "accept", "accept-encoding", "connection", "content-type", "content-length"),
    }


def test_a_redirect_is_not_followed() -> None:
    with ScriptedServer() as other:
        moved = [head(307, headers={"Location": f"{other.v1}/chat/completions"})]
        result = ask([moved])
        assert other.requests == []
    assert result.kind == "bad_output"
    assert "redirect" in str(result.error)


@pytest.mark.parametrize(
    ("provider", "host"), [("openai", "api.openai.com"), ("anthropic", "api.anthropic.com")]
)
def test_without_an_address_the_providers_own_is_contacted_and_no_other(
    provider: str, host: str
) -> None:
    assert asyncio.run(collect(model_of("", provider))).kind == "refused"
    assert {host in contacted for contacted in conftest._contacted} == {True}
    conftest._contacted.clear()


def test_without_an_address_ollama_is_asked_on_this_machine() -> None:
    assert Endpoint("ollama", "m").address == "http://127.0.0.1:11434"


# Settings and packages


def test_no_language_model_is_none() -> None:
    assert LanguageModel.from_settings(Settings()) is None


def test_a_model_is_made_of_the_settings(tmp_path: Path) -> None:
    with ScriptedServer([openai_answer("Two years.", usage=(5, 4))]) as server:
        settings = Settings(
            llm="openai-like/org/model:7b",
            llm_base_url=server.v1,
            llm_api_key=SecretStr(KEY),
            llm_daily_tokens=5000,
            data=tmp_path,
        )
        model = LanguageModel.from_settings(settings)
        assert model is not None
        assert model.name == "openai-like/org/model:7b"
        assert asyncio.run(collect(model)).kind == "complete"
    assert server.requests[0].json["model"] == "org/model:7b"
    assert TokenBudget(tmp_path, 5000).spent() == 9


def test_nothing_of_the_packages_is_imported_before_a_question() -> None:
    program = (
        "import sys\n"
        "from ladder_qa.llm import LanguageModel\n"
        "from ladder_qa.settings import Settings\n"
        "for llm in ('none', 'ollama/m'):\n"
        "    LanguageModel.from_settings(Settings(llm=llm))\n"
        "print(sorted({'llama_index', 'openai', 'anthropic', 'ollama', 'httpx', 'tiktoken'}"
        " & set(sys.modules)))\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout == "[]\n"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_missing_package_names_the_extra(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_index.llms." + provider.replace("-", "_"), None)
    result = asyncio.run(collect(model_of("http://127.0.0.1:9", provider)))
    assert result.kind == "not_installed"
    assert f"pip install 'ladder-qa[{provider}]'" in str(result.error)


# The check for `ladder-qa doctor`


def check(script: Sequence[Reply]) -> LanguageModelError | None:
    with ScriptedServer(script) as server:
        try:
            asyncio.run(model_of(server.v1).check())
        except LanguageModelError as error:
            return error
        finally:
            assert all(request.json["max_tokens"] == 1 for request in server.requests)
    return None


@pytest.mark.parametrize(
    "reply", [openai_answer("Yes"), openai_answer("Yes", "length"), openai_answer("", "length")]
)
def test_a_check_asks_for_one_token_and_is_content_with_it(reply: Reply) -> None:
    assert check([reply]) is None


def test_a_check_repeats_what_the_provider_says_without_the_key() -> None:
    said = {"error": {"message": f"Key {KEY}\nis\x1b[31m not\tknown. " + "x" * 999}}
    error = check([failing(401, said)])
    assert error is not None
    assert error.provider_says.startswith("Key (hidden) is [31m not known. xxx")
    assert len(error.provider_says) == 300
