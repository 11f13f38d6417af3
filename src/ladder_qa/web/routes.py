"""The calls for programs: asking, searching, checking, levels, feedback, probes and metrics.

Each checks its input, calls the assistant off the event loop and writes the result as it is.
Not covered: pages for people (`page_routes`); signing in (`entrance`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from ladder_qa.datamodels import Answer, as_json, events_of
from ladder_qa.feedback import Judgement
from ladder_qa.texts import MAX_QUESTION
from ladder_qa.web import problems, schema, shapes
from ladder_qa.web.limits import (
    SEARCH_LIMIT,
    AskRequest,
    VerifyRequest,
    query_text,
    read_ask,
    read_feedback,
    read_verify,
)
from ladder_qa.web.observe import METRICS_TYPE, Metrics
from ladder_qa.web.recorder import Recorder
from ladder_qa.web.serving import Keeper

if TYPE_CHECKING:
    from ladder_qa.assistant import Assistant
    from ladder_qa.datamodels import CheckedSentence, Event

T = TypeVar("T")
CLIENT_GONE = 499  # nobody receives it; web servers log this for a client that closed

router = APIRouter()


# Coroutines, although they wait for nothing: FastAPI calls plain functions in a thread.
async def keeper_of(request: Request) -> Keeper:
    """The keeper that the app's lifespan opened."""
    keeper: Keeper = request.app.state.keeper
    return keeper


async def assistant_of(request: Request) -> Any:
    """The assistant for this request, to its end. Raises Problem (503)."""
    return (await keeper_of(request)).assistant()


Kept = Annotated[Keeper, Depends(keeper_of)]
Asked = Annotated[AskRequest, Depends(read_ask)]
Given = Annotated[VerifyRequest, Depends(read_verify)]
Judged = Annotated[Judgement, Depends(read_feedback)]
Served = Annotated[Any, Depends(assistant_of)]


def json_response(value: Any) -> Response:
    """`value` as the same bytes that every other door writes."""
    return Response(as_json(value).encode(), media_type="application/json")


async def answered(request: Request, assistant: Assistant, asked: AskRequest) -> Answer:
    """The last event of an answer."""
    async with contextlib.aclosing(events(request, assistant, asked)) as all_events:
        async for event in all_events:
            if isinstance(event, Answer):
                note(request, assistant, asked, event)
                return event
    raise AssertionError("events end with an answer")


def note(request: Request, assistant: Assistant, asked: AskRequest, answer: Answer) -> None:
    """Counts an answer, and keeps of it what may be kept."""
    metrics_of(request).answers.labels(answer.outcome.value).inc()
    recorder_of(request).answered(answer, assistant, keep=asked.keep)


