"""A small site for the widget's tests: a host page, the widget, and an API that a test scripts.

It is the server of `scripted_llm`, so that a test can send any bytes, wait, or cut the connection.
Not covered: the real API, which `test_widget.py` asks too.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from browser import Watched, watched
from ladder_qa.web import widget
from scripted_llm import Reply, Request, ScriptedServer, head

# As strict as a host page can be.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
STREAM = "/api/v1/ask/stream"
# Questions that the documents in corpus/ answer in different forms, or refuse.
COMPARISON = "What is the difference between E1 and E2?"
THREE = "What is the difference between M1, M2 and M3?"
LIST = "What are the pitfalls from E1 to E2?"
REFUSED = "How much does an M2 earn?"
DIFFERING = "How long must I perform at the next level before M3?"
SCRIPT, HTML = "text/javascript; charset=utf-8", "text/html; charset=utf-8"
Answering = Callable[[dict[str, Any]], Reply]


def citation(number: int, quote: str = "Owns a specific domain", **changes: Any) -> dict[str, Any]:
    """A citation as the API has it."""
    return {
        "number": number,
        "document": "guide.md",
        "title": "Guide: E1 to E2",
        "section": ["Guide: E1 to E2", "The Core Shift"],
        "quote": quote,
        "start": 10,
        "end": 10 + len(quote),
        "context": [{"text": "E1 (Director)", "start": 0, "end": 9}],
        "levels": ["E1"],
        "url": f"/documents/guide?at=10-{10 + len(quote)}#the-core-shift:~:text=x",
        **changes,
    }


def answer(text: str = "It *owns* a domain. [1]", **changes: Any) -> dict[str, Any]:
    """An answer as the API has it."""
    return {
        "id": "ans_1",
        "question": "What does E1 do?",
        "outcome": "answered",
        "answer": text,
        "claims": [
            {"text": "It owns a domain.", "citations": [1], "support": "verified", "levels": ["E1"]}
        ],
        "citations": [citation(1)],
        "missing": [],
        "conflicts": [],
        "nearest": [],
        "suggestions": ["What is the difference between E1 and E2?"],
        "mode": "extractive",
        "model": None,
        "corpus": "sha256:abcdef",
        "notices": [],
        **changes,
    }


REFUSAL = answer(
    "The documents do not say. The closest things they do say are below.",
    outcome="not_in_documents",
    claims=[],
    citations=[],
    missing=["salaries"],
    nearest=[citation(1), citation(2, "**Promotions** are earned.")],
)
CONFLICT = answer(
    "**Overview**\n\n- Six to twelve months. [1]\n\n**Guide**\n\n- One to two years. [2]",
    claims=[
        {"text": "Six to twelve months.", "citations": [1], "support": "quoted", "levels": []},
        {"text": "One to two years.", "citations": [2], "support": "quoted", "levels": []},
    ],
    citations=[
        citation(1, "Six to twelve months.", title="Overview", section=["Overview", "Promotions"]),
        citation(2, "One to two years."),
    ],
    conflicts=[{"about": "How long one performs at the next level", "citations": [1, 2]}],
    notices=["The documents differ here; both are shown."],
)


def event(name: str, data: Any, number: int = 1) -> bytes:
    """One event of the stream."""
    text = json.dumps(data, ensure_ascii=False)
    return f"id: {number}\nevent: {name}\ndata: {text}\n\n".encode()


def events(given: Mapping[str, Any]) -> list[bytes]:
    """The events of an answer, a citation before the first claim that uses it."""
    parts: list[tuple[str, Any]] = [
        ("meta", {name: given[name] for name in ("id", "mode", "model", "corpus")})
    ]
    left = {one["number"]: one for one in given["citations"]}
    for claim in given["claims"]:
        parts += [("citation", left.pop(n)) for n in claim["citations"] if n in left]
        parts.append(("claim", claim))
    parts.append(("done", given))
    return [event(name, data, number) for number, (name, data) in enumerate(parts, 1)]


def streamed(given: Mapping[str, Any]) -> Reply:
    """The whole stream of an answer."""
    return [head(), *events(given)]


def problem(status: int, detail: str = "scripted", **headers: str) -> Reply:
    """A refused request; `_` in header names stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"type": "/problems/x", "title": "Scripted", "status": status, "detail": detail}
    return [head(status, "application/problem+json", named), json.dumps(body).encode()]


