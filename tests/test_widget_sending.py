"""What the widget sends, stores and hands out: questions, tokens, feedback, copies.

Not covered: what comes back (`test_widget_stream`).
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from browser import Watched, watched
from scripted_llm import Reply, Request, head
from widget_site import (
    CONFLICT,
    REFUSAL,
    Site,
    answer,
    ask,
    one_of,
    problem,
    shown,
    streamed,
)

SECTION = "Guide: E1 to E2 › The Core Shift"


# -- what is sent ----------------------------------------------------------------------------------


def test_the_last_turns_go_along_within_the_limits(opened: Watched, site: Site) -> None:
    site.answering = lambda _: streamed(answer("\U0001f600" * 5000))
    for number in range(10):
        ask(opened, f"question {number}")
    history = site.asked[-1]["history"]
    assert [turn["role"] for turn in history] == ["user", "assistant"] * 8
    assert history[0]["content"] == "question 1"
    assert all(len(turn["content"]) <= 4000 for turn in history)
    assert len(history[-1]["content"]) == 4000


def test_a_question_is_counted_in_code_points_and_refused_when_too_long(opened: Watched) -> None:
    box, count = opened.page.locator("textarea"), opened.page.locator(".count")
    box.fill("\U0001f600" * 1799)
    expect(count).to_have_text("")
    box.fill("\U0001f600" * 1990)
    expect(count).to_have_text("10 characters left")
    box.fill("\U0001f600" * 2001)
    expect(count).to_have_text("1 characters too many")
    assert box.get_attribute("aria-invalid") == "true"
    box.press("Enter")
    assert opened.page.locator(".turn").count() == 0
    box.fill("\U0001f600" * 2000)
    box.press("Enter")
    expect(opened.page.locator(".log .turn")).to_have_count(1)


def test_what_cannot_be_sent_is_left_out_of_a_question(opened: Watched, site: Site) -> None:
    opened.page.evaluate("document.querySelector('ladder-qa').ask('a\\u0000b\\u202ec\\ud800d ')")
    expect(opened.page.locator(".log .turn")).to_have_count(1)
    assert site.asked[0]["question"] == "abcd"


@pytest.mark.parametrize("blank", ["", "  \n", "\u200b"])
def test_a_blank_question_is_not_asked(opened: Watched, blank: str) -> None:
    opened.page.locator("textarea").fill(blank)
    opened.page.get_by_role("button", name="Ask", exact=True).click()
    assert opened.page.locator(".turn").count() == 0
    assert opened.focused() == "Your question"


def test_enter_while_an_input_method_composes_does_not_send(opened: Watched) -> None:
    box = opened.page.locator("textarea")
    box.fill("にほん")
    for given in ({"isComposing": True}, {"keyCode": 229}):
        box.dispatch_event("keydown", {"key": "Enter", **given})
    assert opened.page.locator(".turn").count() == 0


def test_starters_are_the_servers_those_about_preferred_levels_first(browser: Browser) -> None:
    site = Site(starters=("About E1?", "About E2?", "About M1?", "About M2?", "About M3?"))
    site.attributes = 'levels="m2, M1"'
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        buttons = opened.page.locator(".starters button")
        expect(buttons).to_have_text(["About M1?", "About M2?", "About E1?", "About E2?"])
        buttons.first.click()
        expect(opened.page.locator(".log .turn")).to_have_count(1)
        expect(buttons).to_have_count(0)
        assert opened.focused() == "About M1?"


def test_given_starters_need_no_request(browser: Browser) -> None:
    site = Site(attributes='starters="One?|Two?"')
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        expect(opened.page.locator(".starters button")).to_have_text(["One?", "Two?"])
        assert not any("/api/" in url for url in opened.requests)


def test_a_server_without_starters_has_none(browser: Browser) -> None:
    site = Site(levels=lambda _: [head(200, "application/json"), b'{"levels": []}'])
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        expect(opened.page.locator(".lead")).to_be_visible()
        assert opened.page.locator(".starters button").count() == 0


def test_a_closed_box_asks_the_server_nothing(browser: Browser) -> None:
    with Site(attributes='mode="launcher"').serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        opened.page.locator(".launcher").wait_for()
        assert not any("/api/" in url for url in opened.requests)
        opened.page.locator(".launcher").click()
        expect(opened.page.locator(".starters button")).to_have_count(2)


# -- tokens and fetch ------------------------------------------------------------------------------


def test_a_token_is_asked_for_each_time_and_once_anew_after_a_401(browser: Browser) -> None:
    heard: list[str] = []

    def levels(request: Request) -> Reply:
        heard.append(request.headers.get("authorization", ""))
        return problem(401) if heard[-1] != "Bearer new" else [head(200, "application/json"), b"{}"]

    with Site(levels=levels).serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        opened.page.evaluate(
            """async () => {
              window.calls = [];
              document.querySelector("ladder-qa").tokenProvider = async (asked) => {
                window.calls.push(asked);
                return asked.refresh ? "new" : "old";
              };
            }"""
        )
        server.wait_until(lambda: len(heard) == 3)
        assert heard == ["", "Bearer old", "Bearer new"]
        assert opened.page.evaluate("window.calls") == [{}, {"refresh": True}]
        kept = opened.page.evaluate(
            "[document.cookie, localStorage.length, sessionStorage.length, document.body.outerHTML]"
        )
        assert kept[:3] == ["", 0, 0]
        assert "new" not in kept[3]


def test_a_fetch_of_the_page_takes_the_browsers_place(opened: Watched) -> None:
    opened.page.evaluate(
        """() => {
          const widget = document.querySelector("ladder-qa");
          widget.fetch = async (address, request) => {
            window.asked = [new URL(address).pathname, request.method, request.redirect];
            return new Response("", {status: 500});
          };
          widget.ask("What does E1 do?");
        }"""
    )
    opened.page.locator(".error").wait_for()
    assert opened.page.evaluate("window.asked") == ["/api/v1/ask/stream", "POST", "error"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://a.example", "http://"])
def test_an_address_that_is_no_servers_is_refused(opened: Watched, address: str) -> None:
    opened.page.evaluate("(to) => { document.querySelector('ladder-qa').server = to; }", address)
    turn = ask(opened)
    assert "address of the server is not valid" in turn.locator(".error").inner_text()


# -- storage, copying, feedback -----------------------------------------------------------------


def test_nothing_is_stored_unless_the_page_allows_it(opened: Watched) -> None:
    ask(opened)
    assert opened.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    opened.page.reload()
    expect(opened.page.locator("textarea")).to_be_visible()
    assert opened.page.locator(".turn").count() == 0


def test_a_conversation_outlives_the_page_where_that_is_allowed(browser: Browser) -> None:
    site = Site(attributes='history="session"')
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        ask(opened, "first")
        ask(opened, "second")
        before = shown(opened)
        opened.page.reload()
        expect(opened.page.locator(".log .turn")).to_have_count(2)
        assert shown(opened) == before
        opened.page.get_by_role("button", name="New chat").click()
        assert opened.page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("allowed", [True, False])
def test_an_answer_is_copied_with_its_sources(browser: Browser, allowed: bool) -> None:
    """Also where the page may not write to the clipboard by itself, as on an insecure intranet."""
    table = "|  | E1 | E2 |\n| --- | --- | --- |\n| Scope | One \\*domain\\* [1] | — |"
    site = Site(lambda _: streamed(answer(table)))
    permissions = ["clipboard-read", "clipboard-write"]
    with site.serve() as server, watched(browser, permissions=permissions) as opened:
        opened.page.goto(server.url)
        turn = ask(opened)
        if not allowed:
            opened.page.evaluate(
                "() => { navigator.clipboard.writeText = () => Promise.reject(); }"
            )
        turn.get_by_role("button", name="Copy as Markdown").click()
        expect(turn.get_by_role("button", name="Copied")).to_be_visible()
        markdown = opened.page.evaluate("navigator.clipboard.readText()")
        turn.get_by_role("button", name="Copy as text").click()
        expect(turn.get_by_role("button", name="Copied")).to_have_count(2)
        text = opened.page.evaluate("navigator.clipboard.readText()")
        place = f"{server.url}/documents/guide?at=10-32#the-core-shift:~:text=x"
    assert markdown == (
        "### What does E1 do?\n\n|  | E1 | E2 |\n| --- | --- | --- |\n"
        "| Scope | One \\*domain\\* [^1] | — |\n\n"
        f"[^1]: E1 (Director): “Owns a specific domain” — {SECTION} <{place}>"
    )
    assert text == (
        "What does E1 do?\n\n- Scope; E1: One *domain* [1]; E2: —\n\n"
        f"[1] E1 (Director): “Owns a specific domain” — {SECTION}, {place}"
    )


def test_a_refusal_and_a_conflict_are_copied_whole(browser: Browser) -> None:
    site = Site(one_of({"refused": streamed(REFUSAL), "differing": streamed(CONFLICT)}))
    permissions = ["clipboard-read", "clipboard-write"]
    with site.serve() as server, watched(browser, permissions=permissions) as opened:
        opened.page.goto(server.url)
        ask(opened, "refused").get_by_role("button", name="Copy as text").click()
        refused = opened.page.evaluate("navigator.clipboard.readText()")
        ask(opened, "differing").get_by_role("button", name="Copy as text").click()
        expect(opened.page.get_by_role("button", name="Copied").last).to_be_visible()
        differing = opened.page.evaluate("navigator.clipboard.readText()")
    assert "The documents don’t say." in refused
    assert "Not in the documents:\n\n- salaries" in refused
    assert "“Promotions are earned.”" in refused
    assert "- How long one performs at the next level [1][2]" in differing


def test_feedback_holds_the_question_only_with_consent(opened: Watched, site: Site) -> None:
    for consent in (False, True):
        turn = ask(opened)
        turn.locator("button.down").click()
        turn.get_by_label("It is wrong").check()
        if consent:
            turn.get_by_label("Keep the text of my question").check()
        turn.get_by_role("button", name="Send").click()
        expect(turn.locator(".thumbs")).to_have_text("Thank you.")
    bare = {"answer_id": "ans_1", "verdict": "down", "reason": "wrong"}
    assert site.sent == [bare, {**bare, "question": "What does E1 do?"}]


def test_feedback_that_fails_can_be_sent_again(opened: Watched, site: Site) -> None:
    replies = [problem(500), [head(204)]]
    site.feedback = lambda _: replies.pop(0)
    turn = ask(opened)
    turn.locator("button.up").click()
    turn.get_by_role("button", name="Send").click()
    expect(turn.locator(".feedback")).to_contain_text("could not be sent")
    turn.get_by_role("button", name="Send").click()
    expect(turn.locator(".thumbs")).to_have_text("Thank you.")


def test_feedback_can_be_left_out(browser: Browser) -> None:
    with Site(attributes='feedback="off"').serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        assert ask(opened).locator(".thumbs").count() == 0


def test_another_origin_is_asked_where_the_script_came_from(browser: Browser) -> None:
    """The page is at one port, script and API at another: the default is the script's origin."""
    with Site().serve() as there, Site().serve() as here, watched(browser, bypass_csp=True) as page:
        load = f"const s = document.createElement('script'); s.src = '{there.url}/widget.js';"
        page.page.route(
            f"{here.url}/widget.js",
            lambda route: route.fulfill(
                content_type="text/javascript", body=f"{load} document.head.append(s);"
            ),
        )
        page.page.goto(here.url)
        page.page.locator("textarea").wait_for()
        ask(page)
        asked = [url for url in page.requests if "/api/" in url]
    assert asked
    assert all(url.startswith(f"{there.url}/api/") for url in asked)
