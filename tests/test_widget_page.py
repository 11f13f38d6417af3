"""What a host page can set, hear and prevent: attributes, properties, events, styles, print.

Not covered: what is sent meanwhile (`test_widget_sending`).
"""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, expect

from browser import Watched, watched
from ladder_qa.web import widget
from widget_site import Site, answer, ask, one_of, problem, streamed

# -- events and properties -------------------------------------------------------------------------


def test_events_bubble_out_of_the_widget_with_their_details(opened: Watched, site: Site) -> None:
    opened.page.evaluate(
        """() => {
          window.told = [];
          for (const name of ["question", "answer", "error", "feedback"]) {
            document.addEventListener(`ladder-qa-${name}`, (event) =>
              window.told.push([name, event.cancelable, event.composed, event.detail]));
          }
        }"""
    )
    site.answering = one_of({"good": streamed(answer()), "bad": problem(429, retry_after="9")})
    turn = ask(opened, "good")
    turn.locator("button.up").click()
    turn.get_by_role("button", name="Send").click()
    expect(turn.locator(".thumbs")).to_have_text("Thank you.")
    ask(opened, "bad")
    names = [(name, cancelable, composed) for name, cancelable, composed, _ in told(opened)]
    assert names == [
        ("question", True, True),
        ("answer", True, True),
        ("feedback", True, True),
        ("question", True, True),
        ("error", False, True),
    ]
    details = [detail for *_, detail in told(opened)]
    assert details[0] == {"question": "good", "history": []}
    assert details[1] == answer()
    assert details[2] == {"answer_id": "ans_1", "verdict": "up"}
    assert (details[4]["kind"], details[4]["status"], details[4]["retryAfter"]) == ("many", 429, 9)


def told(opened: Watched) -> list[Any]:
    """What the page's listener wrote down."""
    noted: list[Any] = opened.page.evaluate("window.told")
    return noted


def prevent(opened: Watched, name: str) -> None:
    """Lets the page prevent an event's default."""
    opened.page.evaluate(
        "(name) => document.addEventListener(name, (event) => event.preventDefault())", name
    )


def test_a_page_can_prevent_a_question(opened: Watched) -> None:
    prevent(opened, "ladder-qa-question")
    ask(opened, wait=False)
    assert opened.page.locator(".turn").count() == 0
    assert not any("/ask/" in url for url in opened.requests)
    assert opened.page.locator("textarea").input_value() == "What does E1 do?"


def test_a_page_can_show_the_answer_itself(opened: Watched) -> None:
    prevent(opened, "ladder-qa-answer")
    ask(opened, wait=False)
    expect(opened.page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    expect(opened.page.locator(".turn")).to_have_count(0)


def test_a_page_can_keep_feedback_from_being_sent(opened: Watched, site: Site) -> None:
    prevent(opened, "ladder-qa-feedback")
    turn = ask(opened)
    turn.locator("button.up").click()
    turn.get_by_role("button", name="Send").click()
    expect(turn.locator(".thumbs")).to_have_text("Thank you.")
    assert site.sent == []


def test_properties_mirror_attributes(opened: Watched) -> None:
    found = opened.page.evaluate(
        """() => {
          const widget = document.createElement("ladder-qa");
          const first = [widget.server, widget.mode, widget.theme, widget.open, widget.starters,
            widget.levels, widget.history, widget.feedback];
          Object.assign(widget, {
            server: "https://a.example", mode: "panel", theme: "dark", open: true,
            starters: ["A?", "B?"], levels: "E1", history: "session", feedback: "off"});
          const pairs = widget.getAttributeNames().map((name) => [name, widget.getAttribute(name)]);
          const attributes = Object.fromEntries(pairs);
          widget.mode = "sideways";
          return [first, attributes, widget.mode];
        }"""
    )
    origin = opened.page.url.rstrip("/")
    assert found[0] == [origin, "inline", "auto", False, None, None, "none", "on"]
    assert found[1] == {
        "server": "https://a.example",
        "mode": "panel",
        "theme": "dark",
        "open": "",
        "starters": "A?|B?",
        "levels": "E1",
        "history": "session",
        "feedback": "off",
    }
    assert found[2] == "inline"


@pytest.mark.parametrize(
    ("given", "attribute", "shown"),
    [
        ('["Pay | rank?", "B?"]', '["Pay | rank?","B?"]', ["Pay | rank?", "B?"]),
        ('["A?", "B?"]', "A?|B?", ["A?", "B?"]),
        ('"[1] A?|B?"', "[1] A?|B?", ["[1] A?", "B?"]),
        ('\'["A?", 7, "", "B|C?"]\'', '["A?", 7, "", "B|C?"]', ["A?", "B|C?"]),
    ],
)
def test_a_starter_may_hold_what_divides_starters(
    opened: Watched, given: str, attribute: str, shown: list[str]
) -> None:
    widget = opened.page.locator("ladder-qa")
    widget.evaluate(f"(widget) => {{ widget.starters = {given}; }}")
    assert attribute == widget.get_attribute("starters")
    expect(opened.page.locator(".starters button")).to_have_text(shown)


def test_properties_set_before_the_script_ran_count(browser: Browser) -> None:
    with Site().serve() as server, watched(browser) as opened:
        early = "document.querySelector('ladder-qa').starters = ['Early?'];"
        body = early + widget.current().data.decode()
        opened.page.route(
            "**/widget.js", lambda route: route.fulfill(content_type="text/javascript", body=body)
        )
        opened.page.goto(server.url)
        expect(opened.page.locator(".starters button")).to_have_text(["Early?"])


def test_the_script_may_run_twice_and_as_a_module(browser: Browser) -> None:
    with Site().serve() as server, watched(browser, bypass_csp=True) as opened:
        opened.page.goto(server.url)
        run_as_module(opened)
        assert opened.console == []
        assert opened.page.evaluate("customElements.get('ladder-qa') === LadderQaElement")
        ask(opened)


def run_as_module(opened: Watched) -> None:
    """Runs the widget's script once more, as a module."""
    opened.page.evaluate(
        """() => new Promise((resolve) => {
          const script = document.createElement("script");
          script.type = "module";
          script.src = "/widget.js?again";
          script.onload = resolve;
          document.head.append(script);
        })"""
    )


# -- language, look, print ---


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Your question"),
        ("de", "Deine Frage"),
        ("fr", "Votre question"),
        ("es", "Tu pregunta"),
        ("fr-CA", "Votre question"),
        ("ja", "Your question"),
    ],
)
def test_the_widget_speaks_the_pages_language(opened: Watched, language: str, words: str) -> None:
    opened.page.evaluate(
        """(language) => {
          document.documentElement.lang = language;
          document.querySelector("ladder-qa").mode = "panel"; // drawn anew
        }""",
        language,
    )
    expect(opened.page.locator("ladder-qa .form label")).to_have_text(words)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_beats_the_systems(browser: Browser, theme: str) -> None:
    dark = {"light": "rgb(253, 252, 249)", "dark": "rgb(25, 24, 22)"}
    scheme: Literal["light", "dark"] = "dark" if theme == "light" else "light"
    site = Site(attributes=f'theme="{theme}"')
    with site.serve() as server, watched(browser, scheme=scheme) as opened:
        opened.page.goto(server.url)
        colour = opened.page.locator(".frame").evaluate(
            "(one) => getComputedStyle(one).backgroundColor"
        )
        assert colour == dark[theme]


