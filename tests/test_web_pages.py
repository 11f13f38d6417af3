"""The pages for people: answers, refusals, documents with marks, levels; without JavaScript."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from ladder_qa.corpus import read_document
from ladder_qa.datamodels import Answer, Ladder, Outcome
from ladder_qa.web.app import create_app
from ladder_qa.web.pages.answer import Conversation, answer_page
from ladder_qa.web.pages.document import document_page
from ladder_qa.web.pages.marking import Marker
from ladder_qa.web.pages.render import Hooks, to_html
from ladder_qa.web.pages.text import escape, shown
from serving_fakes import (
    DOCUMENTS,
    OVERVIEW,
    FakeGeneration,
    FakeIndex,
    fake_assistant,
    settings,
)

# Elements without a closing tag.
VOID = {"meta", "link", "input", "br", "hr"}
ALLOWED = VOID | {
    *("html", "head", "title", "body", "a", "header", "p", "nav", "ul", "li", "main", "form"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "label", "div", "button", "span", "article", "section"),
    *("aside", "ol", "blockquote", "q", "b", "em", "strong", "s", "code", "pre", "mark", "sup"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"),
    *("select", "option"),
}


class Page(HTMLParser):
    """Reads a page strictly: known elements, closed in order, ids used once, no scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.marked: list[str] = []
        self.heading = ""
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids)), "an id is used twice"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "style"
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "action"):
                assert (value or "").startswith(("/", "#", "https://", "http://", "mailto:"))
                self.links.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if "mark" in self.open:
            self.marked.append(data)
        if "h1" in self.open:
            self.heading += data

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    @property
    def mark(self) -> str:
        return "".join("".join(self.marked).split())


PAGES = (
    *("/", "/?q=ahead", "/documents", "/documents/overview", "/docs"),
    *("/levels/X1", "/compare", "/compare/X1/X2"),
)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(
        create_app(settings(log_level="error"), FakeIndex(fake_assistant()).backend())
    ) as opened:
        yield opened


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_the_start_page_has_one_labelled_box_and_no_script(client: TestClient) -> None:
    text = client.get("/").text
    page = Page(text)
    assert '<label for="q">Your question</label>' in text
    assert '<form class="ask" action="/" method="post"' in text
    assert "<script" not in text
    assert "/levels/X1" in page.links
    assert '<button name="q" value="What does X1 do?">' in text


def test_pages_load_nothing_from_elsewhere(client: TestClient) -> None:
    for path in PAGES:
        text = client.get(path).text
        Page(text)
        loaded = re.findall(r'<(?:link|img|script)[^>]*(?:href|src)="([^"]*)"', text)
        assert loaded
        assert all(address.startswith("/static/") for address in loaded)


def test_what_pages_load_is_there_and_may_be_kept(client: TestClient) -> None:
    for address in re.findall(r'href="(/static/[^"]*)"', client.get("/").text):
        response = client.get(address)
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
        again = client.get(address, headers={"if-none-match": response.headers["etag"]})
        assert again.status_code == 304
        assert again.content == b""


def test_an_answer_shows_its_claims_and_its_sources(client: TestClient) -> None:
    text = client.get("/", params={"q": "who looks ahead?"}).text
    page = Page(text)
    assert page.heading == "who looks ahead?"
    assert 'value="who looks ahead?"' in text
    assert 'href="#source-1"' in text
    assert "source-1" in page.ids
    assert "<blockquote" in text
    place = next(link for link in page.links if link.startswith("/documents/overview?at="))
    target = Page(client.get(place.partition("#")[0]).text)
    assert target.mark == squeezed("A scout looks ahead.")
    assert re.search(r"#([^:]+)", place).group(1) in target.ids  # type: ignore[union-attr]


