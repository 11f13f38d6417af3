"""A real Chromium for tests, driven by playwright, and pages that note whatever they should not do.

A test that needs it is skipped, with a line that says so, where Chromium or playwright is missing.
Not covered: what is served to the browser; a test starts its own server on loopback.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from axe_playwright_python.base import AXE_SCRIPT  # noqa: E402
from playwright.sync_api import Browser, Page, Request, sync_playwright  # noqa: E402

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing of its own to fetch: only what the page asks for goes out.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TIMEOUT_MS = 20_000  # a crowded machine takes seconds for what is done in 50 ms

# Runs before the page's own scripts. `hurt` is what hostile texts call.
_WATCH = """
window.seen = {violations: [], hurt: 0, clicked: []};
window.hurt = () => { window.seen.hurt += 1; };
for (const name of ["alert", "confirm", "prompt"]) window[name] = window.hurt;
document.addEventListener("securitypolicyviolation", (event) =>
  window.seen.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@contextlib.contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A started browser, with further flags; skips the test where there is none."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no Chromium is installed (looked for {', '.join(NAMES)})")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=[*QUIET, *flags])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A page, what it logged, and the addresses that it asked for."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def harm(self, origin: str) -> list[str]:
        """What a safe page never does: scripts of others, policy reports, requests elsewhere."""
        seen = self.page.evaluate("window.seen")
        elsewhere = [url for url in self.requests if not url.startswith(f"{origin}/")]
        hurt = [f"a script ran {seen['hurt']} times"] if seen["hurt"] else []
        return [*seen["violations"], *elsewhere, *hurt, *self.console]

    def axe(self) -> list[str]:
        """Every violation that axe-core finds in the page, best practices included."""
        self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [_told(violation) for violation in found["violations"]]

    def focused(self) -> str:
        """The accessible words of what has the focus, inside the widget if it is there."""
        told: str = self.page.evaluate(
            """() => {
              let at = document.activeElement;
              while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
              const words = at.labels?.[0]?.innerText || at.innerText || at.tagName;
              return at.getAttribute("aria-label") || words;
            }"""
        )
        return told.strip()


@contextlib.contextmanager
def watched(
    browser: Browser,
    *,
    width: int = 1280,
    height: int = 800,
    scheme: Literal["light", "dark"] = "light",
    **options: Any,
) -> Iterator[Watched]:
    """A page in a profile of its own, `width` by `height` CSS pixels."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en",
        **options,
    )
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(_WATCH)
    page = context.new_page()
    noted = Watched(page)
    page.on("request", lambda request: _note(noted, request))
    page.on("pageerror", lambda error: noted.console.append(f"page error: {error}"))
    page.on(
        "console",
        lambda message: (
            noted.console.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    try:
        yield noted
    finally:
        context.close()


def _note(noted: Watched, request: Request) -> None:
    noted.requests.append(request.url)


def _told(violation: dict[str, Any]) -> str:
    nodes = [
        {"target": node["target"], "why": node["failureSummary"]} for node in violation["nodes"]
    ]
    return f"{violation['id']} ({violation['impact']}): {json.dumps(nodes, indent=1)}"
