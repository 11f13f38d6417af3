"""Hostile texts as question, as document and as answer, in a real Chromium: nothing happens.

No script runs, nothing is loaded from elsewhere, no content policy is broken, and no element is
on a page that the pages do not write themselves.
Not covered: texts in the widget; problem documents (`test_web_problems.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser

from hostile import texts
from ladder_qa.datamodels import Answer, Claim
from pages_browser import Watched, opened, serving
from serving_fakes import PROGRESSION, FakeAssistant, FakeGeneration
from test_web_pages import ALLOWED

FEW, MANY = 60, 1000
AT_ONCE = 20  # documents of one corpus

sizes = pytest.mark.parametrize(
    "count",
    [
        FEW,
        pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
)

# What must not be on a page, whatever its texts hold: elements and attributes that the pages do not
# write, characters that a person would not see, a second main part.
_FOREIGN = """(allowed) => [...document.querySelectorAll("*")].flatMap((element) => [
  ...(allowed.includes(element.localName) ? [] : [element.localName]),
  ...[...element.attributes].filter(({name, value}) =>
      name.startsWith("on") || name === "style" || name === "autofocus" ||
      (["href", "src", "action", "cite"].includes(name) &&
       !/^(\\/(?!\\/)|#|https?:\\/\\/|mailto:)/.test(value)))
    .map(({name, value}) => `${name}=${value}`),
]).concat(document.querySelectorAll("main").length === 1 ? [] : ["main"],
  document.documentElement.outerHTML.match(
  /[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b\\u202a-\\u202e\\u2066-\\u2069\\ufeff]/g
  ) ?? [], deeds)"""


class Echo(FakeAssistant):
    """Answers with the question itself, as the words of an answer and of all around them."""

    def ask(self, question: str, history: Any = ()) -> Answer:
        answer = super().ask("Finds brings")
        claims = tuple(Claim(question, claim.citations, "verified", claim.levels)
                       for claim in answer.claims)  # fmt: skip
        said = (question,)
        return replace(answer, question=f"{question} ", answer=question, claims=claims,
                       missing=said, suggestions=said, notices=said, model=question)  # fmt: skip


def check(watched: Watched, about: str) -> None:
    """Nothing happened on the page that is open, and it holds our own elements only."""
    assert [] == watched.page.evaluate(_FOREIGN, [*ALLOWED]), about
    assert [] == watched.elsewhere, about


@sizes
def test_as_question_and_as_answer(browser: Browser, count: int) -> None:
    """Posted by the page's own form; the answer repeats it as Markdown."""
    echo = Echo(FakeGeneration.of({"progression.md": PROGRESSION}))
    with serving(echo) as address, opened(browser, address) as watched:
        page = watched.page
        page.goto("/")
        for text in texts(count):
            page.locator("#q").evaluate("(box, text) => { box.value = text }", text)
            with page.expect_navigation():
                page.locator("form.ask:not(.follow) button").click()
            check(watched, text)
            assert page.url == f"{address}/"


@sizes
def test_as_question_in_an_address(browser: Browser, count: int) -> None:
    echo = Echo(FakeGeneration.of({"progression.md": PROGRESSION}))
    with serving(echo) as address, opened(browser, address) as watched:
        for text in texts(count)[:: 10 if count == MANY else 4]:
            query = watched.page.request.get("/", params={"q": text}).url
            watched.page.goto(query)
            check(watched, text)


@sizes
def test_as_document(browser: Browser, count: int) -> None:
    """On the pages of documents, levels and comparisons, in lists and marked as cited."""
    made = texts(count)
    for batch in (made[start : start + AT_ONCE] for start in range(0, count, AT_ONCE)):
        documents = {f"d{number}.md": document(text) for number, text in enumerate(batch)}
        generation = FakeGeneration.of({"progression.md": PROGRESSION, **documents})
        with (
            serving(FakeAssistant(generation)) as address,
            opened(browser, address) as watched,
        ):
            paths = ["/", "/documents", "/levels/X1", "/levels/X2", "/compare/X1/X2"]
            for number, text in enumerate(batch):
                at = document(text).index(text, 3)
                paths.append(f"/documents/d{number}?at={at}-{at + len(text)}")
            for path in paths:
                watched.page.goto(path)
                check(watched, f"{path} of {batch}")


def document(text: str) -> str:
    """A document that has a text as title, paragraph, heading, item and cells."""
    line = " ".join(text.split()).replace("|", "\\|")
    return (
        f"# {line}\n\n{text}\n\n## X1: {line[:80]}\n\nAt X1, {line}\n\n- X2 {line}\n\n"
        f"### {line}\n\n{line}\n\n"
        f"| X1 (Scout) | X2 (Guide) |\n|---|---|\n| {line} | {line} |\n"
    )