def test_every_link_of_every_page_leads_somewhere(client: TestClient) -> None:
    seen: set[str] = set()
    waiting = ["/", "/?q=ahead", "/?q=nothing+of+that", "/?q=finds+brings+along", "/docs"]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        response = client.get(address)
        assert response.status_code == 200, address
        if response.headers["content-type"].startswith("text/html"):
            page = Page(response.text)
            for link in page.links:
                path, _, fragment = link.partition("#")
                if not path:
                    assert fragment in page.ids or fragment == "main"
                elif path.startswith("/"):
                    waiting.append(path.replace("&amp;", "&"))
    assert len(seen) > 20


def test_a_refusal_looks_different_and_shows_the_way_on(client: TestClient) -> None:
    text = client.get("/?q=weather").text
    page = Page(text)
    assert 'class="answer not_in_documents"' in text
    assert "The documents don’t say" in page.text
    assert "what was asked" in page.text
    assert "Nearest to it in the documents" in page.text
    assert '<button name="q" value="What does X1 do &amp; why?">' in text
    assert 'class="answer answered"' in client.get("/?q=ahead").text


def made(before: Answer, **changes: Any) -> str:
    return answer_page(Conversation("asked"), replace(before, **changes), Ladder((), (), (), ()))


@pytest.fixture(scope="module")
def answer() -> Answer:
    return fake_assistant().ask("who looks ahead and differ?")


def test_a_comparison_is_a_table_with_a_link_in_each_cell(answer: Answer) -> None:
    text = made(answer, answer="| X1 | X2 |\n|---|---|\n| looks [1] | **brings** [1] |\n")
    Page(text)
    assert "<table>" in text
    assert text.count('href="#source-1"') >= 2
    assert "<strong>brings</strong>" in text


def test_marks_without_a_source_stay_text(answer: Answer) -> None:
    text = made(answer, answer="a [1] b [99] c [0]", conflicts=())
    assert text.count('class="ref"') == 1
    assert "[99]" in text


def test_conflicts_and_notices_are_shown(answer: Answer) -> None:
    page = Page(made(answer, notices=("The documents are in English.",)))
    assert "The documents differ here" in page.text
    assert "The documents are in English." in page.text


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_own_words(answer: Answer, outcome: Outcome) -> None:
    assert f'class="answer {outcome}"' in made(answer, outcome=outcome)


def test_markup_and_control_characters_in_an_answer_are_harmless(answer: Answer) -> None:
    evil = (
        "<script>alert(1)</script>\u202e\x1b[31m ![x](https://spy.example/p.gif) [y](javascript:1)"
    )
    text = made(answer, answer=evil, notices=(evil,), missing=(evil,), suggestions=(evil,))
    Page(text)
    assert "<script" not in text
    assert "<img" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_a_question_with_markup_is_shown_as_text(client: TestClient) -> None:
    text = client.get("/", params={"q": '"><script>alert(1)</script> ahead'}).text
    Page(text)
    assert "<script" not in text


def test_a_question_that_is_too_long_brings_the_box_back(client: TestClient) -> None:
    response = client.get("/", params={"q": "a" * 2001})
    assert response.status_code == 422
    page = Page(response.text)
    assert "2000" in page.text


def test_a_blank_question_is_the_start_page(client: TestClient) -> None:
    assert client.get("/?q=%20").text == client.get("/").text


def test_the_list_of_documents_names_levels_and_what_is_missing(client: TestClient) -> None:
    page = Page(client.get("/documents").text)
    assert {"/documents/overview", "/documents/progression-x1-to-x2", "/levels/X2"} <= set(
        page.links
    )
    assert "gone.md" in page.text


def test_heading_ids_are_the_anchors_of_the_passages(client: TestClient) -> None:
    for path, text in DOCUMENTS.items():
        page = Page(client.get(f"/documents/{path.removesuffix('.md')}").text)
        anchors = [b.anchor for b in read_document(path, text.encode()).blocks if b.anchor]
        assert anchors
        assert [identity for identity in page.ids if identity != "main"] == anchors


def test_links_between_documents_lead_to_their_pages(client: TestClient) -> None:
    text = client.get("/documents/overview").text
    assert '<a href="/documents/progression-x1-to-x2">the way up</a>' in text
    assert "<a" not in text[text.index("nothing") - 20 : text.index("nothing")].rpartition(">")[2]
    assert 'href="https://maps.example/a?b=c" rel="noreferrer"' in text


