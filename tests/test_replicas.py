"""Several servers on one Chroma server, started by the very commands that README.md shows.

Not covered: PostgreSQL and Redis between them (`test_web_feedback`, `test_web_rates`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from exported_model import settings_with_model
from ladder_qa.chroma import client_of
from ladder_qa.index import current_generation_id, open_generation
from ladder_qa.ingest import ensure_index, ingest
from ladder_qa.settings import PREFIX, Settings
from ladder_qa.web.widget import Widget
from test_web_draining import RoundRobin, ready
from test_web_listening import free_port, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

JSON = {"content-type": "application/json"}
HISTORY = [
    {"role": "user", "content": "What is expected of an E1?"},
    {"role": "assistant", "content": "An E1 leads."},
]
ASKED: tuple[dict[str, Any], ...] = (
    {"question": "What is the difference between E1 and E2?"},
    {"question": "How long must I perform at the next level before M3?"},
    {"question": "What are common pitfalls when moving from M2 to M3?"},
    {"question": "And how does that differ from E2?", "history": HISTORY},
    {"question": "How much does an M2 earn?"},
    {"question": "What is expected of an IC4?"},
    {"question": "Wie lange dauert es von M1 nach M2?"},
    {"question": "What will the weather be?"},
)
PATHS = ("/api/v1/levels", "/api/v1/search?q=strategy&k=20", "/compare/E1/E2", "/levels/M1", "/")


def commands() -> list[str]:
    """The first block of commands in the README's section."""
    text = (ROOT / "README.md").read_text()
    section = text[text.index("\n## Several servers\n") :]
    block = re.search(r"```console\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return [line.removeprefix("$ ") for line in block[1].splitlines()]


@dataclass
class Program:
    """A program of the README in a folder of its own, on a port of this machine that is free."""

    environ: Mapping[str, str]
    arguments: Sequence[str]
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @classmethod
    def of(cls, line: str, folder: Path, ports: Mapping[str, int]) -> Program:
        """What a line of a shell means, with other ports."""
        words = shlex.split(re.sub(r"\b8\d\d\d\b", lambda m: str(ports[m[0]]), line))
        given = [word for word in words if re.match(r"[A-Z_]+=", word)]
        name, *rest = words[len(given) :]
        started = {
            "chroma": [str(Path(sys.executable).with_name("chroma"))],
            "ladder-qa": [sys.executable, "-m", "ladder_qa.cli"],
        }[name]
        environ = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
        environ |= dict(word.split("=", 1) for word in given)
        environ["PYTHONPATH"] = str(ROOT / "src")
        return cls(environ, [*started, *rest], folder, int(rest[rest.index("--port") + 1]))

    def start(self) -> None:
        """Until it takes connections."""
        with (self.folder / f"{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.arguments, cwd=self.folder, env=self.environ, stdout=log, stderr=log
            )
        wait_for(self.port)

    def end(self) -> int:
        """By SIGTERM; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@dataclass(frozen=True)
class Site:
    """One Chroma server and two of ours."""

    folder: Path
    chroma: Program
    servers: tuple[Program, Program]

    def settings(self, number: int) -> Settings:
        """As the server of this number has them."""
        environ = self.servers[number].environ
        own = {k: v for k, v in environ.items() if k.startswith(PREFIX)}
        return Settings.load(own, env_file=None).with_changes(
            data=self.folder / own["LADDER_QA_DATA"], corpus=self.folder / "corpus"
        )

    def collections(self) -> set[str]:
        """The names of all collections on the Chroma server."""
        with client_of(self.settings(0), Path()) as client:
            return {collection.name for collection in client.list_collections()}


@pytest.fixture(scope="module")
def site(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All three, ready; over the five documents without their questions, which take a minute."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "corpus").mkdir()
    for document in (ROOT / "corpus").glob("*.md"):
        shutil.copy(document, folder / "corpus")
    for name in ("one", "two"):
        settings_with_model(pytestconfig, folder / name)
    lines = commands()
    ports = {port: free_port() for port in re.findall(r"\b8\d\d\d\b", "\n".join(lines))}
    chroma, one, two = (Program.of(line, folder, ports) for line in lines)
    with contextlib.ExitStack() as held:
        for program in (chroma, one, two):
            program.start()
            held.callback(end_hard, program)
        for server in (one, two):
            ready(server.port)
        yield Site(folder, chroma, (one, two))


def end_hard(program: Program) -> None:
    if program.process is not None:
        program.process.kill()
        program.process.wait()


def fetched(port: int, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, bytes]:
    """Status and bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), JSON)
        response = connection.getresponse()
        return response.status, response.read()


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked["question"][:30])
@pytest.mark.parametrize("path", ["/api/v1/ask", "/api/v1/ask/stream"])
def test_two_servers_give_the_same_bytes(site: Site, path: str, asked: Mapping[str, Any]) -> None:
    one, two = (fetched(server.port, path, asked) for server in site.servers)
    assert one == two
    assert one[0] == 200


@pytest.mark.parametrize("path", PATHS)
def test_their_pages_and_lists_are_the_same_bytes(site: Site, path: str) -> None:
    one, two = (fetched(server.port, path) for server in site.servers)
    assert one == two
    assert one[0] == 200


def test_each_keeps_the_widget_in_its_own_folder(site: Site) -> None:
    one, two = ([p.name for p in (site.settings(n).data / "widget").iterdir()] for n in (0, 1))
    assert one == two
    assert len(one) == 1


