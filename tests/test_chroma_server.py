"""A Chroma server beside the program: one collection a generation, and what holds while it is away.

The server is the real one, the Rust program of chromadb's command line, on loopback.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
from fastapi.testclient import TestClient

from exported_model import settings_with_model
from ladder_qa.chroma import check_records, client_of
from ladder_qa.datamodels import as_json
from ladder_qa.errors import IndexDamagedError, StoreError
from ladder_qa.index import open_generation
from ladder_qa.ingest import ensure_index, ingest
from ladder_qa.settings import Settings
from ladder_qa.store import folder_of
from ladder_qa.web.app import create_app
from serving_fakes import DOCUMENTS
from test_index import ENCODER, build, make_content

pytestmark = pytest.mark.timeout(600)

AWAY = "Connection refused"

URL = "http://localhost"  # a server without sign-in answers by its own names


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class ChromaServer:
    """A Chroma server that goes away and comes back at the same address, with the same files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Comes back, and waits until it answers."""
        command = Path(sys.executable).with_name("chroma")
        port = str(self._port)
        self._process = subprocess.Popen(
            [command, "run", "--path", self._folder, "--host", "127.0.0.1", "--port", port],
            cwd=self._folder,
            env=os.environ | {"ANONYMIZED_TELEMETRY": "False", "DO_NOT_TRACK": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port)):
                return
            time.sleep(0.05)
        raise AssertionError("the Chroma server does not listen")

    def stop(self, *, kill: bool = False) -> None:
        """Goes away, in order or at once."""
        if self._process is not None:
            (self._process.kill if kill else self._process.terminate)()
            self._process.wait(20)
            self._process = None

    def names(self, settings: Settings) -> set[str]:
        """Its collections."""
        with client_of(settings, Path()) as client:
            return {collection.name for collection in client.list_collections()}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChromaServer]:
    folder = tmp_path / "chroma"
    folder.mkdir()
    with ChromaServer(folder) as started:
        yield started


@pytest.fixture
def settings(pytestconfig: pytest.Config, tmp_path: Path, server: ChromaServer) -> Settings:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name, text in DOCUMENTS.items():
        (corpus / name).write_text(text, encoding="utf-8")
    data = tmp_path / "data"
    return settings_with_model(pytestconfig, data, corpus=corpus, chroma_url=server.url)


def edit(settings: Settings, sentence: str) -> None:
    text = DOCUMENTS["overview.md"].replace("A scout looks ahead.", sentence)
    (settings.corpus / "overview.md").write_text(text, encoding="utf-8")


def test_a_server_holds_one_collection_per_generation(server: ChromaServer, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", chroma_url=server.url)
    ids = [build(settings, make_content(1200, seed=seed)) for seed in range(3)]
    generation = open_generation(settings, ENCODER, exact_limit=100)
    assert generation.id == ids[2]
    for row in range(0, 1200, 100):
        rows, cosines = generation.dense(generation.vectors[row], 3)
        assert rows[0] == row
        assert cosines[0] == pytest.approx(1.0, abs=1e-5)
    assert not (folder_of(settings.data, ids[2]) / "chroma").exists()
    assert server.names(settings) == {f"ladder-qa-{generation_id}" for generation_id in ids[1:]}
    with client_of(settings, tmp_path) as client:
        kept = client.get_collection(f"ladder-qa-{ids[2]}", embedding_function=None)
        hnsw = kept.configuration_json["hnsw"]
        assert (hnsw["ef_construction"], hnsw["max_neighbors"], hnsw["ef_search"]) == (400, 32, 400)
        client.delete_collection(f"ladder-qa-{ids[2]}")
    with pytest.raises(IndexDamagedError, match="no such collection"):
        open_generation(settings, ENCODER)


def test_a_server_that_was_never_there_leaves_the_old_generation(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    first = build(settings, make_content(3))
    absent = settings.with_changes(chroma_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreError, match=AWAY):
        build(absent, make_content(4))
    assert open_generation(settings, ENCODER).id == first
    build(settings, make_content(4))
    assert len(list((settings.data / "generations").iterdir())) == 2


def test_a_large_index_answers_again_when_its_server_comes_back(
    server: ChromaServer, tmp_path: Path
) -> None:
    """Above the limit up to which vectors are compared one by one, Chroma is asked each time."""
    settings = Settings(data=tmp_path / "data", chroma_url=server.url)
    build(settings, make_content(1200))
    generation = open_generation(settings, ENCODER, exact_limit=100)
    vector = generation.vectors[7]
    before = [part.tobytes() for part in generation.dense(vector, 5)]
    server.stop(kill=True)
    with pytest.raises(StoreError, match=AWAY):
        generation.dense(vector, 5)
    server.start()
    assert before == [part.tobytes() for part in generation.dense(vector, 5)]


def test_a_running_server_answers_while_chroma_is_away_and_goes_on_afterwards(
    server: ChromaServer, settings: Settings
) -> None:
    ingest(settings)
    question = {"question": "What does X1 do?"}
    with TestClient(create_app(settings, interval_s=0.05), base_url=URL) as client:
        before = client.post("/api/v1/ask", json=question)
        assert before.status_code == 200
        server.stop(kill=True)
        assert before.content == client.post("/api/v1/ask", json=question).content
        assert client.get("/readyz").status_code == 200
        edit(settings, "A scout looks far ahead.")
        with pytest.raises(StoreError, match=rf"Chroma \({server.url}\) failed: .*{AWAY}"):
            ingest(settings)
        assert before.content == client.post("/api/v1/ask", json=question).content
        server.start()
        report = ingest(settings)
        deadline = time.monotonic() + 30
        while client.get("/readyz").json()["generation"] != report.generation:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert before.content != client.post("/api/v1/ask", json=question).content


def test_a_server_that_starts_while_chroma_is_away_says_so(
    server: ChromaServer, settings: Settings
) -> None:
    ingest(settings)
    server.stop()
    with TestClient(create_app(settings), base_url=URL) as client:
        response = client.get("/readyz")
    assert response.status_code == 503
    assert "Chroma" in response.json()["detail"]
    assert server.url not in response.text


def test_with_the_index_in_a_store_that_is_away_asking_says_so(
    server: ChromaServer, settings: Settings
) -> None:
    ingest(settings.with_changes(chroma_url=""))
    server.stop()
    said: list[str] = []
    with pytest.raises(StoreError, match=AWAY):
        ensure_index(settings, said.append)
    assert said == [
        f"The corpus in {settings.corpus} or the configuration changed: building the index again."
    ]


def test_what_a_build_left_on_a_server_that_went_away_goes_with_the_next_one(
    server: ChromaServer, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "data", chroma_url=server.url)
    kept = build(settings, make_content(5))
    left = "cccccccccccc-00000000"
    (settings.data / "generations" / left).mkdir()
    with client_of(settings, Path()) as client:
        client.create_collection(f"ladder-qa-{left}", embedding_function=None)
    server.stop()
    with pytest.raises(StoreError):
        build(settings, make_content(6))
    server.start()
    last = build(settings, make_content(6))
    assert server.names(settings) == {f"ladder-qa-{kept}", f"ladder-qa-{last}"}
    assert {path.name for path in (settings.data / "generations").iterdir()} == {kept, last}


def test_records_that_changed_on_the_server_are_built_again(
    server: ChromaServer, settings: Settings
) -> None:
    first = ingest(settings)
    with client_of(settings, Path()) as client:
        (collection,) = client.list_collections()
        kept = client.get_collection(collection.name, embedding_function=None)
        one = kept.get(limit=1, include=["embeddings"])
        kept.upsert(ids=one["ids"], embeddings=one["embeddings"], documents=["another text"])
    with pytest.raises(IndexDamagedError, match="not as it was written"):
        check_records(settings)
    second = ingest(settings)
    assert second.built
    assert first.generation != second.generation
    check_records(settings)
    assert as_json(first.refused) == as_json(second.refused)
