"""What a person sees and reaches on every page: axe-core, narrow windows, zoom, keyboard, print.

Not covered: the widget; which words a page says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from ladder_qa.assistant import Assistant
from pages_browser import opened, serving
from served import assistant_for

# Every kind of page, and the states that an answer may have.
PAGES = {
    "start": "/",
    "compared": "/?q=What+is+the+difference+between+E1+and+E2%3F",
    "listed": "/?q=What+does+success+look+like+for+M1%3F",
    "differing": "/?q=How+long+must+I+perform+at+the+next+level+before+M3%3F",
    "partial": "/?q=M3+vs+VP+of+engineering",
    "refused": "/?q=What+does+an+M2+earn%3F",
    "elsewhere": "/?q=What+is+the+weather+like%3F",
    "too long": f"/?q={'a' * 2001}",
    "documents": "/documents",
    "document": "/documents/progression-e1-to-e2?at=1271-1304",
    "level": "/levels/E1",
    "compare": "/compare/M1/M2",
    "choose": "/compare",
    "embed": "/embed",
    "reference": "/docs",
    "problem": "/problems/not-found",
    "not found": "/levels/X9",
}
SCHEMES = ("light", "dark")
_ONLY = {"resultTypes": ["violations"]}  # of axe-core: the rest is not gathered

_BEYOND = """() => [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .filter((element) => !element.closest(".table, pre"))
  .map((element) => element.outerHTML.slice(0, 80))"""
_SMALL = """() => [...document.querySelectorAll("button, select, input:not([type=hidden])")]
  .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 24)
  .map((element) => element.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def address(pytestconfig: pytest.Config, corpus_folder: Path) -> Iterator[str]:
    assistant: Assistant = assistant_for(pytestconfig, corpus_folder)
    with serving(assistant) as served:
        yield served


@pytest.fixture(scope="module")
def axe() -> Axe:
    return Axe()


@pytest.mark.parametrize(
    ("scheme", "width", "part"),
    [
        ("light", 360, 0),
        ("dark", 1280, 1),
        *(
            pytest.param(scheme, width, None, marks=pytest.mark.slow)
            for scheme in SCHEMES
            for width in (360, 1280)
        ),
    ],
)
def test_axe_finds_nothing_on_any_page(
    address: str, browser: Browser, *, axe: Axe, scheme: Any, width: int, part: int | None
) -> None:
    """Every page once in the normal run, in each scheme and width in the slow one."""
    names = list(PAGES) if part is None else list(PAGES)[part::2]
    size = {"width": width, "height": 900}
    with opened(browser, address, viewport=size, color_scheme=scheme, bypass_csp=True) as watched:
        for name in names:
            watched.page.goto(PAGES[name])
            found = axe.run(watched.page, options=_ONLY).response["violations"]
            assert [] == [(each["id"], each["nodes"][0]["html"]) for each in found], name


@pytest.mark.parametrize("theme", SCHEMES)
def test_a_frames_theme_wins_over_the_systems(
    address: str, browser: Browser, axe: Axe, theme: str
) -> None:
    other: Any = SCHEMES[theme == "light"]
    with opened(browser, address, color_scheme=other, bypass_csp=True) as watched:
        watched.page.goto(f"/embed?theme={theme}")
        channels = watched.page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
        )
        assert (min(channels) > 200) == (theme == "light")
        assert (max(channels) < 60) == (theme == "dark")
        assert [] == axe.run(watched.page, options=_ONLY).response["violations"]


@pytest.mark.parametrize(
    ("width", "size"), [(320, "100%"), (360, "100%"), (640, "200%"), (1280, "200%")]
)
def test_nothing_stands_beyond_the_window(
    address: str, browser: Browser, width: int, size: str
) -> None:
    """At 320 px, and with letters of twice the size; tables of documents scroll by themselves."""
    with opened(
        browser, address, viewport={"width": width, "height": 700}, bypass_csp=True
    ) as watched:
        for name, path in PAGES.items():
            watched.page.goto(path)
            watched.page.add_style_tag(content=f"html {{ font-size: {size} }}")
            assert [] == watched.page.evaluate(_BEYOND), name
            assert [] == watched.page.evaluate(_SMALL), name


