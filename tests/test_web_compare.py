"""The pages of levels: one as an entry, two side by side, all as a map; without JavaScript.

Not covered: which aspects stand side by side (`test_aspects.py`); how the pages look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ladder_qa.inline import readable
from ladder_qa.web.app import create_app
from serving_fakes import FakeAssistant, FakeGeneration, FakeIndex, fake_assistant, settings
from test_web_pages import Page, squeezed

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def generation(corpus_folder: Path) -> FakeGeneration:
    texts = {file.name: file.read_bytes().decode() for file in corpus_folder.glob("*.md")}
    return FakeGeneration.of(texts)


@pytest.fixture(scope="module")
def client(generation: FakeGeneration) -> Iterator[TestClient]:
    app = create_app(settings(log_level="error"), FakeIndex(FakeAssistant(generation)).backend())
    with TestClient(app, follow_redirects=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def small() -> Iterator[TestClient]:
    app = create_app(settings(log_level="error"), FakeIndex(fake_assistant()).backend())
    with TestClient(app, follow_redirects=False) as opened:
        yield opened


def test_every_cell_is_a_quote_with_a_link_to_its_exact_words(
    client: TestClient, generation: FakeGeneration
) -> None:
    urls = {passage.url: passage for passage in generation.passages}
    for pair in (("M1", "M2"), ("E1", "E2"), ("M3", "E3")):
        text = client.get(f"/compare/{pair[0]}/{pair[1]}").text
        Page(text)
        bodies = "".join(re.findall(r"<tbody>.*?</tbody>", text, re.DOTALL))
        cells = re.findall(r"<td[^>]*>(.*?)</td>", bodies, re.DOTALL)
        assert len(cells) >= 20
        for cell in cells:
            links = re.findall(r'<a class="statement" href="([^"]*)">(.*?)</a>', cell)
            assert links or cell == "not stated"
            for address, words in links:
                passage = urls[unescape(address)]
                assert unescape(words) == readable(passage.quote)
                assert set(pair) & set(passage.levels)


def test_a_cell_that_the_documents_do_not_state_says_so(client: TestClient) -> None:
    text = client.get("/compare/M1/M2").text
    aspect = text[text.index("Key Characteristics") :]
    row = aspect[aspect.index("<tr><td>") : aspect.index("</tbody>")]
    assert '<td class="none">not stated</td></tr>' in row


def test_the_table_has_headers_for_columns_and_for_groups_of_rows(client: TestClient) -> None:
    text = client.get("/compare/E1/E2").text
    assert 2 == text.count('<th scope="col">')
    assert "<caption" in text
    groups = text.count("<tbody>")
    assert groups > 8
    assert groups == text.count('scope="rowgroup"')
    assert groups == text.count('colspan="2" scope="rowgroup"')


def test_what_leads_from_one_level_to_the_other_is_said_with_time_and_guide(
    client: TestClient,
) -> None:
    page = Page(client.get("/compare/E1/M2").text)
    assert "M2 → M3: 4-8+ years, guide" in page.text
    assert "M3 → E1: 3-5+ years, guide" in page.text
    assert "/documents/progression-m3-to-e1" in page.links
    assert "guide named, but not here" in Page(client.get("/compare/M1/M2").text).text


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("/compare/m1/M2", "/compare/M1/M2"),
        ("/compare/M1/e2", "/compare/M1/E2"),
        ("/compare/Engineering%20Manager/head-of-engineering", "/compare/M1/M3"),
        ("/compare/CTO/senior_director", "/compare/E3/E2"),
        ("/compare/M2/m2", "/levels/M2"),
        ("/compare/M2/M2", "/levels/M2"),
        ("/compare?a=m1&b=E1", "/compare/M1/E1"),
        ("/compare?a=M1&b=M1", "/levels/M1"),
        ("/levels/e1", "/levels/E1"),
        ("/levels/director", "/levels/E1"),
        ("/levels/HEAD-OF-ENGINEERING", "/levels/M3"),
    ],
)
def test_other_ways_of_writing_lead_to_the_canonical_address(
    client: TestClient, address: str, canonical: str
) -> None:
    response = client.get(address)
    assert 302 == response.status_code
    assert canonical == response.headers["location"]
    assert 200 == client.get(canonical).status_code


@pytest.mark.parametrize("address", ["/compare/M1/X9", "/compare/X9/M1", "/levels/X9"])
def test_an_unknown_level_is_not_found_and_the_known_ones_are_named(
    client: TestClient, address: str
) -> None:
    problem = client.get(address)
    assert 404 == problem.status_code
    assert "application/problem+json" == problem.headers["content-type"]
    assert "M1, M2, M3, E1, E2, E3" in problem.json()["detail"]
    page = client.get(address, headers=HTML)
    assert 404 == page.status_code
    assert "M1, M2, M3, E1, E2, E3" in Page(page.text).text
    assert "X9" not in page.text


def test_an_address_without_two_levels_has_the_form_to_choose_them(client: TestClient) -> None:
    text = client.get("/compare?a=M1").text
    Page(text)
    assert '<form class="choose" action="/compare" method="get">' in text
    assert '<option value="E2">E2 Senior Director of Engineering</option>' in text


def test_levels_of_different_tracks_and_ladders_are_compared(small: TestClient) -> None:
    page = Page(small.get("/compare/X2/X1").text)
    assert "Brings along" in page.text
    assert "Finds a way & goes" in page.text
    assert "A guide brings people home." in page.text


def test_an_answer_about_two_levels_leads_to_them_side_by_side(small: TestClient) -> None:
    assert "/compare/X2/X1" in Page(small.get("/?q=finds+brings").text).links
    assert "/compare/" not in small.get("/?q=ahead").text


def test_a_levels_page_says_who_it_is_and_what_leads_here_and_on(client: TestClient) -> None:
    text = client.get("/levels/E1").text
    page = Page(text)
    assert "Executive track" in page.text
    assert "E1 Director of Engineering" == page.heading
    assert "“Am I accountable for domain business outcomes?”" in page.text
    assert "Leads here M3 Head of Engineering: 3-5+ years, guide" in page.text
    assert "Leads on E2 Senior Director of Engineering: 3-5+ years, guide" in page.text
    assert {"/compare/M3/E1", "/compare/E1/E2", "/levels/M3", "/levels/E2"} <= set(page.links)
    assert 'rel="prev" href="/levels/M3"' in text
    assert 'rel="next" href="/levels/E2"' in text


def test_the_ends_of_the_ladder_have_one_neighbour(client: TestClient) -> None:
    first, last = client.get("/levels/M1").text, client.get("/levels/E3").text
    assert 'rel="prev"' not in first
    assert 'rel="next"' not in last
    assert "Leads here" not in first
    assert "Leads on" not in last


def test_a_levels_statements_stand_below_their_documents_and_headings(
    client: TestClient, generation: FakeGeneration
) -> None:
    for code in ("M2", "E1"):
        text = client.get(f"/levels/{code}").text
        page = Page(text)
        own = [passage for passage in generation.passages if code in passage.levels]
        documents = list(dict.fromkeys(passage.document for passage in own))
        sections = re.split(r'<section class="from" id="from-\d+">', text)[1:]
        assert len(documents) == len(sections)
        for document, section in zip(documents, sections, strict=True):
            links = {unescape(link) for link in re.findall(r'href="([^"]*)"', section)}
            for passage in own:
                assert (passage.url in links) == (passage.document == document)
        assert all(squeezed(passage.plain) in squeezed(page.text) for passage in own)
        assert [f"from-{number}" for number in range(1, len(documents) + 1)] == [
            identity for identity in page.ids if identity.startswith("from-")
        ]


def test_the_map_has_every_level_in_its_track_with_its_moves(
    client: TestClient, generation: FakeGeneration
) -> None:
    text = client.get("/").text
    shown = text[text.index('<div class="map">') : text.index('<form class="choose"')]
    tracks = shown.split("<section>")[1:]
    assert ["Management track", "Executive track"] == [
        re.search("<h3>(.*?)</h3>", track)[1]  # type: ignore[index]
        for track in tracks
    ]
    assert [["M1", "M2", "M3"], ["E1", "E2", "E3"]] == [
        re.findall(r'<li><a href="/levels/\w+"><b>(\w+)</b>', track) for track in tracks
    ]
    for move in generation.ladder.transitions:
        assert f'to <a href="/levels/{move.target}">{move.target}</a>: ' in shown
        assert f">{move.typical_time}</a>" in shown