def test_no_server_deletes_what_the_other_serves(site: Site) -> None:
    other = f"ladder-qa-{current_generation_id(site.settings(1))}"
    note = site.folder / "corpus" / "note.md"
    try:
        for number in range(3):
            note.write_text(f"# A note\n\nIt was written {number} times.\n")
            assert ingest(site.settings(0)).built
    finally:
        note.unlink()
    found = site.collections()
    assert other in found
    assert len(found) == 3, "the last two of the first server, and the other's"
    assert open_generation(site.settings(1), None).id in other
    assert ingest(site.settings(0)).built
    until_taken_up(site)


def until_taken_up(site: Site) -> None:
    """Until both servers serve the documents that the first one's index holds."""
    wanted = open_generation(site.settings(0), None).corpus_sha256
    end = time.monotonic() + 30  # a running server looks once in a second
    while time.monotonic() < end:
        served = [json.loads(fetched(s.port, "/readyz")[1])["corpus"] for s in site.servers]
        if served == [wanted, wanted]:
            return
        time.sleep(0.2)
    pytest.fail("the servers' documents differ")


def test_a_collection_that_the_server_lost_is_built_again_at_the_next_start(site: Site) -> None:
    own = site.settings(1)
    lost = current_generation_id(own)
    with client_of(own, Path()) as client:
        client.delete_collection(f"ladder-qa-{lost}")
    said: list[str] = []
    ensure_index(own, said.append)
    assert "The Chroma server has lost the index" in said[0]
    assert current_generation_id(own) != lost
    assert open_generation(own, None).passages == open_generation(site.settings(0), None).passages


def test_while_the_chroma_server_is_away_a_start_builds_nothing(site: Site) -> None:
    away = site.settings(1)
    manifest = away.data / "generations" / str(current_generation_id(away)) / "manifest.json"
    before = manifest.read_bytes()
    assert site.chroma.end() in (0, -signal.SIGTERM)
    try:
        ensure_index(away, pytest.fail)
    finally:
        site.chroma.start()
    assert manifest.read_bytes() == before


def test_servers_on_one_machine_may_share_a_data_folder(site: Site) -> None:
    """One ingestion is enough then; both take it up."""
    shared = dataclasses.replace(site.servers[1], environ=site.servers[0].environ, process=None)
    note = site.folder / "corpus" / "note.md"
    assert site.servers[1].end() == 0
    shared.start()
    try:
        ready(shared.port)
        note.write_text("# A note\n\nAn E1 reads it aloud every spring.\n")
        assert ingest(site.settings(0)).built
        until_taken_up(site)
        asked = {"question": "Who reads a note aloud every spring?"}
        one, two = (fetched(server.port, "/api/v1/ask", asked) for server in site.servers)
        assert one == two
        assert b"An E1 reads it aloud every spring." in one[1]
    finally:
        note.unlink()
        assert shared.end() == 0
        assert ingest(site.settings(0)).built
        site.servers[1].start()
        ready(site.servers[1].port)


@pytest.fixture
def proxy(site: Site) -> Iterator[int]:
    """The port of HAProxy with the project's configuration; skips where there is none."""
    program = shutil.which("haproxy")
    if program is None:
        pytest.skip("no HAProxy on this machine")
    port = free_port()
    text = (ROOT / "container" / "haproxy.cfg").read_text()
    text = text.replace("bind :8000", f"bind 127.0.0.1:{port}")
    text = text.replace(" resolvers docker init-addr last,libc,none", "")  # Docker's own names
    for name, server in zip(("one", "two"), site.servers, strict=True):
        text = text.replace(f" {name}:8000", f" 127.0.0.1:{server.port}")
    place = site.folder / "haproxy.cfg"
    place.write_text(text)
    process = subprocess.Popen([program, "-f", str(place)], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        ready(port)
        yield port
    finally:
        process.kill()
        process.wait()


def test_a_widget_that_one_server_alone_knows_is_found_by_the_proxy(site: Site, proxy: int) -> None:
    old = b"// the widget of a version before\n"
    address = Widget.of(old).address
    (site.settings(1).data / address.removeprefix("/")).write_bytes(old)
    statuses = [fetched(server.port, address)[0] for server in site.servers]
    assert statuses == [404, 200]
    assert {fetched(proxy, address) for _ in range(10)} == {(200, old)}


@contextlib.contextmanager
def asked_meanwhile(ports: Sequence[int]) -> Iterator[list[RoundRobin]]:
    """Four clients that ask without a pause, two of which keep their connections."""
    stop = threading.Event()
    asking = [RoundRobin(ports, keeps=number % 2 == 0) for number in range(4)]
    threads = [threading.Thread(target=one.run, args=(stop,)) for one in asking]
    for thread in threads:
        thread.start()
    try:
        yield asking
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def upgraded_in_turn(site: Site) -> list[int]:
    """Ends each server by SIGTERM and starts it again; their exit statuses."""
    statuses = []
    for server in site.servers:
        time.sleep(1)
        statuses.append(server.end())
        server.start()
        ready(server.port)
    time.sleep(2)
    return statuses


@pytest.mark.parametrize("behind", ["a client that knows both", "the proxy"])
def test_an_upgrade_one_after_the_other_refuses_no_request(
    site: Site, behind: str, request: pytest.FixtureRequest
) -> None:
    ports = [server.port for server in site.servers]
    if behind == "the proxy":
        ports = [request.getfixturevalue("proxy")]
    with asked_meanwhile(ports) as asking:
        assert upgraded_in_turn(site) == [0, 0]
    assert [failure for one in asking for failure in one.failures] == []
    assert len({answer for one in asking for answer in one.answers}) == 1
