"""Who can use the widget: rules of accessibility, the keyboard alone, small screens, large letters.

Not covered: what the answers say (`test_widget`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from browser import Watched, watched
from widget_site import COMPARISON, DIFFERING, LIST, REFUSED, THREE, Site, ask, leave_one, open_box


@dataclass(frozen=True)
class State:
    name: str
    question: str | None


STATES = (
    State("start", None),
    State("answer", LIST),
    State("comparison", COMPARISON),
    State("refusal", REFUSED),
    State("conflict", DIFFERING),
)


@pytest.mark.parametrize("mode", ["inline", pytest.param("launcher", marks=pytest.mark.slow)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_state_breaks_a_rule_of_accessibility(
    browser: Browser, url: str, mode: str, scheme: Literal["light", "dark"], width: int
) -> None:
    found: dict[str, list[str]] = {}
    with watched(browser, width=width, scheme=scheme) as opened:
        opened.page.goto(f"{url}/demo")
        leave_one(opened.page, mode)
        open_box(opened.page, mode)
        for state in STATES:
            if state.question is not None:
                turn = ask(opened, state.question)
                for reference in turn.locator(".ref").all()[:2]:
                    reference.click()
            found[state.name] = opened.axe()
            opened.page.locator("ladder-qa").evaluate("(one) => one.reset()")
        ask(opened, LIST)
        opened.page.locator("button.down").last.click()
        found["feedback"] = opened.axe()
        opened.page.locator("ladder-qa").evaluate(
            "(one) => { one.fetch = async () => new Response('{}', {status: 500}); }"
        )
        expect(ask(opened).locator(".error")).to_be_visible()
        found["error"] = opened.axe()
    assert {name: [] for name in found} == found


@pytest.mark.parametrize("question", [COMPARISON, THREE])
def test_a_comparison_fits_into_320_pixels(browser: Browser, url: str, question: str) -> None:
    with watched(browser, width=320) as opened:
        opened.page.goto(f"{url}/demo")
        leave_one(opened.page, "inline")
        turn = ask(opened, question)
        turn.locator(".ref").first.click()
        widths = turn.locator(".table").evaluate(
            "(table) => [table.scrollWidth, table.clientWidth]"
        )
        assert widths[0] <= widths[1]
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_whole_journey_needs_a_keyboard_only(browser: Browser) -> None:
    site = Site(attributes='mode="launcher"')
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        press = opened.page.keyboard.press
        expect(opened.page.locator(".launcher")).to_be_visible()
        press("Tab")
        assert opened.focused() == "Ask the career ladder"
        press("Enter")
        assert opened.focused() == "Your question"
        assert opened.page.get_by_role("dialog", name="Ask the career ladder").is_visible()

        opened.page.keyboard.type("What does E1 do?")
        press("Shift+Enter")
        opened.page.keyboard.type("And why?")
        assert opened.page.locator("textarea").input_value() == "What does E1 do?\nAnd why?"
        press("Enter")
        opened.page.locator(".log .turn").wait_for()
        assert opened.focused() == "Your question"

        go_to(opened, "Source 1", "Shift+Tab")
        press("Enter")
        press("Tab")
        assert opened.focused().startswith("Show in the document")
        press("Escape")
        assert opened.focused() == "Source 1"
        assert opened.page.locator(".source").count() == 0

        go_to(opened, "Not helpful", "Tab")
        press("Enter")
        assert opened.focused() == "It is wrong"
        press("ArrowDown")
        press("Tab")
        opened.page.keyboard.type("No example.")
        press("Tab")
        press("Space")
        press("Tab")
        press("Enter")
        expect(opened.page.locator(".thumbs")).to_have_text("Thank you.")
        assert opened.focused() == "Thank you."

        go_to(opened, "New chat", "Shift+Tab")
        press("Enter")
        assert opened.page.locator(".turn").count() == 0
        assert opened.focused() == "Your question"
        press("Escape")
        assert opened.focused() == "Ask the career ladder"
        assert opened.page.locator(".frame").is_hidden()
        assert opened.harm(server.url) == []
    asked = "What does E1 do?\nAnd why?"
    told = {"reason": "incomplete", "comment": "No example.", "question": asked}
    assert site.sent == [{"answer_id": "ans_1", "verdict": "down", **told}]


def go_to(opened: Watched, name: str, key: str) -> None:
    """Presses a key until this has the focus."""
    for _ in range(20):
        opened.page.keyboard.press(key)
        if opened.focused() == name:
            return
    pytest.fail(f"{key} never led to {name!r}")


@pytest.mark.parametrize("mode", ["launcher", "panel"])
def test_escape_gives_the_focus_back_to_what_opened_the_box(browser: Browser, mode: str) -> None:
    site = Site(attributes=f'mode="{mode}"', body="<button>Help</button>")
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        help_button = opened.page.get_by_role("button", name="Help")
        help_button.focus()
        opened.page.evaluate("document.querySelector('ladder-qa').show()")
        assert opened.focused() == "Your question"
        opened.page.keyboard.press("Escape")
        expect(help_button).to_be_focused()


def test_what_can_be_pressed_is_24_pixels_wide_and_high(browser: Browser) -> None:
    with Site().serve() as server, watched(browser, width=320) as opened:
        opened.page.goto(server.url)
        turn = ask(opened)
        turn.locator(".ref").click()
        turn.locator("button.down").click()
        small = opened.page.locator("ladder-qa").evaluate(
            """({shadowRoot}) =>
              [...shadowRoot.querySelectorAll("button, a, textarea, label:has(input)")]
              .map((one) => [one.innerText || one.ariaLabel, one.getBoundingClientRect()])
              .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
              .map(([name]) => name)"""
        )
        assert small == []


def test_at_twice_the_size_nothing_is_cut_off(browser: Browser, url: str) -> None:
    """640 CSS pixels at a ratio of 2 are a window of 1280 pixels at 200 %."""
    with watched(browser, width=640, height=400, device_scale_factor=2) as opened:
        opened.page.goto(f"{url}/demo")
        leave_one(opened.page, "launcher")
        open_box(opened.page, "launcher")
        ask(opened, COMPARISON)
        inside = opened.page.locator(".frame").evaluate(
            """(frame) => [...frame.querySelectorAll("textarea, .form button, header button")]
              .map((one) => one.getBoundingClientRect())
              .every(({left, right, top, bottom}) =>
                left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight)"""
        )
        assert inside
        assert opened.page.locator(".body").evaluate("(body) => body.clientHeight") > 80


def test_forced_colours_and_a_wish_for_stillness_are_heeded(browser: Browser) -> None:
    with Site().serve() as server, watched(browser, forced_colors="active") as opened:
        opened.page.goto(server.url)
        turn = ask(opened)
        chip = turn.locator(".ref span")
        assert chip.evaluate("(one) => getComputedStyle(one).borderTopStyle") == "solid"
        assert opened.axe() == []
        moving = opened.page.evaluate("document.getAnimations().length")
        assert moving == 0
