"""Pages of other origins in a real browser: with the widget, with the frame, with a rebound name.

Each page is made of the lines that `ladder-qa embed` prints, under a policy that allows no more
than these need. Not covered: which headers are sent (`test_web_origins`, `test_web_hosts`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from browser import Watched, chromium, watched
from ladder_qa.embed import snippets
from pages_browser import serving
from scripted_llm import Reply, Request, ScriptedServer, head
from serving_fakes import fake_assistant
from widget_site import HTML

REBOUND = "rebound.example"
STRICT = "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'; "
READ = """() => fetch("/api/v1/levels").then(async (one) => [one.status, await one.text()])"""
QUESTION, QUOTED = "who looks ahead?", "A scout looks ahead."


@dataclass
class Intranet:
    """A server of another origin; what it serves is made when the ladder's address is known."""

    ladder: str = ""
    server: ScriptedServer = field(init=False)

    def __post_init__(self) -> None:
        self.server = ScriptedServer(reply=self._reply)

    @property
    def url(self) -> str:
        return self.server.url

    def _reply(self, request: Request) -> Reply:
        if request.path == "/favicon.ico":  # the browser's own request
            return [head(204)]
        printed = snippets(self.ladder)
        sources = "; ".join(re.findall(r"^  ((?:script|connect)-src .*)$", printed, re.MULTILINE))
        bodies = {
            "/widget": (sources, found(r"<ladder-qa .*?</script>", printed)),
            "/frame": (found(r"frame-src \S+", printed), found(r"<iframe .*?</iframe>", printed)),
            "/frame-of-start": (f"frame-src {self.ladder}", f'<iframe src="{self.ladder}/">'),
        }
        policy, body = bodies[request.path]
        page = f'<!doctype html><html lang="en"><title>Intranet</title><body>{body}</body></html>'
        return [head(200, HTML, {"Content-Security-Policy": STRICT + policy}), page.encode()]


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    assert match is not None, pattern
    return match[0]


@dataclass
class Places:
    """The ladder's server, a page that it lists, and one that it does not."""

    ladder: str
    friend: Intranet
    stranger: Intranet


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One that takes a foreign name for loopback, as after an attacker's second look-up."""
    with chromium(f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1") as started:
        yield started


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    friend, stranger = Intranet(), Intranet()
    with friend.server, stranger.server:
        listed = {"allowed_origins": (friend.url,), "frame_ancestors": (friend.url,)}
        with serving(fake_assistant(), data=tmp_path_factory.mktemp("data"), **listed) as ladder:
            friend.ladder = stranger.ladder = ladder
            yield Places(ladder, friend, stranger)


@pytest.fixture
def page(browser: Browser) -> Iterator[Watched]:
    with watched(browser) as opened:
        yield opened


def ask(place: Page | FrameLocator) -> None:
    place.locator("ladder-qa textarea").fill(QUESTION)
    place.locator("ladder-qa textarea").press("Enter")


def shows_the_quote(place: Page | FrameLocator) -> None:
    ask(place)
    place.locator("ladder-qa .ref").first.click()
    expect(place.locator("ladder-qa .source mark").first).to_have_text(QUOTED)


def requested_elsewhere(opened: Watched, *known: str) -> list[str]:
    return [url for url in opened.requests if not url.startswith(tuple(f"{one}/" for one in known))]


def test_the_widget_works_on_a_strict_page_of_a_listed_origin(
    page: Watched, places: Places
) -> None:
    """Also: the policy that is printed is enough for it, and the file is what was promised."""
    page.page.goto(f"{places.friend.url}/widget")
    page.page.locator("ladder-qa .launcher").click()
    expect(page.page.locator("ladder-qa .starters button").first).to_be_visible()
    shows_the_quote(page.page)
    assert [] == requested_elsewhere(page, places.friend.url, places.ladder)
    assert [] == page.page.evaluate("window.seen.violations")
    assert [] == page.console


def test_on_a_page_of_another_origin_it_gets_nothing(page: Watched, places: Places) -> None:
    page.page.goto(f"{places.stranger.url}/widget")
    page.page.locator("ladder-qa .launcher").click()
    ask(page.page)
    expect(page.page.locator("ladder-qa .error")).to_contain_text("cannot be reached")
    assert page.page.locator("ladder-qa .starters button").count() == 0
    assert page.page.locator("ladder-qa .words p").count() == 0
    assert "Scout" not in page.page.locator("ladder-qa .log").inner_text()
    assert any("blocked by CORS policy" in line for line in page.console)


def test_no_script_of_another_origin_can_read_an_answer(page: Watched, places: Places) -> None:
    """Not with a request that needs no preflight either; on the listed page both can."""
    calls = """async (ladder) => {
      const tried = [];
      for (const options of [{}, {method: "POST", body: '{"question": "ahead"}',
                                  headers: {"content-type": "application/json"}}]) {
        const path = options.method ? "/api/v1/ask" : "/api/v1/levels";
        tried.push(await fetch(ladder + path, options).then((one) => one.status, () => "refused"));
      }
      return tried;
    }"""
    for intranet, expected in ((places.friend, [200, 200]), (places.stranger, ["refused"] * 2)):
        page.page.goto(f"{intranet.url}/widget")
        assert expected == page.page.evaluate(calls, places.ladder)


def test_the_frame_works_on_a_listed_page(page: Watched, places: Places) -> None:
    page.page.goto(f"{places.friend.url}/frame")
    shows_the_quote(page.page.frame_locator("iframe"))
    assert [] == requested_elsewhere(page, places.friend.url, places.ladder)
    assert [] == page.console


@pytest.mark.parametrize(
    ("listed", "path"), [(False, "/frame"), (True, "/frame-of-start"), (False, "/frame-of-start")]
)
def test_an_unlisted_page_shows_no_frame_and_no_page_shows_another_one(
    page: Watched, places: Places, path: str, *, listed: bool
) -> None:
    page.page.goto((places.friend if listed else places.stranger).url + path)
    page.page.wait_for_load_state("networkidle")
    shown = page.page.frames[1]
    assert not shown.url.startswith(places.ladder)
    assert shown.locator("ladder-qa, form, main").count() == 0
    assert any("frame-ancestors" in line or "X-Frame-Options" in line for line in page.console)


def test_a_page_that_rebinds_its_name_gets_nothing(
    browser: Browser, places: Places, tmp_path: Path
) -> None:
    """For the browser its own name and this server's are one origin, and its policy is its own."""
    names = {"allowed_hosts": (REBOUND,), "data": tmp_path / "data"}
    with serving(fake_assistant(), **names) as known, watched(browser, bypass_csp=True) as opened:
        for ladder, expected in ((places.ladder, 421), (known, 200)):
            answer = opened.page.goto(ladder.replace("127.0.0.1", REBOUND))
            assert answer is not None
            status, text = opened.page.evaluate(READ)
            assert [expected, expected] == [answer.status, status]
            assert ("X1" in text) == (expected == 200)  # otherwise the name would lead nowhere