def cited(text: str, quote: str, nth: int = 0) -> Page:
    """The page of `text` with the nth occurrence of `quote` marked."""
    start = [match.start() for match in re.finditer(re.escape(quote), text)][nth]
    html = document_page("d.md", "D", text, {"d.md": "d"}, (start, start + len(quote)))
    return Page(html)


@pytest.mark.parametrize(
    ("quote", "shown_as"),
    [
        ("Do I find **the way**?", "Do I find the way?"),
        ("find **the", "find the"),
        ("**the way**", "the way"),
        ("the way", "the way"),
        ("*others* there?", "others there?"),
        ("Want `quiet` days", "Want quiet days"),
        ("qui", "qui"),
        ("[map](https://maps.example/a?b=c) for _everything_", "map for everything"),
        ("maps.example/a?b=c) for _every", "for every"),
        ("_everything_", "everything"),
        ("X1: Scout", "X1: Scout"),
        ("X1", "X1"),
        ("The track may not be right if you:", "The track may not be right if you:"),
    ],
)
def test_the_cited_words_are_marked(quote: str, shown_as: str) -> None:
    page = cited(OVERVIEW, quote)
    assert page.mark == squeezed(shown_as)
    assert page.ids.count("cited") == 1


def test_a_slice_over_several_blocks_is_marked_block_by_block() -> None:
    page = cited(OVERVIEW, OVERVIEW[OVERVIEW.index("Scout |") : OVERVIEW.index("ahead.")])
    assert page.mark.startswith("ScoutDoIfindtheway?X2Guide")
    assert page.mark.endswith("Ascoutlooks")
    assert page.ids.count("cited") == 1


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: T\n---\n# H\n\nSee WORDS here.\n",
        "\ufeff# H\r\n\r\nSee WORDS here.\r\n",
        "> quoted\n> WORDS go on\n",
        "- a\n  - b WORDS\n\n    more\n",
        "1. [ ] WORDS to do\n",
        "Term\n====\n\nWORDS\\* &amp; more\n",
        "```\ncode WORDS\n```\n",
        "<div>\n<p>WORDS in <b>HTML</b></p>\n</div>\n",
        "a <span>WORDS</span> b\n",
        "foot[^1]\n\n[^1]: WORDS below\n",
        "| a | b |\n|---|---|\n| x \\| y | z WORDS |\n",
        "~~WORDS~~ *__WORDS__*\n",
        "| a |\n|---|\n| \u200bWORDS |\n",
        "em\U0001f600ji WORDS \u202ereversed\n",
        "\U000f0000 WORDS \U000f0001 \ue000\n",
    ],
)
def test_words_are_marked_in_every_kind_of_markdown(text: str) -> None:
    page = cited(text, "WORDS")
    assert page.mark == "WORDS"
    plain = Page(document_page("d.md", "D", text, {"d.md": "d"}, None))
    assert page.text.partition("Go to the marked words")[2].strip() in plain.text


def test_a_slice_without_words_marks_nothing() -> None:
    page = cited("# H\n\n---\n\nText.\n", "---")
    assert page.mark == ""
    assert "holds no words" in page.text


@given(
    text=st.text(alphabet="aB1 \n#*_`[]()|->!&;<\\~:/\r\t\u200b\ufeffä\U0001f600", max_size=120),
    places=st.tuples(st.integers(0, 120), st.integers(1, 120)),
)
@runs(max_examples=300, deadline=None)
def test_marks_never_change_a_pages_words(text: str, places: tuple[int, int]) -> None:
    start, length = places
    end = min(len(text), start + length)
    if start >= end:
        return
    plain = document_page("d.md", "D", text, {"d.md": "d"}, None)
    marked = document_page("d.md", "D", text, {"d.md": "d"}, (start, end))
    Page(marked)
    body = re.compile(r'<article class="document">.*</article>', re.DOTALL)
    unmarked = re.sub(r"</?mark[^>]*>", "", body.search(marked)[0])  # type: ignore[index]
    assert unmarked == body.search(plain)[0]  # type: ignore[index]


