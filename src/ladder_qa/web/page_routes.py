"""The pages for people: asking, documents, levels, the interface, kinds of problems.

All of them work without JavaScript and load nothing but the package's own files.
Not covered: the calls for programs (`routes`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ladder_qa.datamodels import Ladder, Level, Turn
from ladder_qa.errors import QuestionError
from ladder_qa.names import level_named
from ladder_qa.texts import check_question
from ladder_qa.web import static
from ladder_qa.web.forms import AskForm, read_form
from ladder_qa.web.limits import AskRequest, query_text, read_span
from ladder_qa.web.pages.answer import Conversation, answer_page
from ladder_qa.web.pages.compare import choose_page, compare_page
from ladder_qa.web.pages.document import document_page, documents_page
from ladder_qa.web.pages.embed import Embedding, embed_page
from ladder_qa.web.pages.error import problem_page
from ladder_qa.web.pages.layout import SITE, Frame
from ladder_qa.web.pages.level import level_page
from ladder_qa.web.pages.moves import compare_address, level_address
from ladder_qa.web.pages.reference import reference_page
from ladder_qa.web.pages.start import refused_question_page, start_page
from ladder_qa.web.problems import KINDS, Problem
from ladder_qa.web.routes import CLIENT_GONE, Kept, Served, answered, while_connected

if TYPE_CHECKING:
    from ladder_qa.assistant import Assistant

# Back from a source leads to the answer again: with "no-store" browsers ask to send the form anew.
# No other request is answered from it, and no cache but the reader's own may keep it.
_POSTED = {"Cache-Control": "private, no-cache"}

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
async def start(request: Request, kept: Kept, assistant: Served) -> Response:
    """The start page; with `q`, the answer to a question that somebody shared."""
    if request.query_params.get("q", "").strip():
        return await _shared(request, assistant)
    return HTMLResponse(await kept.work(lambda: _start(assistant)))


@router.post("/")
async def ask(request: Request, kept: Kept, assistant: Served) -> Response:
    """The answer to the question of a page's form, which is in no address."""
    form = await read_form(request)
    if form.question.strip():
        return await _answered(request, assistant, form, SITE)
    return HTMLResponse(await kept.work(lambda: _start(assistant)))


@router.get("/embed")
async def embed(request: Request, kept: Kept, assistant: Served) -> Response:
    """The widget, or a plain form where no script runs, for other sites' frames."""
    embedding = Embedding.from_query(request.query_params)
    return HTMLResponse(await kept.work(lambda: embed_page(embedding, assistant.starters())))


@router.post("/embed")
async def ask_embedded(request: Request, kept: Kept, assistant: Served) -> Response:
    """The answer to the question of that form, in the same frame."""
    embedding = Embedding.from_query(request.query_params)
    form = await read_form(request)
    if form.question.strip():
        return await _answered(request, assistant, form, embedding.frame)
    return HTMLResponse(await kept.work(lambda: embed_page(embedding, assistant.starters())))


def _start(assistant: Assistant) -> str:
    generation = assistant.generation
    count = len(generation.texts)
    return start_page(generation.ladder, generation.passages, count, assistant.starters())


async def _shared(request: Request, assistant: Assistant) -> Response:
    raw = request.query_params["q"]
    try:
        question = query_text(request, "q")
    except QuestionError as error:
        return HTMLResponse(refused_question_page(raw, f"Your question {error.limit}."), 422)
    return await _reply(request, assistant, Conversation(question, shared=True), SITE)


async def _answered(
    request: Request, assistant: Assistant, form: AskForm, frame: Frame
) -> Response:
    try:
        question = check_question(form.question)
    except QuestionError as error:
        detail = f"Your question {error.limit}."
        return HTMLResponse(refused_question_page(form.question, detail, frame), 422)
    return await _reply(request, assistant, Conversation(question, form.before), frame)


async def _reply(
    request: Request, assistant: Assistant, conversation: Conversation, frame: Frame
) -> Response:
    history = tuple(Turn("user", question) for question in conversation.before)
    asked = AskRequest(conversation.asked, history, keep=False)
    answer = await while_connected(request, answered(request, assistant, asked))
    if answer is None:
        return HTMLResponse(status_code=CLIENT_GONE)
    html = answer_page(conversation, answer, assistant.generation.ladder, frame)
    return HTMLResponse(html, headers=None if conversation.shared else _POSTED)


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
    """Every statement about one level; another way of writing its code leads here."""
    generation = assistant.generation
    found = _level(generation.ladder, code)
    if found.code != code:
        return RedirectResponse(level_address(found.code), 302)
    return HTMLResponse(
        await kept.work(lambda: level_page(found, generation.ladder, generation.passages))
    )


@router.get("/compare")
async def choose(assistant: Served, a: str = "", b: str = "") -> Response:
    """The two levels that a form chose, or the form."""
    ladder = assistant.generation.ladder
    if not a or not b:
        return HTMLResponse(choose_page(ladder))
    return _compared(_level(ladder, a), _level(ladder, b))


@router.get("/compare/{a}/{b}")
async def compare(kept: Kept, assistant: Served, a: str, b: str) -> Response:
    """Two levels side by side; another way of writing a code leads here."""
    generation = assistant.generation
    ladder = generation.ladder
    first, second = _level(ladder, a), _level(ladder, b)
    if first == second or (first.code, second.code) != (a, b):
        return _compared(first, second)
    return HTMLResponse(
        await kept.work(lambda: compare_page(first, second, ladder, generation.passages))
    )


def _compared(first: Level, second: Level) -> Response:
    """The way to two levels side by side; to the level's own page when they are one."""
    if first == second:
        return RedirectResponse(level_address(first.code), 302)
    return RedirectResponse(compare_address(first.code, second.code), 302)


def _level(ladder: Ladder, named: str) -> Level:
    """The level of this code or title. Raises Problem (404)."""
    found = level_named(ladder.levels, named)
    if found is None:
        codes = ", ".join(level.code for level in ladder.levels) or "none"
        raise Problem("not-found", f"The documents describe no such level. They describe {codes}.")
    return found


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
