"""The widget's file: its size and strings, how it is served in all versions, and the snippets.

Not covered: what the widget does in a browser (`test_widget`).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ladder_qa.embed import snippets
from ladder_qa.errors import SettingsError
from ladder_qa.web import widget
from ladder_qa.web.app import create_app
from ladder_qa.web.pages.text import UNSEEN
from serving_fakes import FakeIndex, fake_assistant, settings

LIMIT = 30 * 1024  # bytes, compressed, of the whole widget
OLD = b"// the widget of a version before\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def client(data: Path) -> Iterator[TestClient]:
    app = create_app(settings(log_level="error", data=data), FakeIndex(fake_assistant()).backend())
    with TestClient(app) as opened:
        yield opened


def test_the_widget_is_small() -> None:
    assert len(gzip.compress(widget.current().data, 9)) <= LIMIT


def test_the_source_uses_no_way_to_make_elements_out_of_text() -> None:
    source = widget.current().data.decode()
    code = source[source.index("use strict") :]
    sinks = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser"
        r"|createContextualFragment|srcdoc|setHTML|\.style\b|cssText|localStorage|cookie|https?://(?!www\.w3\.org)"
    )
    assert re.findall(sinks, code) == []


def test_what_is_unseen_is_the_same_in_the_widget_and_on_the_pages() -> None:
    source = widget.current().data.decode()
    found = re.search(r"const UNSEEN =\s*/\[(.*)\]/gu;", source)
    assert found is not None
    ranges = re.sub(r"\\u\{?([0-9a-f]{4,5})\}?", lambda code: chr(int(code[1], 16)), found[1])
    mine = re.compile(f"[{ranges}]")
    for code in (*range(0x3000), *range(0xD7F0, 0x10000), *range(0xDFF00, 0xE0200)):
        letter = chr(code)
        if letter != "\r":  # both turn it into a line feed before
            assert bool(UNSEEN.match(letter)) == bool(mine.match(letter)), hex(code)


def test_all_languages_have_all_strings() -> None:
    source = widget.current().data.decode()
    table = source[source.index("const STRINGS") : source.index("const REASONS")]
    languages = re.split(r"^    (en|de|fr|es): \{$", table, flags=re.MULTILINE)[1:]
    keys = {
        name: re.findall(r"^      (\w+):", text, re.MULTILINE)
        for name, text in zip(languages[::2], languages[1::2], strict=True)
    }
    holes = {
        name: re.findall(r"\{\w+\}", text)
        for name, text in zip(languages[::2], languages[1::2], strict=True)
    }
    assert set(keys) == {"en", "de", "fr", "es"}
    assert all(found == keys["en"] for found in keys.values())
    assert all(found == holes["en"] for found in holes.values())


@pytest.mark.parametrize(
    ("address", "age"),
    [
        ("/widget.js", "public, max-age=300"),
        (widget.current().address, "public, max-age=31536000, immutable"),
    ],
)
def test_the_widget_may_be_loaded_by_any_page(client: TestClient, address: str, age: str) -> None:
    response = client.get(address)
    assert response.content == widget.current().data
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["cache-control"] == age
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    again = client.get(address, headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == age


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, br", "gzip"),
        ("br;q=1, GZIP ; q=0.5", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip;q=0.0", None),
        ("", None),
    ],
)
def test_it_is_compressed_for_those_who_take_that(
    client: TestClient, accepted: str, coding: str | None
) -> None:
    response = client.get("/widget.js", headers={"accept-encoding": accepted})
    assert response.headers.get("content-encoding") == coding
    assert response.content == widget.current().data
    assert response.headers["vary"] == "Accept-Encoding"
    size = len(widget.current().gzipped if coding else widget.current().data)
    assert int(response.headers["content-length"]) == size


def test_the_same_bytes_give_the_same_address_and_integrity() -> None:
    one = widget.Widget.of(OLD)
    assert one == widget.Widget.of(OLD)
    assert one.address == f"/widget/{hashlib.sha256(OLD).hexdigest()[:16]}.js"
    assert one.integrity == f"sha384-{base64.b64encode(hashlib.sha384(OLD).digest()).decode()}"
    assert gzip.decompress(one.gzipped) == OLD


def test_a_server_keeps_its_version_from_its_start(data: Path) -> None:
    data.mkdir()
    app = create_app(settings(log_level="error", data=data), FakeIndex(fake_assistant()).backend())
    with TestClient(app):
        kept = [path.name for path in (data / "widget").iterdir()]
    assert kept == [f"{widget.current().version}.js"]


def test_a_version_that_was_served_stays_there_after_an_upgrade(
    client: TestClient, data: Path
) -> None:
    """The data folder as a server of an older package left it."""
    data.mkdir()
    assert client.get(widget.current().address).status_code == 200
    kept = data / "widget" / f"{widget.current().version}.js"
    assert kept.read_bytes() == widget.current().data
    old = widget.Widget.of(OLD)
    kept.with_name(f"{old.version}.js").write_bytes(OLD)
    response = client.get(old.address)
    assert response.content == OLD
    assert "immutable" in response.headers["cache-control"]


def test_a_file_that_is_not_what_its_name_says_is_not_served(
    client: TestClient, data: Path
) -> None:
    old = widget.Widget.of(OLD)
    (data / "widget").mkdir(parents=True)
    (data / "widget" / f"{old.version}.js").write_bytes(OLD + b"alert(1)")
    assert client.get(old.address).status_code == 404


@pytest.mark.parametrize("version", ["0" * 16, "..%2f..%2fsecret", "a" * 15, "G" * 16, ".."])
def test_no_other_file_can_be_had(client: TestClient, data: Path, version: str) -> None:
    data.mkdir()
    (data.parent / "secret.js").write_text("secret", encoding="utf-8")
    assert client.get(f"/widget/{version}.js").status_code == 404


@pytest.mark.parametrize("folder", ["missing", "a file"])
def test_it_is_served_where_nothing_can_be_kept(
    client: TestClient, data: Path, folder: str
) -> None:
    if folder == "a file":
        data.mkdir()
        (data / "widget").write_text("in the way", encoding="utf-8")
    assert client.get(widget.current().address).status_code == 200
    assert data.exists() == (folder == "a file")


def test_the_demo_page_loads_what_its_policy_allows_by_integrity(client: TestClient) -> None:
    response = client.get("/demo")
    assert f'integrity="{widget.current().integrity}"' in response.text
    for address in re.findall(r'(?:src|href)="(/(?:static|widget)[^"]*)"', response.text):
        assert client.get(address).status_code == 200
    policy = response.headers["content-security-policy"]
    assert "script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|style=| on\w+=", response.text)
    assert re.findall(r'mode="(\w+)"', response.text) == ["inline", "launcher", "panel"]


def test_the_snippets_name_the_file_that_is_served(client: TestClient) -> None:
    text = snippets("https://Ladder.example.com/")
    address = re.search(r'src="https://ladder\.example\.com(/widget/[^"]+)"', text)
    assert address is not None
    data = client.get(address[1]).content
    digest = base64.b64encode(hashlib.sha384(data).digest()).decode()
    assert f'integrity="sha384-{digest}"' in text


def test_the_snippets_cover_every_kind_of_page() -> None:
    text = snippets("https://ladder.example.com:8443")
    for part in ("A plain page", "An iframe", "SharePoint", "Confluence", "tokenProvider"):
        assert part in text
    assert "  script-src https://ladder.example.com:8443\n" in text
    assert "  connect-src https://ladder.example.com:8443\n" in text
    assert "frame-src https://ladder.example.com:8443" in text
    assert 'src="https://ladder.example.com:8443/embed"' in text
    assert " server=" not in text


def test_a_server_behind_a_prefix_is_named_to_the_widget() -> None:
    text = snippets("https://intranet.example.com/ladder")
    assert '<ladder-qa mode="launcher" server="https://intranet.example.com/ladder">' in text
    assert 'src="https://intranet.example.com/ladder/widget/' in text
    assert "script-src https://intranet.example.com\n" in text


@pytest.mark.parametrize(
    "server",
    [
        "ladder.example.com",
        "ftp://ladder.example.com",
        "javascript:alert(1)",
        "https://user:word@ladder.example.com",
        "https://ladder.example.com?x",
        'https://ladder.example.com/"><script>',
        "https://ladder.example.com:99999",
        "https://ladder.example.com; script-src *",
        "",
    ],
)
def test_what_is_no_servers_address_gives_no_snippet(server: str) -> None:
    with pytest.raises(SettingsError, match="--server has the value"):
        snippets(server)