def test_every_passage_of_the_corpus_can_be_marked(corpus_folder: Path) -> None:
    texts = {file.name: file.read_bytes().decode() for file in corpus_folder.glob("*.md")}
    generation = FakeGeneration.of(texts)
    for passage in generation.passages[::12]:
        text = generation.texts[passage.document].text
        html = document_page(passage.document, "", text, {}, (passage.start, passage.end))
        assert Page(html).mark == squeezed(passage.plain)


def test_a_citation_takes_two_renderings_at_most(corpus_folder: Path) -> None:
    """So its marks never depend on the time that renderings take."""
    texts = {file.name: file.read_bytes().decode() for file in corpus_folder.glob("*.md")}
    passages = FakeGeneration.of(texts).passages
    emphasised = [p for p in passages if p.quote[0] in "*_`"]
    assert emphasised
    for passage in [*emphasised[:12], *passages[::40]]:
        rendered: list[str] = []

        def render(source: str, rendered: list[str] = rendered) -> str:
            rendered.append(source)
            return to_html(source, Hooks())

        text = texts[passage.document]
        marker = Marker(text, to_html(text, Hooks()), render)
        assert 'id="cited"' in marker.marked([(passage.start, passage.end)])
        assert len(rendered) <= 2


def test_marking_stops_when_its_time_is_up() -> None:
    text, rendered = "word *x* " * 500, 0

    def render(source: str) -> str:
        nonlocal rendered
        rendered += 1
        time.sleep(0.05)
        return f"{source}{rendered}"  # never as the plain page: no place is good

    assert Marker(text, text, render).marked([(3, 2000), (2001, 4000)]) == text
    assert 2 <= rendered <= 5


def test_a_hand_made_address_costs_few_renderings_of_a_slow_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 0

    def slow(source: str, hooks: Hooks) -> str:
        nonlocal count
        count += 1
        time.sleep(0.3)
        return to_html(source, hooks)

    monkeypatch.setattr("ladder_qa.web.pages.document.to_html", slow)
    text = "**a** [x](y_(*b*)) `c`\n\n" * 40
    document_page("slow.md", "D", text, {"slow.md": "d"}, (1, 400))
    assert count <= 3  # the page itself, and two with marks


def test_html_in_a_document_is_never_passed_on() -> None:
    text = (
        "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\nA <b onclick=x>bold</b> "
        "word ![pic](https://spy.example/p.gif) [l](javascript:alert(1)) [d](data:text/html,x) "
        "<https://ok.example/>\n"
    )
    html = document_page("d.md", "D", text, {"d.md": "d"}, None)
    page = Page(html)
    assert "alert" not in page.text.replace("[l](javascript:alert(1))", "")
    assert "spy.example" not in html
    assert "A bold word pic" in page.text
    assert "https://ok.example/" in page.links


def test_unseen_characters_never_reach_a_page() -> None:
    assert shown("a\x00\x1b\x9b\u202e\u2066\u200b\ufeffb\r\nc\td") == "ab\nc\td"
    assert shown("\U0001f468\u200d\U0001f469") == "\U0001f468\u200d\U0001f469"
    assert escape('<a href="x">\u202e') == "&lt;a href=&quot;x&quot;&gt;"


def test_a_levels_page_has_every_statement_about_it_with_its_place(client: TestClient) -> None:
    generation = FakeGeneration.of(DOCUMENTS)
    page = Page(client.get("/levels/x1").text)
    own = [passage for passage in generation.passages if "X1" in passage.levels]
    assert own
    for passage in own:
        assert " ".join(passage.plain.split()) in page.text
        assert passage.url in page.links
    assert "The track may not be right if you:" in page.text


def test_the_interfaces_page_lists_every_call(client: TestClient) -> None:
    page = Page(client.get("/docs").text)
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page.text
    assert "Whom the statement is about" in page.text
