"""Hostile texts in every field of an answer: the widget shows letters, and does nothing else.

Each text is sent as a document's, a model's and a person's words at once, on a page whose policy is
strict. Not covered: what the server makes of such texts before they are sent.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from playwright.sync_api import Browser

from browser import watched
from ladder_qa.web.pages.text import UNSEEN
from widget_site import Site, answer, citation, streamed

FEW, MANY = 100, 1000
SPY = "https://spy.example"

ATTACKS = (
    "<script>hurt()</script>",
    "<img src=x onerror=hurt()>",
    f"<img src={SPY}/p.gif>",
    "<svg/onload=hurt()>",
    f"<iframe srcdoc='<script>parent.hurt()</script>' src={SPY}></iframe>",
    f"<link rel=stylesheet href={SPY}/a.css><style>@import '{SPY}/b.css'</style>",
    f"<base href={SPY}/><meta http-equiv=refresh content='0;url={SPY}'>",
    "<a href=javascript:hurt()>here</a>",
    "<button onclick=hurt() autofocus onfocus=hurt()>x</button>",
    "<ladder-qa server=https://spy.example starters=x open></ladder-qa>",
    "</textarea></style></script><script>hurt()</script>",
    f"![picture]({SPY}/p.gif)",
    f"![a][b]\n\n[b]: {SPY}/p.gif",
    f"[click]({SPY})",
    "[click](javascript:hurt())",
    f"<{SPY}/auto>",
    f"[1]({SPY}) [^1]: {SPY}",
    "&#60;img src=x onerror=hurt()&#62; &lt;script&gt;hurt()&lt;/script&gt;",
    "&#x3c;script&#x3e;hurt()&#x3c;/script&#x3e;",
    "&#0; &#x202e; &#8203; &#xffffff; &#9999999;",
    "&amp;lt;script&amp;gt;",
    "${hurt()} {{constructor.constructor('hurt()')()}} #{hurt()}",
    "javascript:hurt()",
    f"data:text/html,<script>hurt()</script> //{SPY[8:]}",
    '" onfocus="hurt()" autofocus x="',
    "' onmouseover='hurt()",
    "| a | b |\n|---|---|\n| <img src=x onerror=hurt()> | \\| [9] |",
    "**bold _both **bold* end_ ~~`code ``<b>`` x`",
    "1. <script>\n2. hurt()\n   - </script>",
    "```\n<script>hurt()</script>\n```",
    "> quoted\n# heading\n---\n",
    "\x1b[31mred\x1b]8;;https://spy.example\x07link\x1b]8;;\x07",
    "\u202egnp.exe\u2066\u2069 \u200bzero\ufeffwidth\u00ad\x00\x08",
    "\U000e0041\U000e0042 tagged \ud7ff\ufffe",
    "__proto__ constructor toString",
    "*" * 400,
    "[" * 400 + "]" * 400,
    "`" * 301,
    "_a_ " * 200,
    "| " * 300,
    "\\" * 333,
    "(" * 300 + "[x](" * 100,
)
ADDRESSES = (
    "javascript:hurt()",
    " javascript:hurt()",
    "\tjavascript:hurt()",
    "//spy.example/x",
    "/\\spy.example/x",
    "\\\\spy.example",
    SPY,
    "data:text/html,x",
    "@spy.example/",
    ".spy.example/",
    ":9/",
    "",
    "/documents/ok#x",
)

# Elements and attributes that the widget itself makes; whatever else is there came out of a text.
_FOREIGN = """(widget) => {
  const elements = new Set((
    "section button svg path div header h2 h3 h4 p ul ol li article span form label textarea " +
    "strong em code table thead tbody tr th td blockquote mark a figure figcaption fieldset " +
    "legend input").split(" "));
  const attributes = new Set((
    "class part role id for rows lang tabindex type title hidden d viewBox href rel target scope " +
    "colspan start enterkeyhint autocomplete data-column disabled name value maxlength"
  ).split(" "));
  const found = [];
  const unseen = new RegExp(UNSEEN, "u");
  for (const one of widget.shadowRoot.querySelectorAll("*")) {
    if (!elements.has(one.localName)) found.push(`element ${one.localName}`);
    for (const {name, value} of one.attributes) {
      if (!attributes.has(name) && !name.startsWith("aria-")) found.push(`attribute ${name}`);
      if (unseen.test(value)) found.push(`unseen in ${name}: ${JSON.stringify(value)}`);
    }
    const away = one.localName === "a" && !one.href.startsWith(location.origin + "/");
    if (away) found.push(`link ${one.href}`);
  }
  const text = widget.shadowRoot.querySelector("section").textContent;
  if (unseen.test(text)) found.push(`unseen: ${JSON.stringify(text.match(unseen))}`);
  return found;
}"""


def hostile(number: int) -> str:
    """The text of this number: one attack, or several put into each other."""
    if number < len(ATTACKS):
        return ATTACKS[number]
    chance = random.Random(number)
    outer, *inner = chance.sample(ATTACKS, chance.randint(2, 4))
    for part in inner:
        place = chance.randint(0, len(outer))
        outer = outer[:place] + part[:300] + outer[place:]
    return outer


def hostile_answer(text: str, number: int) -> dict[str, Any]:
    """An answer that holds the text wherever a text can be."""
    address = ADDRESSES[number % len(ADDRESSES)]
    fields: dict[str, Any] = {
        "document": text,
        "title": text,
        "section": [text, text],
        "context": [{"text": text, "start": 0, "end": 1}],
        "levels": [text],
        "url": address,
    }
    cited = [citation(1, text, **fields), citation(2, f"a {text}", **fields)]
    refused = number % 3 == 2
    return answer(
        f"{text} [1]\n\n- {text} [2]\n\n| {text} | b |\n| --- | --- |\n| c [1] | {text} |",
        question=text,
        outcome="not_in_documents" if refused else ("partial", "answered")[number % 2],
        claims=[{"text": text, "citations": [1, 2], "support": "verified", "levels": [text]}],
        citations=cited,
        missing=[text],
        conflicts=[{"about": text, "citations": [1, 2]}],
        nearest=cited,
        suggestions=[text],
        notices=[text],
        mode="llm",
        model=text,
    )


@pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.long])]
)
def test_hostile_texts_stay_letters(browser: Browser, count: int) -> None:
    numbers = iter(range(count))
    site = Site(lambda _: streamed(hostile_answer(hostile(number), number)))
    unseen = UNSEEN.pattern.replace("\U000e0000-\U000e007f", "\\u{e0000}-\\u{e007f}")
    unseen = unseen.replace("\ud800-\udfff", "\\ud800-\\udfff")
    with site.serve() as server, watched(browser) as opened:
        opened.page.goto(server.url)
        widget = opened.page.locator("ladder-qa")
        opened.page.evaluate("(pattern) => { window.UNSEEN = pattern; }", unseen)
        for number in numbers:
            opened.page.evaluate(
                """async (question) => {
                  const widget = document.querySelector("ladder-qa");
                  widget.reset();
                  widget.ask(question);
                  const root = widget.shadowRoot;
                  const later = () => new Promise((resolve) => setTimeout(resolve));
                  while (!root.querySelector(".log .turn")) await later();
                  for (const one of root.querySelectorAll(".ref, .up")) one.click();
                }""",
                f"q {hostile(number)}"[:1000],
            )
            assert widget.evaluate(_FOREIGN) == [], hostile(number)
        assert opened.harm(server.url) == []


def test_a_foreign_element_would_be_noticed(browser: Browser) -> None:
    """Otherwise the test above could not fail."""
    with Site().serve() as server, watched(browser, bypass_csp=True) as opened:
        opened.page.goto(server.url)
        opened.page.evaluate("() => { window.UNSEEN = '[\\u202e]'; }")
        found = opened.page.locator("ladder-qa").evaluate(
            f"""(widget) => {{
              const body = widget.shadowRoot.querySelector(".body");
              body.setHTMLUnsafe("<img onerror=hurt()><a href=https://spy.example>\\u202e</a>");
              return ({_FOREIGN})(widget);
            }}"""
        )
    assert found[:3] == ["element img", "attribute onerror", f"link {SPY}/"]
    assert len(found) == 4