async def events(
    request: Request, assistant: Assistant, asked: AskRequest
) -> AsyncGenerator[Event, None]:
    """The events of an answer; what became of a model's sentences is counted, not sent."""
    keeper, model = await keeper_of(request), request.app.state.model
    if model is None:
        answer = await keeper.answers.answer(assistant, asked.question, asked.history)
        for event in events_of(answer):
            yield event
        return
    from ladder_qa.replies import Replies, Told  # noqa: PLC0415  (with a model only)

    replies = Replies(assistant, model, keeper.work)
    async with contextlib.aclosing(replies.events(asked.question, asked.history)) as told:
        async for each in told:
            if isinstance(each, Told):
                metrics_of(request).told(each.kept, each.dropped, each.failure)
            else:
                yield each


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """`work`, cancelled when the client goes away before its end; None then."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        for one in (task, gone):
            one.cancel()
        await asyncio.wait({task, gone})


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def metrics_of(request: Request) -> Metrics:
    """The counters of this server."""
    metrics: Metrics = request.app.state.metrics
    return metrics


def recorder_of(request: Request) -> Recorder:
    """Where answers and verdicts are kept."""
    recorder: Recorder = request.app.state.recorder
    return recorder


@router.post(
    "/api/v1/ask",
    summary="Ask a question",
    description="The same question, history and corpus give the same bytes.",
    operation_id="ask",
    openapi_extra={"requestBody": schema.ASK_BODY},
    response_model=None,
    responses={
        200: {"model": Answer, "description": "An answer or a refusal; `outcome` says which."},
        **schema.problem_responses(400, 401, 413, 415, 422, 429, 503),
    },
)
async def ask(request: Request, assistant: Served, asked: Asked) -> Response:
    """One answer, whole."""
    answer = await while_connected(request, answered(request, assistant, asked))
    return Response(status_code=CLIENT_GONE) if answer is None else json_response(answer)


@router.post(
    "/api/v1/ask/stream",
    summary="Ask a question and get the answer as events",
    description="Server-sent events; nothing is sent before it is checked.",
    operation_id="askStream",
    openapi_extra={"requestBody": schema.ASK_BODY},
    response_class=EventSourceResponse,
    responses={
        200: schema.STREAM_RESPONSE,
        **schema.problem_responses(400, 401, 413, 415, 422, 429, 503),
    },
)
async def ask_stream(
    request: Request, assistant: Served, asked: Asked
) -> AsyncIterator[ServerSentEvent]:
    """The same answer as events, ended by `done` or `error`."""
    number = 0
    try:
        async with contextlib.aclosing(events(request, assistant, asked)) as all_events:
            async for event in all_events:
                number += 1
                name, data = shapes.named(event)
                if isinstance(event, Answer):
                    note(request, assistant, asked, event)
                yield _event(number, name, data)
    except Exception as error:  # noqa: BLE001  (the response has begun: no status can say it)
        problem = problems.from_error(error)
        log = request.app.state.log
        log.error("stream failed", kind=type(error).__name__)  # noqa: TRY400  (not its message)
        yield _event(number + 1, "error", problems.as_object(problem, request.url.path))


def _event(number: int, name: str, data: Any) -> ServerSentEvent:
    return ServerSentEvent(id=str(number), event=name, raw_data=as_json(data))


def _search_text(
    request: Request,
    q: Annotated[
        str,
        Query(
            description="What to look for: at least one letter or number, and no NUL.",
            json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION},
        ),
    ],
) -> str:
    del q  # it is for the schema: the text is read and checked from the raw query
    return query_text(request, "q")


@router.get(
    "/api/v1/search",
    summary="Find passages",
    description="The passages nearest to a question, without judging whether they answer it.",
    operation_id="search",
    response_model=None,
    responses={
        200: {"model": shapes.SearchResult, "description": "The passages, best first."},
        **schema.problem_responses(401, 422, 429, 503),
    },
)
async def search(
    kept: Kept,
    assistant: Served,
    text: Annotated[str, Depends(_search_text)],
    k: Annotated[int, Query(ge=1, le=SEARCH_LIMIT, description="How many, at most.")] = 8,
) -> Response:
    """The `k` best passages."""
    found = await kept.work(lambda: assistant.search(text, k))
    return json_response(shapes.SearchResult(tuple(found)))


@router.post(
    "/api/v1/verify",
    summary="Check a text's sentences",
    description="Whether the documents, or the passages given, carry each sentence.",
    operation_id="verify",
    openapi_extra={"requestBody": schema.VERIFY_BODY},
    response_model=None,
    responses={
        200: {"model": shapes.VerifyResult, "description": "Every sentence with its verdict."},
        **schema.problem_responses(400, 401, 413, 415, 422, 429, 503),
    },
)
async def verify(request: Request, kept: Kept, assistant: Served, given: Given) -> Response:
    """The verdict over each sentence."""

    async def sentences() -> list[CheckedSentence]:
        """One at a time, so that a long text leaves other requests their turn."""
        checked, found = assistant.checked(given.text, given.passages), []
        while (sentence := await kept.work(lambda: next(checked, None))) is not None:
            found.append(sentence)
        return found

    result = await while_connected(request, sentences())
    if result is None:
        return Response(status_code=CLIENT_GONE)
    return json_response(shapes.VerifyResult(tuple(result)))


@router.get(
    "/api/v1/levels",
    summary="Levels and the moves between them",
    description="As the documents describe them. A move without a guide has no `document`.",
    operation_id="levels",
    response_model=None,
    responses={
        200: {"model": shapes.LevelsResult, "description": "In the ladder's order."},
        **schema.problem_responses(401, 503),
    },
)
async def levels(kept: Kept, assistant: Served) -> Response:
    """The ladder that the served generation holds."""
    starters = await kept.work(assistant.starters)
    return json_response(shapes.levels_object(assistant.generation.ladder, starters))


@router.post(
    "/api/v1/feedback",
    summary="Say whether an answer helped",
    description="The same reply for an answer that nobody gave. The question's text comes along "
    "only with the person's consent.",
    operation_id="feedback",
    openapi_extra={"requestBody": schema.FEEDBACK_BODY},
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "Thank you."},
        **schema.problem_responses(400, 401, 413, 415, 422, 429),
    },
)
async def feedback(request: Request, judgement: Judged) -> Response:
    """Nothing; it is kept beside the serving."""
    recorder_of(request).judged(judgement)
    return Response(status_code=204)


@router.get(
    "/livez", summary="Whether the process is up", operation_id="livez", response_model=None
)
async def livez() -> Response:
    """Always 200 while the event loop turns."""
    return json_response({"status": "live"})


@router.get(
    "/readyz",
    summary="Whether an index is open, and which",
    operation_id="readyz",
    response_model=None,
    responses={
        200: {"model": schema.ReadyResult, "description": "An index is open."},
        **schema.problem_responses(503),
    },
)
async def readyz(request: Request, kept: Kept, assistant: Served) -> Response:
    """What is served, and whether the corpus was edited since; 503 from a server that ends."""
    if request.app.state.leaving:
        raise problems.not_ready("draining")
    generation = assistant.generation
    return json_response(
        schema.ReadyResult(
            "ready",
            generation.id,
            generation.corpus_sha256,
            len(generation.texts),
            len(generation.passages),
            generation.encoder,
            await kept.stale(),
        )
    )


@router.get(
    "/metrics",
    summary="Counters in the Prometheus text format",
    operation_id="metrics",
    response_model=None,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **schema.problem_responses(401),
    },
)
async def metrics(request: Request) -> Response:
    """Counts and times; no question's text is in them."""
    return Response(request.app.state.metrics.as_text(), media_type=METRICS_TYPE)