def focused(page: Page) -> str:
    """The words of what has the focus, or its id."""
    words: str = page.evaluate("document.activeElement.innerText || document.activeElement.id")
    return words.strip()


def outline(page: Page) -> float:
    """How wide the line around what has the focus is, in pixels."""
    width: str = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    return float(width.removesuffix("px"))


def test_the_whole_way_by_keyboard_alone(address: str, browser: Browser) -> None:
    """The skip link, a question, a source, back, a follow-up, a level, two side by side."""
    with opened(browser, address) as watched:
        page = watched.page
        page.goto("/")
        page.keyboard.press("Tab")
        assert "Skip to the content" == focused(page)
        assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert "q" == focused(page)
        assert outline(page) >= 2
        page.keyboard.type("How long does it take to get from M2 to M3?")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert f"{address}/" == page.url
        tab_to(page, "1")
        page.keyboard.press("Enter")
        assert page.url.endswith("#source-1")
        tab_to(page, "Progression Guide: M2 to M3 ›", begins=True)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "/documents/progression-m2-to-m3" in page.url
        page.go_back()
        assert "How long does it take to get from M2 to M3?" == page.inner_text("h1")
        tab_to(page, "then")
        page.keyboard.type("And what is the difference between M3 and E1?")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert f"{address}/" == page.url
        tab_to(page, "M3 and E1 side by side", begins=True)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url.endswith("/compare/M3/E1")
        tab_to(page, "E1", begins=True)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url.endswith("/levels/E1")
        assert [] == watched.deeds()


def tab_to(page: Page, words: str, *, begins: bool = False) -> None:
    """Goes on by Tab until these words have the focus, which must be seen."""
    for _ in range(200):
        page.keyboard.press("Tab")
        now = focused(page)
        if now == words or (begins and now.startswith(words)):
            assert outline(page) >= 2
            return
    pytest.fail(f"Tab never leads to {words!r}")


def test_back_from_a_source_shows_the_answer_without_asking_again(
    address: str, browser: Browser
) -> None:
    """With "no-store" the browser would want to send the form once more."""
    with opened(browser, address) as watched:
        page = watched.page
        page.goto("/")
        page.fill("#q", "E1 vs E2")
        page.click("form.ask button")
        page.click(".place a >> nth=0")
        assert "/documents/" in page.url
        page.go_back()
        assert "E1 vs E2" == page.inner_text("h1")


def test_a_moving_page_stands_still_where_that_is_wanted(address: str, browser: Browser) -> None:
    for wanted, behaviour in (("reduce", "auto"), ("no-preference", "smooth")):
        motion: Any = wanted
        with opened(browser, address, reduced_motion=motion) as watched:
            watched.page.goto("/levels/E1")
            shown = watched.page.evaluate(
                "getComputedStyle(document.documentElement).scrollBehavior"
            )
            assert behaviour == shown


def test_forced_colours_leave_everything_to_be_seen(address: str, browser: Browser) -> None:
    with opened(browser, address, forced_colors="active") as watched:
        for path in ("/", "/?q=E1+vs+E2", "/documents/progression-e1-to-e2?at=1271-1304"):
            watched.page.goto(path)
            hidden = watched.page.evaluate(
                """() => [...document.querySelectorAll("a, button, mark, th, td, p")]
                .filter((each) => getComputedStyle(each).color ===
                                  getComputedStyle(each).backgroundColor)
                .map((each) => each.outerHTML)"""
            )
            assert [] == hidden


@pytest.mark.parametrize("path", ["/levels/E1", "/compare/E1/E2", "/?q=E1+vs+E2"])
def test_in_print_there_are_words_and_no_controls(
    address: str, browser: Browser, path: str
) -> None:
    with opened(browser, address) as watched:
        watched.page.goto(path)
        watched.page.emulate_media(media="print")
        shown = watched.page.evaluate(
            """() => [...document.querySelectorAll("header, nav, form, button, select, .skip")]
            .filter((each) => each.getClientRects().length > 0).map((each) => each.outerHTML)"""
        )
        assert [] == shown
        assert watched.page.is_visible("h1")
        assert len(watched.page.pdf()) > 5000
