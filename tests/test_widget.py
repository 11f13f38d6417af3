"""The widget in a real browser over the real server: answers, refusals, sources, a strict page.

Not covered: keyboard and accessibility (`test_widget_access`), states that the real server is
seldom in (`test_widget_stream`), hostile texts (`test_widget_hostile`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser import Watched, watched
from ladder_qa.assistant import Assistant
from served import assistant_for
from widget_site import COMPARISON, DIFFERING, LIST, REFUSED, THREE, ask, leave_one, open_box


@pytest.fixture(scope="module")
def assistant(pytestconfig: pytest.Config) -> Assistant:
    return assistant_for(pytestconfig, Path("corpus"))


@pytest.fixture
def demo(browser: Browser, url: str) -> Iterator[Watched]:
    """The demo page, whose policy is strict."""
    with watched(browser) as opened:
        opened.page.goto(f"{url}/demo")
        yield opened


def test_a_strict_page_works_without_a_report_or_a_request_elsewhere(
    demo: Watched, url: str
) -> None:
    for mode in ("inline", "launcher", "panel"):
        box = demo.page.locator(f"ladder-qa[mode={mode}]")
        open_box(demo.page, mode)
        box.locator("textarea").fill(COMPARISON)
        box.locator("textarea").press("Enter")
        box.locator(".ref").first.click()
        expect(box.locator(".source mark")).to_be_visible()
        if mode != "inline":
            demo.page.keyboard.press("Escape")
            demo.page.keyboard.press("Escape")
    expect(demo.page.locator("#events li")).to_have_count(6)
    assert demo.harm(url) == []


def test_the_policy_of_the_demo_page_does_report_what_it_forbids(demo: Watched, url: str) -> None:
    """Otherwise the test above could not fail."""
    demo.page.evaluate("document.body.append(Object.assign(document.createElement('img'), "
                       "{src: 'https://spy.example/p.gif'}))")  # fmt: skip
    demo.page.wait_for_function("window.seen.violations.length > 0")
    assert any("img-src" in report for report in demo.harm(url))


def test_a_comparison_is_a_table_with_headers(demo: Watched) -> None:
    leave_one(demo.page, "inline")
    turn = ask(demo, THREE)
    table = turn.get_by_role("table", name="Comparison")
    assert table.get_by_role("columnheader").count() == 3
    rows = table.get_by_role("rowheader").all_inner_texts()
    assert rows[:2] == ["Title", "Primary Focus"]
    assert table.get_by_role("cell").count() > 9


def test_a_source_opens_in_place_with_its_words_and_a_link_that_marks_them(
    demo: Watched, assistant: Assistant
) -> None:
    leave_one(demo.page, "inline")
    turn = ask(demo, LIST)
    first = assistant.ask(LIST).citations[0]
    item = turn.locator("li").filter(has=demo.page.locator(".ref")).first
    reference = item.get_by_role("button", name="Source 1", exact=True)
    reference.click()
    source = item.locator(".source")
    assert reference.get_attribute("aria-expanded") == "true"
    assert reference.get_attribute("aria-controls") == source.get_attribute("id")
    assert source.locator("mark").inner_text() == first.quote
    assert first.section[-1] in source.locator(".place").inner_text()
    with demo.page.context.expect_page() as opening:
        source.get_by_role("link", name="Show in the document").click()
    document = opening.value
    assert document.locator("#cited").inner_text() == first.quote
    assert document.evaluate("window.opener") is None


def test_a_refusal_says_so_and_shows_the_nearest_words(demo: Watched) -> None:
    leave_one(demo.page, "inline")
    turn = ask(demo, REFUSED)
    refused = turn.locator(".answer.refusal")
    assert refused.locator(".label").inner_text() == "The documents don’t say"
    assert refused.locator(".quotes li").count() == 3
    assert turn.locator(".ref").count() == 0


def test_a_partial_answer_names_what_is_missing(demo: Watched) -> None:
    leave_one(demo.page, "inline")
    turn = ask(demo, "E1 vs IC5")
    assert turn.locator(".label").first.inner_text() == "Answered in part"
    missing = turn.locator(".more", has_text="Not in the documents").locator("li")
    assert missing.all_inner_texts() == ["IC5"]


def test_documents_that_differ_stand_side_by_side(demo: Watched) -> None:
    leave_one(demo.page, "inline")
    turn = ask(demo, DIFFERING)
    sides = turn.locator(".differ figure")
    assert sides.count() == 2
    left, right = sides.nth(0).bounding_box(), sides.nth(1).bounding_box()
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]
    assert "6-12+ months" in sides.nth(0).inner_text()
    assert "1-2+ years" in sides.nth(1).inner_text()
    assert turn.get_by_text("The documents differ").count() == 1  # the heading; no note besides


def test_a_follow_up_is_understood_from_the_turn_before(demo: Watched) -> None:
    leave_one(demo.page, "inline")
    ask(demo, "How long does it take from E1 to E2?")
    turn = ask(demo, "and what are the pitfalls?")
    assert "super-Director" in turn.inner_text()


def test_a_suggestion_asks_and_takes_the_focus_along(demo: Watched) -> None:
    leave_one(demo.page, "inline")
    turn = ask(demo, COMPARISON)
    suggestion = turn.locator(".next button").first
    words = suggestion.inner_text()
    suggestion.click()
    expect(demo.page.locator("ladder-qa .log > .turn")).to_have_count(2)
    assert demo.focused() == words
