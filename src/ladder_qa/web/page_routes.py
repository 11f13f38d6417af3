"""The pages for people: start and answer, documents, levels, the interface, kinds of problems.

All of them work without JavaScript and load nothing but the package's own style sheet and icon.
Not covered: the calls for programs (`routes`).
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from ladder_qa.errors import QuestionError
from ladder_qa.web import static
from ladder_qa.web.limits import AskRequest, query_text, read_span
from ladder_qa.web.pages.answer import answer_page, refused_question_page, start_page
from ladder_qa.web.pages.document import document_page, documents_page
from ladder_qa.web.pages.error import problem_page
from ladder_qa.web.pages.level import level_page
from ladder_qa.web.pages.reference import reference_page
from ladder_qa.web.problems import KINDS, Problem
from ladder_qa.web.routes import CLIENT_GONE, Kept, Served, answered, while_connected

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
async def start(request: Request, assistant: Served) -> Response:
    """The question box; with `q`, the answer below it."""
    raw = request.query_params.get("q", "")
    if not raw.strip():
        generation = assistant.generation
        return HTMLResponse(
            start_page(generation.ladder, len(generation.texts), len(generation.passages))
        )
    try:
        question = query_text(request, "q")
    except QuestionError as error:
        return HTMLResponse(refused_question_page(raw, f"Your question {error.limit}."), 422)
    answer = await while_connected(
        request, answered(request, assistant, AskRequest(question, (), keep=False))
    )
    if answer is None:
        return HTMLResponse(status_code=CLIENT_GONE)
    return HTMLResponse(answer_page(question, answer))


@router.get("/documents")
@router.get("/documents/")
async def documents(assistant: Served) -> Response:
    """All documents of the served generation, in the order of their paths."""
    generation = assistant.generation
    stored = sorted(generation.texts.values(), key=lambda document: document.path)
    rows = [(document.path, document.slug, document.title) for document in stored]
    return HTMLResponse(documents_page(rows, generation.ladder, generation.refused))


@router.get("/documents/{slug:path}")
async def document(kept: Kept, assistant: Served, slug: str, at: str | None = None) -> Response:
    """One document as the generation stores it, the cited words marked."""
    texts = assistant.generation.texts
    stored = next((item for item in texts.values() if slug in (item.slug, item.path)), None)
    if stored is None:
        raise Problem("not-found")
    span = None if at is None else read_span(at, len(stored.text))
    slugs = {path: item.slug for path, item in texts.items()}
    html = await kept.work(
        lambda: document_page(stored.path, stored.title, stored.text, slugs, span)
    )
    return HTMLResponse(html)


@router.get("/levels/{code}")
async def level(kept: Kept, assistant: Served, code: str) -> Response:
    """Every statement about one level."""
    generation = assistant.generation
    found = generation.ladder.level(code)
    if found is None:
        raise Problem("not-found")
    return HTMLResponse(
        await kept.work(lambda: level_page(found, generation.ladder, generation.passages))
    )


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The interface, from its own schema."""
    return HTMLResponse(reference_page(request.app.openapi()))


@router.get("/problems/{kind}")
async def problem(kind: str) -> Response:
    """What the `type` of a problem document means."""
    about = KINDS.get(kind)
    if about is None:
        raise Problem("not-found")
    return HTMLResponse(problem_page(kind, about.status, about.title, about.meaning))


@router.get("/static/{name}")
async def static_file(request: Request, name: str, v: str | None = None) -> Response:
    """A file of the package; for good in caches when its address carries its hash."""
    file = static.load(name)
    if file is None:
        raise Problem("not-found")
    age = "max-age=31536000, immutable" if v == file.version else "max-age=60"
    headers = {"Cache-Control": f"public, {age}", "ETag": f'"{file.version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(file.data, media_type=file.media_type, headers=headers)
