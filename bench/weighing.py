"""Opens a page in a real Chromium and weighs it: bytes, requests, times, what its main thread did.

Each page is opened in a profile of its own, without a cache. Times of the main thread are its own
running time, not the wall's, so that they say little of what else the machine does.
Not covered: which pages (`page_weight`); other browsers.
"""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, CDPSession, Page

from ladder_qa.web.widget import current

MODES = ("inline", "launcher")
LONG_MS = 50.0  # a task of this length is a long one (W3C, Long Tasks)
QUIET_MS = 500.0  # without a long task: then a page is taken to be interactive
SETTLE_MS = 1000  # after the last request, for what a page does by and by

# Runs before the page's own scripts.
_WATCH = """
window.noted = {tasks: [], ready: 0};
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) noted.tasks.push([task.startTime, task.duration]);
}).observe({type: "longtask", buffered: true});
customElements.whenDefined("ladder-qa").then(() => { noted.ready = performance.now(); });
"""
_NOTED = """() => {
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const [load] = performance.getEntriesByType("navigation");
  return {...noted, paint: paint.startTime, parsed: load.domInteractive};
}"""
# The field for a question: the widget's, behind its button or not, or that of a plain page.
_FIELD = """() => {
  const root = document.querySelector("ladder-qa")?.shadowRoot;
  root?.querySelector(".launcher")?.click();
  const field = root?.querySelector("textarea") ?? document.querySelector("#q");
  field?.focus();
  return field !== null;
}"""
_TYPED = """() => (document.querySelector("ladder-qa")?.shadowRoot.querySelector("textarea")
  ?? document.querySelector("#q")).value"""


@dataclass(frozen=True)
class Condition:
    """How fast processor and network are."""

    name: str
    slower: float = 1.0  # times, the processor
    latency_ms: float = 0.0  # of each request
    down: float = -1.0  # bytes a second; -1: as it is
    up: float = -1.0


AS_IS = Condition("this machine, over loopback")
# Lighthouse's "slow 4G" as it sets it by the developer tools: 150 ms and 1.6 Mbit/s, with its own
# factors 3.75 and 0.9 for what a request really takes; and its slowing down for a phone.
PHONE = Condition(
    "a processor 4 times slower, slow 4G", 4, 150 * 3.75, 1638.4e3 / 8 * 0.9, 750e3 / 8 * 0.9
)


@dataclass(frozen=True)
class Weight:
    """What opening a page took: milliseconds from the start, or of the main thread's own time."""

    bytes: float  # over the network, with headers
    requests: float
    paint_ms: float  # first contentful paint
    ready_ms: float  # painted, the field there, and no long task for QUIET_MS
    task_ms: float  # all tasks of the main thread
    script_ms: float
    layout_ms: float
    style_ms: float
    long_tasks: float

    def less(self, other: Weight) -> Weight:
        """What this one took more."""
        return _each(lambda one, two: one - two, [self, other])


def median(weights: Sequence[Weight]) -> Weight:
    """Of each figure by itself."""
    return _each(lambda *values: statistics.median(values), weights)


def _each(reckon: Callable[..., float], weights: Sequence[Weight]) -> Weight:
    names = [field.name for field in fields(Weight)]
    return Weight(**{name: reckon(*(getattr(one, name) for one in weights)) for name in names})


def interactive_ms(start: float, tasks: Sequence[tuple[float, float]]) -> float:
    """The first moment from `start` on after which no long task runs for QUIET_MS.

    `tasks` are the long ones: when each began and how long it took, in milliseconds.
    """
    moment = start
    for began, took in sorted(tasks):
        if began < moment + QUIET_MS:
            moment = max(moment, began + took)
    return moment


def weigh(browser: Browser, url: str, condition: Condition = AS_IS) -> Weight:
    """Opens a page in a new profile. Raises RuntimeError where its field takes no letter."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
    try:
        context.add_init_script(_WATCH)
        page = context.new_page()
        session = context.new_cdp_session(page)
        traffic = _Traffic(session)
        _slow_down(session, condition)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = _metrics(session)
        page.goto(url, wait_until="networkidle", timeout=120_000)
        page.wait_for_timeout(SETTLE_MS)
        after = _metrics(session)
        spent = {name: after[name] - before.get(name, 0) for name in after}
        weight = _weight(traffic, spent, page.evaluate(_NOTED))
        _check_field(page)
        return weight
    finally:
        context.close()


def added(browser: Browser, bare: str, full: str, runs: int, condition: Condition) -> list[Weight]:
    """What `full` takes more than `bare`, which are opened in turn, `runs` times."""
    return [weigh(browser, full, condition).less(weigh(browser, bare, condition))
            for _ in range(runs)]  # fmt: skip


class _Traffic:
    """Counts what goes over the network."""

    def __init__(self, session: CDPSession) -> None:
        self.requests, self.bytes = 0, 0.0
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._came)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _sent(self, event: Mapping[str, Any]) -> None:
        if not event["request"]["url"].startswith("data:"):
            self.requests += 1

    def _came(self, event: Mapping[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]


def _slow_down(session: CDPSession, condition: Condition) -> None:
    session.send("Emulation.setCPUThrottlingRate", {"rate": condition.slower})
    network = {
        "offline": False,
        "latency": condition.latency_ms,
        "downloadThroughput": condition.down,
        "uploadThroughput": condition.up,
    }
    session.send("Network.emulateNetworkConditions", network)


def _metrics(session: CDPSession) -> dict[str, float]:
    """Milliseconds by name."""
    found = session.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] * 1000 for one in found}


def _weight(traffic: _Traffic, spent: Mapping[str, float], noted: Mapping[str, Any]) -> Weight:
    start = max(noted["paint"], noted["parsed"], noted["ready"])
    return Weight(
        bytes=traffic.bytes,
        requests=traffic.requests,
        paint_ms=noted["paint"],
        ready_ms=interactive_ms(start, noted["tasks"]),
        task_ms=spent["TaskDuration"],
        script_ms=spent["ScriptDuration"],
        layout_ms=spent["LayoutDuration"],
        style_ms=spent["RecalcStyleDuration"],
        long_tasks=len(noted["tasks"]),
    )


def _check_field(page: Page) -> None:
    """Types a letter into the field, where there is one; nothing of it is timed."""
    if page.evaluate(_FIELD):
        page.keyboard.type("x")
        if page.evaluate(_TYPED) != "x":
            raise RuntimeError(f"the field of {page.url} takes no letter")


class HostSite:
    """A small site of its own origin: `/bare`, and `/inline` and `/launcher` with the widget.

    `ladder` is the address of the ladder's server, which may be set later.
    """

    def __init__(self, ladder: str = "") -> None:
        self.ladder = ladder

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:  # noqa: N805  (`self` is the site)
                mode = handler.path.strip("/")
                found = mode in ("bare", *MODES)
                body = _host_page(mode, self.ladder).encode() if found else b""
                handler.send_response(200 if found else 204)
                handler.send_header("Content-Type", "text/html; charset=utf-8")
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(handler, *_: Any) -> None:  # noqa: N805
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _host_page(mode: str, ladder: str) -> str:
    widget = current()
    lines = (
        f'<ladder-qa mode="{mode}"></ladder-qa>\n<script src="{ladder}{widget.address}" '
        f'integrity="{widget.integrity}" crossorigin="anonymous" defer></script>\n'
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Intranet</title>'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head>'
        "\n<body><h1>Intranet</h1><p>A page with nothing else on it.</p>\n"
        f"{'' if mode == 'bare' else lines}</body></html>\n"
    )