@dataclass
class Site:
    """Serves `page` with the widget at its root; `answering` gives the replies to questions."""

    answering: Answering = field(default=lambda _asked: streamed(answer()))
    attributes: str = 'mode="inline"'
    starters: Sequence[str] = ("What does E1 do?", "What does E2 do?")
    feedback: Callable[[dict[str, Any]], Reply] = field(default=lambda _sent: [head(204)])
    levels: Callable[[Request], Reply] | None = None
    body: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)  # bodies of questions
    sent: list[dict[str, Any]] = field(default_factory=list)  # bodies of feedback

    def serve(self) -> ScriptedServer:
        """A server for this site, to be used as a context."""
        return ScriptedServer(reply=self._reply)

    def _reply(self, request: Request) -> Reply:
        routes: dict[str, Callable[[Request], Reply]] = {
            STREAM: self._answer,
            "/api/v1/feedback": self._feedback,
            "/api/v1/levels": self.levels or self._starters,
            "/widget.js": lambda _: [head(200, SCRIPT), widget.current().data],
            "/favicon.ico": lambda _: [head(204)],  # the browser's own request
            "/": lambda _: [head(200, HTML, {"Content-Security-Policy": POLICY}), self._page()],
        }
        route = routes.get(request.path.partition("?")[0])
        return route(request) if route else [head(404, "text/plain")]

    def _answer(self, request: Request) -> Reply:
        self.asked.append(request.json)
        return self.answering(request.json)

    def _feedback(self, request: Request) -> Reply:
        self.sent.append(request.json)
        return self.feedback(request.json)

    def _starters(self, _request: Request) -> Reply:
        body = {"levels": [], "transitions": [], "starters": list(self.starters)}
        return [head(200, "application/json"), json.dumps(body).encode()]

    def _page(self) -> bytes:
        text = (
            '<!doctype html><html lang="en"><head><title>Intranet</title>'
            '<meta name="viewport" content="width=device-width">'
            '<script src="/widget.js" defer></script></head>'
            f"<body><main><h1>Intranet</h1><p>Of the page.</p><ladder-qa {self.attributes}>"
            f"</ladder-qa>{self.body}</main></body></html>"
        )
        return text.encode()


@dataclass
class Hosted:
    """A site and a page on it that tests share; each begins anew, in a page loaded again."""

    site: Site
    server: ScriptedServer
    page: Watched

    def anew(self) -> Site:
        """The site as it is by default, to be changed before the page is loaded or after."""
        for name, value in vars(Site()).items():
            setattr(self.site, name, value)
        return self.site

    def loaded(self) -> Watched:
        """The page with the widget, before anything was asked."""
        self.page.console.clear()
        self.page.requests.clear()
        self.page.page.goto(self.server.url)
        self.page.page.locator("ladder-qa textarea").wait_for()
        return self.page


@contextlib.contextmanager
def hosting(browser: Browser) -> Iterator[Hosted]:
    """A site with a page that is opened once: a profile for each test takes most of its time."""
    site = Site()
    with site.serve() as server, watched(browser) as page:
        yield Hosted(site, server, page)


def ask(opened: Watched, question: str = "What does E1 do?", *, wait: bool = True) -> Locator:
    """Asks by typing; the last turn in the log, when it is there."""
    page = opened.page
    turns = page.locator("ladder-qa .log > .turn")
    before = turns.count()
    page.locator("ladder-qa .form textarea").first.fill(question)
    page.locator("ladder-qa .form textarea").first.press("Enter")
    if wait:
        turns.nth(before).wait_for()
    return turns.nth(before)


def open_box(page: Page, mode: str) -> None:
    """Opens what starts as a button."""
    if mode != "inline":
        page.locator(f"ladder-qa[mode={mode}] .launcher").click()


def leave_one(page: Page, mode: str) -> None:
    """Leaves one widget in the demo page, with starters of its own."""
    page.evaluate(
        """(mode) => {
          document.querySelectorAll(`ladder-qa:not([mode=${mode}])`).forEach((one) => one.remove());
          document.querySelector("ladder-qa").starters = "What does E1 do?|What does E2 do?";
        }""",
        mode,
    )


def shown(opened: Watched) -> str:
    """All text in the widget's log."""
    return opened.page.locator("ladder-qa .log").inner_text()


def one_of(answers: Mapping[str, Reply]) -> Answering:
    """Replies by the question that is asked."""
    return lambda asked: answers[asked["question"]]