def test_a_page_sets_colours_and_parts(browser: Browser) -> None:
    with Site().serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        opened.page.evaluate(
            """() => {
              const sheet = new CSSStyleSheet();
              sheet.replaceSync("ladder-qa { --ladder-qa-accent: rgb(0, 90, 0); }" +
                "ladder-qa::part(question) { font-style: italic; }");
              document.adoptedStyleSheets.push(sheet);
            }"""
        )
        turn = ask(opened)
        link = opened.page.locator("[part=submit]")
        assert link.evaluate("(one) => getComputedStyle(one).backgroundColor") == "rgb(0, 90, 0)"
        assert (
            turn.locator(".question").evaluate("(one) => getComputedStyle(one).fontStyle")
            == "italic"
        )


def test_styles_of_the_page_do_not_leak_in(browser: Browser) -> None:
    with Site().serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        opened.page.evaluate(
            """() => {
              const sheet = new CSSStyleSheet();
              sheet.replaceSync(
                "* { color: red; text-transform: uppercase; letter-spacing: 9px; font-size: 9px }");
              document.adoptedStyleSheets.push(sheet);
            }"""
        )
        style = opened.page.locator(".form label").evaluate(
            """(one) => {
              const style = getComputedStyle(one);
              return [style.color, style.textTransform, style.letterSpacing, style.fontSize];
            }"""
        )
        assert style == ["rgb(34, 32, 28)", "none", "normal", "13.8125px"]


def test_only_the_conversation_is_printed_with_its_sources(browser: Browser) -> None:
    site = Site(lambda _: streamed(answer("It owns. [1]")))
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        turn = ask(opened)
        opened.page.evaluate(
            """() => { window.print = () => {
              dispatchEvent(new Event("beforeprint"));
              const seen = (one) => getComputedStyle(one).display !== "none";
              const root = document.querySelector("ladder-qa").shadowRoot;
              const link = root.querySelector(".printed .place a");
              window.printed = {
                page: [...document.querySelectorAll("h1, p")].some(seen),
                form: seen(root.querySelector(".form")),
                words: root.querySelector(".frame").innerText,
                address: getComputedStyle(link, "::after").content,
              };
              dispatchEvent(new Event("afterprint"));
            }; }"""
        )
        opened.page.emulate_media(media="print")
        opened.page.locator("ladder-qa button[title=Print]").evaluate("(one) => one.click()")
        printed = opened.page.evaluate("window.printed")
        assert (printed["page"], printed["form"]) == (False, False)
        assert "It owns." in printed["words"]
        assert "Owns a specific domain" in printed["words"]
        assert (
            printed["address"] == f'"{server.url}/documents/guide?at=10-32#the-core-shift:~:text=x"'
        )
        opened.page.emulate_media(media="screen")
        assert opened.page.locator("h1").is_visible()
        assert turn.locator(".printed").count() == 0
