"""Addresses of citations: what the server marks, where headings are, what a browser highlights.

The browser tells the range that its own text-fragment algorithm found, by a feature of Chromium
that is off by default; a smaller part goes by what is scrolled into view.
Not covered: how a directive is made (`test_fragments.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from browser import chromium
from ladder_qa.assistant import Assistant
from ladder_qa.datamodels import Citation
from ladder_qa.evaluation.dataset import load_cases
from ladder_qa.inline import readable
from ladder_qa.web.app import create_app
from pages_browser import opened, serving
from served import assistant_for
from serving_fakes import FakeAssistant, FakeGeneration, FakeIndex, settings
from test_web_pages import Page, squeezed

FEW = 9  # questions of the evaluation set
SCROLLED = 3  # citations that are scrolled to

# Where the browser's own range begins, counted in letters of the page, and what it holds; beside
# the same of the server's marks.
_RANGES = """async () => {
  const squeezed = (text) => text.replace(/\\s+/g, "");
  const place = (node, offset) => {
    const range = document.createRange();
    range.setStart(document.body, 0);
    range.setEnd(node, offset);
    return squeezed(range.toString()).length;
  };
  const marks = [...document.querySelectorAll("mark")];
  const marked = [place(marks[0], 0), squeezed(marks.map((m) => m.textContent).join(""))];
  const found = await document.fragmentDirective.items[0].getMatchingRange();
  return {marked, found: [place(found.startContainer, found.startOffset),
                          squeezed(found.toString())]};
}"""
_VISIBLE = """() => {
  const box = document.querySelector("mark").getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
}"""


@pytest.fixture(scope="module")
def assistant(pytestconfig: pytest.Config, corpus_folder: Path) -> Assistant:
    return assistant_for(pytestconfig, corpus_folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--enable-blink-features=TextFragmentAPI") as started:
        yield started


@pytest.fixture(
    scope="module",
    params=[
        FEW,
        pytest.param(None, marks=[pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
    ids=["few", "all"],
)
def cited(request: pytest.FixtureRequest, assistant: Assistant, root: Path) -> list[Citation]:
    """The different citations of answers to questions of the evaluation set."""
    cases = load_cases(root / "eval")
    found: dict[str, Citation] = {}
    for case in cases[:: 1 if request.param is None else len(cases) // request.param]:
        answer = assistant.ask(case.question, case.history)
        found.update((one.url, one) for one in (*answer.citations, *answer.nearest))
    return list(found.values())


def test_the_server_marks_the_quoted_words_and_the_heading_is_there(
    assistant: Assistant, cited: list[Citation]
) -> None:
    generation = assistant.generation
    backend = FakeIndex(FakeAssistant(generation)).backend()  # type: ignore[arg-type]
    with TestClient(create_app(settings(log_level="error"), backend)) as client:
        for citation in cited:
            address, _, fragment = citation.url.partition("#")
            page = Page(client.get(address).text)
            assert squeezed(readable(citation.quote)) == page.mark
            assert unquote(fragment.partition(":~:")[0]) in page.ids


def test_browsers_highlight_the_very_words_that_the_server_marks(
    assistant: Assistant, browser: Browser, cited: list[Citation]
) -> None:
    assert len(cited) > FEW
    for citation, ranges in highlighted(browser, assistant, cited):
        assert ranges["marked"] == ranges["found"], citation.url
        assert squeezed(readable(citation.quote)) == ranges["found"][1]


def highlighted(
    browser: Browser, assistant: Any, citations: Iterable[Any]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each citation with the browser's range and the server's marks on its page."""
    with serving(assistant) as address, opened(browser, address) as watched:
        for citation in citations:
            watched.page.goto(citation.url)
            yield citation, watched.page.evaluate(_RANGES)


def test_words_far_below_their_heading_are_scrolled_into_view(
    assistant: Assistant, browser: Browser, cited: list[Citation]
) -> None:
    """Words that the heading alone would leave out of a small window."""
    options = {"viewport": {"width": 700, "height": 260}, "reduced_motion": "reduce"}
    seen = 0
    with serving(assistant) as address, opened(browser, address, **options) as watched:
        for citation in cited:
            watched.page.goto(citation.url.partition(":~:")[0])
            if watched.page.evaluate(_VISIBLE):
                continue
            watched.page.goto("about:blank")
            watched.page.goto(citation.url)
            watched.page.wait_for_function(_VISIBLE, timeout=5000)
            seen += 1
            if seen == SCROLLED:
                break
    assert SCROLLED == seen


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("folder", ["engineeringladders", "sourcegraph/content"])
def test_every_statement_of_another_ladder_is_highlighted(
    browser: Browser, shared: Path, folder: str
) -> None:
    """Where the words stand several times in the same surroundings, nothing is highlighted."""
    corpus = shared / "ladders" / folder
    if not corpus.is_dir():
        pytest.skip(f"SHARED holds no ladders/{folder}")
    texts = {
        file.relative_to(corpus).as_posix(): file.read_bytes().decode()
        for file in sorted(corpus.rglob("*.md"))
    }
    generation = FakeGeneration.of(texts)
    directed = [passage for passage in generation.passages if ":~:text=" in passage.url]
    assert len(directed) > 0.9 * len(generation.passages)
    for passage, ranges in highlighted(browser, FakeAssistant(generation), directed):
        assert ranges["marked"] == ranges["found"], passage.url
