"""What the widget makes of a stream that comes in any pieces, late, broken, or not at all.

Not covered: answers of the real server (`test_widget`); hostile texts (`test_widget_hostile`).
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from browser import Watched, watched
from scripted_llm import Hang, Reply, Reset, Wait, head
from widget_site import (
    Site,
    answer,
    ask,
    citation,
    event,
    events,
    problem,
    shown,
    streamed,
)

LONG = answer(
    "First statement. [1] Second statement. [2]",
    claims=[
        {"text": "First statement.", "citations": [1], "support": "verified", "levels": []},
        {"text": "Second statement.", "citations": [2], "support": "verified", "levels": []},
    ],
    citations=[citation(1), citation(2, "Another quote")],
    mode="llm",
    model="openai/some-model",
)

# Feeds bytes through the widget's own `fetch`, cut at the places given; the log's text comes back.
_FEED = """async ({parts, cuts}) => {
  const bytes = Uint8Array.from(atob(parts), (letter) => letter.charCodeAt(0));
  const widget = document.querySelector("ladder-qa");
  const log = widget.shadowRoot.querySelector(".log");
  const told = [];
  for (const ends of cuts) {
    widget.reset();
    widget.fetch = async () => new Response(new ReadableStream({
      start(stream) {
        let done = 0;
        for (const end of ends) { stream.enqueue(bytes.slice(done, end)); done = end; }
        stream.close();
      },
    }));
    widget.ask("What does E1 do?");
    while (!log.firstChild) await new Promise((resolve) => setTimeout(resolve));
    told.push({text: log.innerText, error: log.querySelector(".error") !== null});
  }
  return told;
}"""


def feed(opened: Watched, stream: bytes, cuts: list[list[int]]) -> list[dict[str, Any]]:
    """What the widget shows for `stream`, once for each list of places where it is cut."""
    given = {"parts": base64.b64encode(stream).decode(), "cuts": cuts}
    told: list[dict[str, Any]] = opened.page.evaluate(_FEED, given)
    return told


# -- the stream ------------------------------------------------------------------------------------

BYTES = b"".join(events(answer("Ünïcode — 漢字 \U0001f600 [1]", claims=LONG["claims"])))


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_a_stream_gives_the_same_wherever_it_is_cut(opened: Watched, ending: bytes) -> None:
    stream = b"\xef\xbb\xbf: hello\n\nretry: 5\n" + BYTES.replace(b"\n\n", b"\n: ping\n\n")
    stream = stream.replace(b"\n", ending)
    whole, by_byte, *others = feed(
        opened,
        stream,
        [
            [len(stream)],
            list(range(1, len(stream) + 1)),
            *([*range(step, len(stream), step), len(stream)] for step in (2, 3, 7, 64)),
        ],
    )
    assert "Ünïcode — 漢字 \U0001f600" in whole["text"]
    assert not whole["error"]
    assert by_byte == whole
    assert others == [whole] * len(others)


def test_data_over_several_lines_is_one_event(opened: Watched) -> None:
    lines = json.dumps(answer("It stands."), indent=2).splitlines()
    stream = "event: done\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
    (told,) = feed(opened, stream.encode(), [[len(stream)]])
    assert "It stands." in told["text"]


def test_a_stream_that_breaks_anywhere_is_marked_incomplete(opened: Watched) -> None:
    stream = b"".join(events(LONG))
    end = len(stream)
    told = feed(opened, stream, [[cut] for cut in range(0, end, 7)] + [[end - 1], [end]])
    *broken, last = told
    assert not last["error"]
    for one in broken:
        assert "this answer is not complete" in one["text"]
        assert "Try again" in one["text"]
    claims = [one["text"].count("statement.") for one in broken]
    assert claims == sorted(claims)
    assert set(claims) == {0, 1, 2}


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ([head(), *events(LONG)[:3], Reset()], "this answer is not complete"),
        ([head(), event("meta", {}), event("error", {"status": 500})], "went wrong on the server"),
        ([head(), b"event: done\ndata: {broken\n\n"], "went wrong on the server"),
        ([head(), b'event: done\ndata: {"answer": 3}\n\n'], "went wrong on the server"),
        ([head(), b"event: claim\ndata: null\n\nevent: citation\ndata: 3\n\n"], "not complete"),
        ([Reset()], "cannot be reached"),
        (problem(429, retry_after="30"), "ask again in 30 seconds"),
        (problem(429, retry_after="600"), "ask again in 10 minutes"),
        (problem(429), "ask again in a moment"),
        (problem(503, retry_after="5"), "documents are being read. You can ask again in 5 seconds"),
        (problem(401), "sign in"),
        (problem(403), "sign in"),
        (problem(422, "question: must hold a word"), "question: must hold a word"),
        (problem(500), "went wrong on the server"),
        ([head(502, "text/html"), b"<h1>Bad gateway</h1>"], "went wrong on the server"),
        ([head(302, "text/html", {"Location": "/login"})], "cannot be reached"),
    ],
    ids=str,
)
def test_a_failure_says_why_and_keeps_the_question(
    opened: Watched, site: Site, reply: Reply, words: str
) -> None:
    site.answering = lambda _: reply
    turn = ask(opened, "What does E1 do?")
    assert words in turn.locator(".error").inner_text()
    assert turn.locator(".question").inner_text() == "What does E1 do?"
    assert opened.page.evaluate("window.seen.violations") == []


def test_an_error_after_claims_leaves_them_standing(opened: Watched, site: Site) -> None:
    failure = event("error", {"status": 500, "title": "No", "detail": "no"})
    site.answering = lambda _: [head(), *events(LONG)[:3], failure]
    turn = ask(opened)
    assert turn.locator(".words p").all_inner_texts() == ["First statement.\xa01"]
    turn.get_by_role("button", name="Source 1").click()
    assert turn.locator(".source mark").inner_text() == "Owns a specific domain"


def test_trying_again_asks_the_same_in_the_same_turn(opened: Watched, site: Site) -> None:
    replies = [problem(500), streamed(answer())]
    site.answering = lambda _: replies.pop(0)
    ask(opened, "What does E1 do?").get_by_role("button", name="Try again").click()
    expect(opened.page.locator(".log .answered")).to_have_count(1)
    expect(opened.page.locator(".turn")).to_have_count(1)
    assert site.asked == [{"question": "What does E1 do?", "history": []}] * 2
    assert opened.focused() == "What does E1 do?"


def test_after_too_many_questions_one_may_try_again_when_the_time_has_come(
    opened: Watched, site: Site
) -> None:
    site.answering = lambda _: problem(429, retry_after="1")
    retry = ask(opened).get_by_role("button", name="Try again")
    assert retry.is_disabled()
    expect(retry).to_be_enabled()


# -- waiting ---------------------------------------------------------------------------------------


def test_claims_are_shown_as_they_come_and_the_end_moves_nothing(
    opened: Watched, site: Site
) -> None:
    *first, last = events(LONG)
    site.answering = lambda _: [head(), *first, Wait(0.4), last]
    turn = ask(opened, wait=False)
    running = opened.page.locator(".running")
    expect(running.locator(".words p")).to_have_count(2)
    assert running.get_attribute("aria-busy") == "true"
    before = running.locator(".words").bounding_box()
    turn.wait_for()
    assert before is not None
    after = turn.locator(".words").bounding_box()
    assert after is not None
    assert (before["x"], before["y"]) == (after["x"], after["y"])
    assert running.get_attribute("aria-busy") == "false"
    assert "Worded by openai/some-model" in turn.inner_text()


def test_an_answer_is_announced_once_when_it_is_finished(opened: Watched, site: Site) -> None:
    opened.page.evaluate(
        """() => {
          const root = document.querySelector("ladder-qa").shadowRoot;
          window.announced = [];
          // What a screen reader says of a live region: what is added to it, less what is off.
          const words = (node) => node.nodeType === 3 ? node.data
            : node.getAttribute?.("aria-live") === "off" ? ""
            : [...node.childNodes].map(words).join("");
          for (const region of root.querySelectorAll("[role=log], [role=status]")) {
            const note = (node) => {
              const off = node.parentElement?.closest("[aria-live=off]");
              if (!off) window.announced.push(words(node));
            };
            const noteAll = (changes) => changes.forEach((one) => one.addedNodes.forEach(note));
            const all = {childList: true, subtree: true, characterData: true};
            new MutationObserver(noteAll).observe(region, all);
          }
        }"""
    )
    site.answering = lambda _: [head(), *(x for e in events(LONG) for x in (e, Wait(0.05)))]
    turn = ask(opened)
    turn.locator(".ref").first.click()
    announced = "\n".join(opened.page.evaluate("window.announced"))
    assert announced.count("First statement.") == 1
    assert announced.count("Second statement.") == 1
    assert "Copy as text" not in announced
    assert "Owns a specific domain" not in announced
    log = opened.page.locator(".log")
    assert (log.get_attribute("role"), log.get_attribute("aria-live")) == ("log", "polite")


def test_the_focus_stays_on_a_source_when_the_answer_is_finished(
    opened: Watched, site: Site
) -> None:
    *first, last = events(LONG)
    site.answering = lambda _: [head(), *first, Wait(0.5), last]
    turn = ask(opened, wait=False)
    opened.page.locator(".running").get_by_role("button", name="Source 2").focus()
    turn.wait_for()
    assert opened.focused() == "Source 2"


def test_a_slow_answer_says_so(browser: Browser) -> None:
    site = Site(lambda _: [Hang()])
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        opened.page.clock.install(time=0)
        opened.page.clock.pause_at(1_000_000)
        ask(opened, wait=False)
        running = opened.page.locator(".running")
        expect(running).to_contain_text("Looking it up")
        opened.page.clock.run_for(3900)
        expect(running).to_contain_text("Looking it up")
        opened.page.clock.run_for(200)
        expect(running).to_contain_text("This takes longer than usual")


def test_a_server_that_falls_silent_is_given_up(browser: Browser) -> None:
    site = Site(lambda _: [head(), *events(LONG)[:3], Hang()])
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        opened.page.clock.install()
        turn = ask(opened, wait=False)
        expect(opened.page.locator(".running")).to_contain_text("First statement.")
        opened.page.clock.fast_forward(46_000)
        expect(turn.locator(".error")).to_contain_text("this answer is not complete")


def test_stopping_ends_the_request_and_keeps_what_came(browser: Browser) -> None:
    site = Site(lambda _: [head(), *events(LONG)[:3], Hang()])
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        turn = ask(opened, wait=False)
        expect(opened.page.locator(".running")).to_contain_text("First statement.")
        opened.page.get_by_role("button", name="Stop").click()
        assert "You stopped this answer" in turn.locator(".error").inner_text()
        assert "First statement." in turn.inner_text()
        server.wait_until(lambda: server.requests[-1].gone_at is not None)
        assert opened.page.get_by_role("button", name="Ask", exact=True).is_visible()


def test_while_an_answer_comes_enter_keeps_the_next_question(opened: Watched, site: Site) -> None:
    site.answering = lambda _: [Hang()]
    ask(opened, wait=False)
    box = opened.page.locator("textarea")
    box.fill("And then?")
    box.press("Enter")
    assert box.input_value() == "And then?"
    expect(opened.page.locator("[role=status]")).to_have_text(
        "Wait for this answer, or stop it first."
    )
    assert opened.page.locator(".turn").count() == 1


def test_without_a_network_the_question_waits(opened: Watched) -> None:
    opened.page.context.set_offline(True)
    expect(opened.page.locator(".offline")).to_be_visible()
    turn = ask(opened)
    assert "You are offline. Your question is kept" in turn.locator(".error").inner_text()
    opened.page.context.set_offline(False)
    expect(opened.page.locator(".offline")).to_be_hidden()
    turn.get_by_role("button", name="Try again").click()
    expect(opened.page.locator(".log .answered")).to_have_count(1)


def test_a_new_chat_forgets_the_one_that_is_running(opened: Watched, site: Site) -> None:
    site.answering = lambda _: [head(), *events(LONG)[:3], Hang()]
    ask(opened, wait=False)
    expect(opened.page.locator(".running")).to_contain_text("First statement.")
    opened.page.get_by_role("button", name="New chat").click()
    assert opened.page.locator(".turn").count() == 0
    site.answering = lambda _: streamed(answer())
    ask(opened)
    assert shown(opened).count("What does E1 do?") == 1
