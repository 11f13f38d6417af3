"""Asking by a page's form: no question in an address unless somebody shares it; the iframe page.

Not covered: what the answers say; the limits of calls for programs (`test_web_problems.py`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from ladder_qa.datamodels import Turn
from ladder_qa.errors import QuestionError
from ladder_qa.texts import MAX_QUESTION
from ladder_qa.web.app import create_app
from ladder_qa.web.forms import FORM_LIMIT, MEDIA, MOST_BEFORE, AskForm, ask_form
from serving_fakes import FakeAssistant, FakeIndex, fake_assistant, settings
from test_web_pages import ALLOWED, Page

FORM = {"content-type": MEDIA}
ASKED = "who looks ahead, & why?"


@pytest.fixture
def assistant() -> FakeAssistant:
    return fake_assistant()


@pytest.fixture
def client(assistant: FakeAssistant) -> Iterator[TestClient]:
    app = create_app(settings(log_level="error"), FakeIndex(assistant).backend())
    with TestClient(app, follow_redirects=False) as opened:
        yield opened


def forms(text: str) -> list[tuple[str, str, dict[str, list[str]]]]:
    """Each form of a page: method, action, and the values of its inputs and buttons."""
    found = []
    for method, action, body in re.findall(
        r'<form[^>]*action="([^"]*)" method="(\w+)"[^>]*>(.*?)</form>', text, re.DOTALL
    ):
        values: dict[str, list[str]] = {}
        for name, value in re.findall(r'name="(\w+)"(?:[^>]*?value="([^"]*)")?', body):
            values.setdefault(name, []).append(html.unescape(value))
        found.append((action, html.unescape(method), values))
    return found


@pytest.mark.parametrize("path", ["/", "/embed"])
def test_a_posted_question_is_answered_at_an_address_without_it(
    client: TestClient, assistant: FakeAssistant, path: str
) -> None:
    response = client.post(path, data={"q": ASKED})
    assert 200 == response.status_code
    assert ASKED == Page(response.text).heading
    assert [(ASKED, ())] == assistant.asked
    assert "private, no-cache" == response.headers["cache-control"]
    assert "location" not in response.headers


def test_no_form_or_link_of_a_page_puts_a_question_into_an_address(client: TestClient) -> None:
    pages = [client.get(path).text for path in ("/", "/levels/X1", "/compare/X1/X2", "/embed")]
    for text in (*pages, client.post("/", data={"q": "zzz"}).text):
        for method, action, values in forms(text):
            assert "post" == method or (action, set(values)) == ("/compare", {"a", "b"})
        shares = re.findall(r'href="(/\?q=[^"]*)">([^<]*)', text)
        assert all(words == "Share this question" for _, words in shares)


def test_sharing_leads_to_an_address_that_answers_the_same_question(client: TestClient) -> None:
    text = client.post("/", data={"q": ASKED}).text
    address = html.unescape(re.search(r'href="([^"]*)">Share this question', text)[1])  # type: ignore[index]
    assert {"q": [ASKED]} == parse_qs(urlsplit(address).query)
    shared = client.get(address)
    assert ASKED == Page(shared.text).heading
    assert "no-store" == shared.headers["cache-control"]
    assert "Share this question" not in shared.text


def test_a_follow_up_sends_the_questions_before_it_along(
    client: TestClient, assistant: FakeAssistant
) -> None:
    text = client.post("/", data={"q": "who looks ahead?"}).text
    for question in ("and two?", "and three?", "and four?", "and five?"):
        before = next(values for _, _, values in forms(text) if "before" in values)["before"]
        text = client.post("/", data={"q": question, "before": before}).text
    asked, history = assistant.asked[-1]
    assert "and five?" == asked
    assert tuple(Turn("user", q) for q in ("and two?", "and three?", "and four?")) == history


def test_a_shared_question_can_be_followed_up(client: TestClient) -> None:
    text = client.get("/?q=who+looks+ahead").text
    assert '<input type="hidden" name="before" value="who looks ahead">' in text


def test_a_new_question_leaves_the_earlier_ones_behind(client: TestClient) -> None:
    text = client.post("/", data={"q": "b?", "before": "a?"}).text
    box = text[: text.index("<article")]
    assert 'class="ask" action="/" method="post"' in box
    assert "before" not in box


@pytest.mark.parametrize("path", ["/", "/embed"])
def test_a_blank_question_is_the_page_again(client: TestClient, path: str) -> None:
    assert client.post(path, data={"q": " "}).text == client.get(path).text
    assert client.post(path, content=b"", headers=FORM).text == client.get(path).text


@pytest.mark.parametrize("path", ["/", "/embed"])
def test_a_question_that_is_too_long_brings_the_box_back(client: TestClient, path: str) -> None:
    response = client.post(path, data={"q": "a" * (MAX_QUESTION + 1)})
    assert 422 == response.status_code
    assert str(MAX_QUESTION) in Page(response.text).text


@pytest.mark.parametrize(
    ("media", "status"),
    [
        (MEDIA, 200),
        (f"{MEDIA}; charset=UTF-8", 200),
        (f"{MEDIA}; charset=latin-1", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
@pytest.mark.parametrize("path", ["/", "/embed"])
def test_only_plain_forms_are_read(client: TestClient, path: str, media: str, status: int) -> None:
    response = client.post(path, content=b"q=ahead", headers={"content-type": media})
    assert status == response.status_code
    if status == 415:
        assert "/problems/unsupported-media-type" == response.json()["type"]
        assert MEDIA in response.json()["detail"]


def test_compressed_forms_are_refused(client: TestClient) -> None:
    headers = {**FORM, "content-encoding": "gzip"}
    assert 415 == client.post("/", content=b"q=ahead", headers=headers).status_code


def test_the_longest_form_of_a_page_fits_and_longer_ones_are_too_large(client: TestClient) -> None:
    longest = [("q", "\U0001f600" * MAX_QUESTION)]
    longest += [("before", "\U0001f600" * MAX_QUESTION)] * MOST_BEFORE
    body = urlencode(longest).encode()
    assert len(body) <= FORM_LIMIT
    assert client.post("/", content=body, headers=FORM).status_code != 413
    response = client.post("/", content=b"q=" + b"a" * FORM_LIMIT, headers=FORM)
    assert 413 == response.status_code
    assert f"{FORM_LIMIT:,}" in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"q=%FF", "body"),
        ("q=ä".encode(), "body"),
        (b"&".join([b"a=1"] * 30), "body"),
        (b"q=a&q=b", "q"),
        (b"q=a%00b", "q"),
        (b"q=a&before=" + b"b" * (MAX_QUESTION + 1), "before"),
    ],
)
def test_what_no_page_sends_is_refused_by_name(body: bytes, field: str) -> None:
    with pytest.raises(QuestionError) as caught:
        ask_form(body)
    assert field == caught.value.field


@given(st.lists(st.tuples(st.sampled_from(["q", "before", "x"]), st.text(max_size=40)), max_size=8))
def test_any_form_is_read_or_refused(fields: list[tuple[str, str]]) -> None:
    fields = [(name, value.encode("utf-8", "ignore").decode()) for name, value in fields]
    try:
        read = ask_form(urlencode(fields).encode())
    except QuestionError:
        return
    asked = [value for name, value in fields if name == "q"]
    before = [value for name, value in fields if name == "before" and value.strip()]
    assert AskForm("".join(asked), tuple(before[-MOST_BEFORE:])) == read


def test_the_frames_page_holds_the_widget_with_a_plain_form_inside(client: TestClient) -> None:
    text = client.get("/embed").text
    inside = re.search(r'<ladder-qa mode="inline">(.*)</ladder-qa>', text, re.DOTALL)
    assert inside is not None
    assert [("post", "/embed"), ("post", "/embed")] == [
        (method, action) for method, action, _ in forms(inside[1])
    ]
    assert '<script src="/widget.js" defer></script>' in text
    assert "<header" not in text
    assert {"script", "ladder-qa"} == set(re.findall(r"<([a-z][a-z0-9-]*)", text)) - ALLOWED


def test_the_frames_page_hands_its_parameters_on(client: TestClient) -> None:
    query = urlencode({"theme": "dark", "lang": "de", "starters": 'Who? "me"|Why?'})
    text = client.get(f"/embed?{query}").text
    assert '<html lang="en" data-theme="dark">' in text
    assert 'theme="dark" lang="de" starters="Who? &quot;me&quot;|Why?"' in text
    (_, action, _), *_ = forms(text)
    assert parse_qs(query) == parse_qs(urlsplit(action).query)
    answered = client.post(action, data={"q": "ahead"}).text
    assert 'data-theme="dark"' in answered
    assert {action} == {to for _, to, _ in forms(answered)}
    assert "<header" not in answered


@pytest.mark.parametrize(
    ("values", "attribute", "asked"),
    [
        (["One?|Two?"], "One?|Two?", ["One?", "Two?"]),
        (["One?", "Two?"], "One?|Two?", ["One?", "Two?"]),
        (["One | two?", "Three?"], '["One | two?", "Three?"]', ["One | two?", "Three?"]),
        (["One | two?", ""], '["One | two?"]', ["One | two?"]),
        (["[1] One?"], '["[1] One?"]', ["[1] One?"]),
        (["a" * 600, "b" * 600, "c"], f"{'a' * 600}|c", ["a" * 600, "c"]),
        ([" | "], "", []),
    ],
)
def test_a_frames_address_gives_questions_one_by_one_or_divided(
    client: TestClient, values: list[str], attribute: str, asked: list[str]
) -> None:
    """Where no script runs they are buttons; without any, the documents' own."""
    text = client.get("/embed", params={"starters": values}).text
    found = re.search(r'<ladder-qa mode="inline"(?: starters="([^"]*)")?>', text)
    assert found is not None
    assert attribute == html.unescape(found[1] or "")
    buttons = [
        html.unescape(value) for value in re.findall(r'<button name="q" value="([^"]*)"', text)
    ]
    assert (asked or ["What does X1 do?", "What does X2 do?"]) == buttons
    (_, action, _), *_ = forms(text)
    assert f'starters="{found[1]}"' in client.get(action).text or not asked


@pytest.mark.parametrize("query", ["theme=pink", 'lang="><script>', "lang=xx", "theme=", "a=b"])
def test_unknown_parameters_of_the_frames_page_change_nothing(
    client: TestClient, query: str
) -> None:
    assert client.get(f"/embed?{query}").text == client.get("/embed").text
