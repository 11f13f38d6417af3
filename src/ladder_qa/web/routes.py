"""The calls for programs: asking, streaming, searching, checking, levels, probes and metrics.

Each checks its input, calls the assistant off the event loop and writes the result as it is.
Not covered: pages for people (`page_routes`); signing in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from ladder_qa.datamodels import Answer, as_json
from ladder_qa.texts import MAX_QUESTION
from ladder_qa.web import problems, schema, shapes
from ladder_qa.web.limits import (
    SEARCH_LIMIT,
    AskRequest,
    VerifyRequest,
    query_text,
    read_ask,
    read_verify,
)
from ladder_qa.web.observe import METRICS_TYPE, Metrics
from ladder_qa.web.serving import Keeper

if TYPE_CHECKING:
    from ladder_qa.assistant import Assistant

router = APIRouter()


def keeper_of(request: Request) -> Keeper:
    """The keeper that the app's lifespan opened."""
    keeper: Keeper = request.app.state.keeper
    return keeper


def assistant_of(request: Request) -> Any:
    """The assistant for this request, to its end. Raises Problem (503)."""
    return keeper_of(request).assistant()


Kept = Annotated[Keeper, Depends(keeper_of)]
Asked = Annotated[AskRequest, Depends(read_ask)]
Given = Annotated[VerifyRequest, Depends(read_verify)]
Served = Annotated[Any, Depends(assistant_of)]


def json_response(value: Any) -> Response:
    """`value` as the same bytes that every other door writes."""
    return Response(as_json(value).encode(), media_type="application/json")


async def ask_in_thread(request: Request, assistant: Assistant, asked: AskRequest) -> Answer:
    """The answer; its outcome is counted."""
    answer = await keeper_of(request).work(lambda: assistant.ask(asked.question, asked.history))
    metrics: Metrics = request.app.state.metrics
    metrics.answers.labels(answer.outcome.value).inc()
    return answer


@router.post(
    "/api/v1/ask",
    summary="Ask a question",
    description="The same question, history and corpus give the same bytes.",
    operation_id="ask",
    openapi_extra={"requestBody": schema.ASK_BODY},
    response_model=None,
    responses={
        200: {"model": Answer, "description": "An answer or a refusal; `outcome` says which."},
        **schema.problem_responses(400, 413, 415, 422, 503),
    },
)
async def ask(request: Request, assistant: Served, asked: Asked) -> Response:
    """One answer, whole."""
    return json_response(await ask_in_thread(request, assistant, asked))


@router.post(
    "/api/v1/ask/stream",
    summary="Ask a question and get the answer as events",
    description="Server-sent events; nothing is sent before it is checked.",
    operation_id="askStream",
    openapi_extra={"requestBody": schema.ASK_BODY},
    response_class=EventSourceResponse,
    responses={
        200: schema.STREAM_RESPONSE,
        **schema.problem_responses(400, 413, 415, 422, 503),
    },
)
async def ask_stream(
    request: Request, assistant: Served, asked: Asked
) -> AsyncIterator[ServerSentEvent]:
    """The same answer as events, ended by `done` or `error`."""
    try:
        answer = await ask_in_thread(request, assistant, asked)
    except Exception as error:  # noqa: BLE001  (the response has begun: no status can say it)
        problem = problems.from_error(error)
        log = request.app.state.log
        log.error("stream failed", kind=type(error).__name__)  # noqa: TRY400  (not its message)
        yield _event(1, "error", problems.as_object(problem, request.url.path))
        return
    for number, (name, data) in enumerate(shapes.events(answer), start=1):
        yield _event(number, name, data)


def _event(number: int, name: str, data: Any) -> ServerSentEvent:
    return ServerSentEvent(id=str(number), event=name, raw_data=as_json(data))


def _search_text(
    request: Request,
    q: Annotated[
        str,
        Query(
            description="What to look for.",
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
        **schema.problem_responses(422, 503),
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
        **schema.problem_responses(400, 413, 415, 422, 503),
    },
)
async def verify(kept: Kept, assistant: Served, given: Given) -> Response:
    """The verdict over each sentence."""
    sentences = await kept.work(lambda: assistant.verify(given.text, given.passages))
    return json_response(shapes.VerifyResult(tuple(sentences)))


@router.get(
    "/api/v1/levels",
    summary="Levels and the moves between them",
    description="As the documents describe them. A move without a guide has no `document`.",
    operation_id="levels",
    response_model=None,
    responses={
        200: {"model": shapes.LevelsResult, "description": "In the ladder's order."},
        **schema.problem_responses(503),
    },
)
async def levels(assistant: Served) -> Response:
    """The ladder that the served generation holds."""
    return json_response(shapes.levels_object(assistant.generation.ladder))


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
async def readyz(kept: Kept, assistant: Served) -> Response:
    """What is served, and whether the corpus was edited since."""
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
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Counts and times; no question's text is in them."""
    return Response(request.app.state.metrics.as_text(), media_type=METRICS_TYPE)
