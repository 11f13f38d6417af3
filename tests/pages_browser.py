"""Pages of a real server in a browser that note what they must not do.

Not covered: starting the browser (`browser`); tests without one (`serving_fakes`, `served`).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import uvicorn
from playwright.sync_api import Browser, Dialog, Page

from ladder_qa.assistant import Assistant
from ladder_qa.feedback import FeedbackStore
from ladder_qa.web.app import create_app
from ladder_qa.web.listening import listen
from ladder_qa.web.serving import Backend
from served import end
from serving_fakes import settings

# Everything that a page may not do is counted here: see `deeds`.
_WATCH = """
globalThis.deeds = [];
document.addEventListener("securitypolicyviolation", (event) =>
  deeds.push(`policy: ${event.violatedDirective} ${event.blockedURI}`));
globalThis.ran = (what) => deeds.push(`ran: ${what}`);
"""


@contextlib.contextmanager
def serving(assistant: Any, **values: Any) -> Iterator[str]:
    """A server of `assistant` on a port of its own; its address without a final slash.

    What it gives as `assistant.generation.id` is taken up anew when it changes.
    """
    given = settings(log_level="critical", **values)
    backend = Backend(
        lambda _: cast("Assistant", assistant),
        lambda _: assistant.generation.id,
        lambda _: False,
        FeedbackStore.open,
    )
    app = create_app(given, backend, interval_s=0.02)
    with listen(given, "127.0.0.1", 0) as opened:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, args=([opened],))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{opened.getsockname()[1]}"
        finally:
            end(server, thread)


@contextlib.contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[Watched]:
    """A page that is watched; `options` are those of a browser context."""
    context = browser.new_context(base_url=address, **options)
    try:
        context.add_init_script(_WATCH)
        yield Watched(context.new_page(), address)
    finally:
        context.close()


class Watched:
    """A page, with every request beyond its server and every deed that it must not do."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.elsewhere: list[str] = []
        page.on("request", lambda request: self._note(request.url, address))
        page.on("dialog", self._dismiss)
        page.on("popup", lambda popup: self.elsewhere.append(f"popup {popup.url}"))

    def _note(self, url: str, address: str) -> None:
        if not url.startswith((f"{address}/", "data:")):
            self.elsewhere.append(url)

    def _dismiss(self, dialog: Dialog) -> None:
        self.elsewhere.append("dialog")
        dialog.dismiss()

    def deeds(self) -> list[str]:
        """What ran or broke the page's policy since it was loaded, and requests elsewhere."""
        done: list[str] = self.page.evaluate("deeds")
        return [*done, *self.elsewhere]
