"""A generation is whole or not there, and what is read back is what was written, bit for bit."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ladder_qa.chroma import check_collection
from ladder_qa.datamodels import (
    Ladder,
    Level,
    MissingDocument,
    Passage,
    PassageKind,
    RefusedFile,
    Span,
    Transition,
    as_json,
)
from ladder_qa.decoding import from_json
from ladder_qa.errors import (
    IndexDamagedError,
    IndexMissingError,
    IngestRunningError,
)
from ladder_qa.index import (
    build_generation,
    current_generation_id,
    open_generation,
)
from ladder_qa.settings import Settings
from ladder_qa.store import (
    Content,
    Documents,
    StoredDocument,
    current_manifest,
    folder_of,
    writer_lock,
)
from ladder_qa.words import tokens

pytestmark = pytest.mark.timeout(300)  # llama-index and chromadb take seconds to import

ENCODER = "0123456789abcdef"
CORPUS = hashlib.sha256(b"corpus").hexdigest()
LADDER = Ladder(
    levels=(
        Level(
            code="A1",
            title="First",
            aliases=("first", "1st"),
            track="a",
            core_question=None,
            titles=("First",),
            document="d.md",
            rank=1,
        ),
    ),
    transitions=(Transition("A1", "A2", "First to second", None, "12–24+ months"),),
    missing=(MissingDocument("a2.md", ("d.md",), ("A1", "A2")),),
    mentioned=("B7",),
)


def make_content(count: int, dimensions: int = 16, seed: int = 0) -> Content:
    """`count` passages of one document, each a line of it, with random vectors."""
    text, passages = "\ufeff# Title\r\n", []
    for number in range(count):
        quote = f"Statement {number} über “scope”\u200b."
        start = len(text)
        text += quote + "\r\n"
        passages.append(
            Passage(
                id=f"p{number}",
                order=number,
                kind=PassageKind.SENTENCE,
                document="d.md",
                slug="d",
                title="Title",
                section=("Title",),
                quote=quote,
                start=start,
                end=start + len(quote),
                context=(Span("Title", 3, 8),),
                plain=quote,
                text=f"Title: {quote}",
                url="/documents/d",
                levels=("A1",) if number % 2 else (),
                mentions=(),
                row=number if number % 3 else None,
            )
        )
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    documents = Documents(
        (StoredDocument("d.md", "d", "Title", text, sha256),), (RefusedFile("x.md", "not UTF-8"),)
    )
    return Content(documents, LADDER, tuple(passages), vectors)


def build(settings: Settings, content: Content) -> str:
    return build_generation(settings, content, CORPUS, ENCODER)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one generation, to be copied by tests that damage it."""
    settings = Settings(data=tmp_path_factory.mktemp("built"))
    build(settings, make_content(30))
    return settings.data


@pytest.fixture
def copied(built: Path, tmp_path: Path) -> Settings:
    return Settings(data=Path(shutil.copytree(built, tmp_path / "copied")))


def test_what_was_built_is_read_back_exactly(copied: Settings) -> None:
    content = make_content(30)
    generation = open_generation(copied, ENCODER)
    assert generation.id == current_generation_id(copied)
    assert generation.corpus_sha256 == f"sha256:{CORPUS}"
    assert generation.passages == content.passages
    assert generation.ladder == LADDER
    assert tuple(generation.texts.values()) == content.documents.documents
    assert generation.refused == content.documents.refused
    assert generation.vectors.tobytes() == content.vectors.tobytes()
    assert generation.vectors.dtype == np.float32


def test_a_generation_cannot_be_changed(copied: Settings) -> None:
    generation = open_generation(copied, None)
    with pytest.raises(ValueError, match="read-only"):
        generation.vectors[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        generation.id = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        generation.texts["d.md"] = None  # type: ignore[index]


def test_dense_gives_the_nearest_passages_and_their_cosines(copied: Settings) -> None:
    generation = open_generation(copied, ENCODER)
    cosines = generation.vectors @ generation.vectors[7]
    rows, found = generation.dense(generation.vectors[7], 5)
    assert rows.tolist() == np.argsort(-cosines, kind="stable")[:5].tolist()
    assert found.tolist() == cosines[rows].tolist()
    assert rows[0] == 7
    assert len(generation.dense(generation.vectors[0], 1000)[0]) == 30
    assert len(generation.dense(generation.vectors[0], 0)[0]) == 0


def test_equal_cosines_stand_in_reading_order(settings: Settings) -> None:
    content = make_content(20)
    twins = dataclasses.replace(content, vectors=np.repeat(content.vectors[:4], 5, axis=0))
    build(settings, twins)
    rows, _ = open_generation(settings, None).dense(twins.vectors[11], 3)
    assert rows.tolist() == [10, 11, 12]


def test_beyond_the_exact_limit_chroma_names_the_candidates(copied: Settings) -> None:
    exact, graph = open_generation(copied, None), open_generation(copied, None, exact_limit=10)
    for row in range(30):
        expected, found = exact.dense(exact.vectors[row], 3), graph.dense(exact.vectors[row], 3)
        assert found[0].tolist() == expected[0].tolist()
        np.testing.assert_allclose(found[1], expected[1], atol=1e-6)


def test_word_scores_prefer_the_passage_with_the_words(copied: Settings) -> None:
    scores = open_generation(copied, None).word_scores(tokens("statement 17"))
    assert scores.shape == (30,)
    assert int(scores.argmax()) == 17


@pytest.mark.parametrize(
    "count",
    [1, 50, 999, 1001, pytest.param(5000, marks=pytest.mark.slow)],  # around `sync_threshold`
)
def test_every_record_is_in_the_collection_after_reopening(settings: Settings, count: int) -> None:
    content = make_content(count)
    generation = build(settings, content)
    manifest = current_manifest(settings.data)
    assert manifest is not None
    assert manifest.passages == count
    check_collection(settings, folder_of(settings.data, generation), manifest, content)


def test_a_record_that_is_not_what_was_written_is_noticed(copied: Settings) -> None:
    content, manifest = make_content(30), current_manifest(copied.data)
    assert manifest is not None
    folder = folder_of(copied.data, manifest.id)
    turned = content.vectors.copy()
    turned[4] = turned[5]
    for other in (
        dataclasses.replace(content, vectors=turned),
        make_content(29),
        make_content(31),
        dataclasses.replace(
            content, passages=(dataclasses.replace(content.passages[0], start=1, end=2),)
        ),
    ):
        with pytest.raises(IndexDamagedError):
            check_collection(copied, folder, manifest, other)


class ForgetfulCollection:
    """A collection whose graph leads some records to another one; all records are intact."""

    def __init__(self, content: Content, missed: int) -> None:
        self._content, self._missed = content, missed

    def count(self) -> int:
        return len(self._content.passages)

    def get(self, ids: list[str], include: list[str]) -> dict[str, Any]:
        rows = [int(record.removeprefix("p")) for record in ids]
        passages = [self._content.passages[row] for row in rows]
        return {
            "ids": ids,
            "documents": [p.text for p in passages],
            "metadatas": [
                {"document": p.document, "start": p.start, "end": p.end} for p in passages
            ],
            "embeddings": self._content.vectors[rows],
        }

    def query(self, query_embeddings: Any, n_results: int, include: list[str]) -> dict[str, Any]:
        found = []
        for vector in query_embeddings:
            self._missed -= 1
            found.append([-vector] if self._missed >= 0 else [vector])
        return {"embeddings": found}


@pytest.mark.parametrize(("missed", "good"), [(0, True), (12, True), (13, False), (1200, False)])
def test_a_few_records_may_be_missed_by_the_graph_but_not_more(
    copied: Settings, monkeypatch: pytest.MonkeyPatch, missed: int, *, good: bool
) -> None:
    content, manifest = make_content(1200), current_manifest(copied.data)
    assert manifest is not None

    class Client:
        def get_collection(self, name: str, embedding_function: None) -> ForgetfulCollection:
            return ForgetfulCollection(content, missed)

    @contextlib.contextmanager
    def connected(*_: object) -> Iterator[Client]:
        yield Client()

    monkeypatch.setattr("ladder_qa.chroma.client_of", connected)
    message = f"Only {1200 - missed} of 1200 passages"
    fails = pytest.raises(IndexDamagedError, match=message)
    with contextlib.nullcontext() if good else fails:
        check_collection(copied, copied.data, manifest, content)


def test_many_equal_vectors_are_no_damage(settings: Settings) -> None:
    content = make_content(1700)
    content.vectors[200:300] = content.vectors[200]
    build(settings, content)


def test_a_passage_that_is_not_the_documents_text_is_never_built(settings: Settings) -> None:
    content = make_content(3)
    moved = dataclasses.replace(content.passages[1], start=content.passages[1].start + 1)
    wrong = dataclasses.replace(content, passages=(content.passages[0], moved, content.passages[2]))
    with pytest.raises(IndexDamagedError, match="does not read"):
        build(settings, wrong)
    assert current_generation_id(settings) is None


def test_no_index_is_said_so(settings: Settings) -> None:
    assert current_generation_id(settings) is None
    assert current_manifest(settings.data) is None
    with pytest.raises(IndexMissingError, match="ladder-qa ingest"):
        open_generation(settings, None)


@pytest.mark.parametrize(
    "name",
    [
        "documents.json",
        "passages.json",
        "ladder.json",
        "vectors.npy",
        "bm25/weights.npy",
        "bm25/vocabulary.json",
        "manifest.json",
    ],
)
@pytest.mark.parametrize("damage", ["changed", "cut", "missing"])
def test_a_damaged_file_is_refused(copied: Settings, name: str, damage: str) -> None:
    file = folder_of(copied.data, current_generation_id(copied) or "") / name
    data = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 2] ^= 1
        data[1] ^= 1
        file.write_bytes(data)
    with pytest.raises(IndexDamagedError):
        open_generation(copied, ENCODER)


@pytest.mark.parametrize(
    "pointer", ["", "../../etc", "0" * 21, "\ud800".encode("utf-16", "surrogatepass")]
)
def test_a_damaged_pointer_is_refused_and_replaced_by_building(
    copied: Settings, pointer: str | bytes
) -> None:
    data = pointer if isinstance(pointer, bytes) else pointer.encode()
    (copied.data / "CURRENT").write_bytes(data)
    with pytest.raises(IndexDamagedError, match="pointer"):
        open_generation(copied, ENCODER)
    build(copied, make_content(3))
    assert len(open_generation(copied, ENCODER).passages) == 3


def test_another_format_is_refused_with_both_numbers(copied: Settings) -> None:
    manifest = folder_of(copied.data, current_generation_id(copied) or "") / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(content | {"format": 99}))
    with pytest.raises(IndexDamagedError, match="format 99; allowed: 4"):
        open_generation(copied, ENCODER)


def test_vectors_of_another_encoder_are_refused(copied: Settings) -> None:
    with pytest.raises(IndexDamagedError, match=f"encoder {ENCODER}, and the configured one is f"):
        open_generation(copied, "f" * 16)


def test_an_index_of_another_store_is_refused(copied: Settings) -> None:
    other = copied.with_changes(chroma_url="http://localhost:1")
    with pytest.raises(IndexDamagedError, match="embedded Chroma"):
        open_generation(other, ENCODER)


def test_the_previous_generation_is_kept_and_older_ones_go(settings: Settings) -> None:
    ids = [build(settings, make_content(3, seed=seed)) for seed in range(3)]
    left = {path.name for path in (settings.data / "generations").iterdir()}
    assert left == set(ids[1:])
    assert current_generation_id(settings) == ids[2]


def test_an_open_generation_outlives_its_files(copied: Settings) -> None:
    generation = open_generation(copied, ENCODER)
    shutil.rmtree(copied.data)
    assert generation.dense(generation.vectors[3], 1)[0].tolist() == [3]
    assert generation.word_scores(tokens("statement")).any()


def test_only_one_writer_holds_the_lock(settings: Settings) -> None:
    refused: list[bool] = []

    def other() -> None:
        try:
            with writer_lock(settings.data):
                refused.append(False)
        except IngestRunningError:
            refused.append(True)

    with writer_lock(settings.data):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    other()
    assert refused == [True, False]


def test_json_gives_back_exactly_what_was_written() -> None:
    content = make_content(7)
    for value in (content.documents, content.ladder):
        assert from_json(type(value), as_json(value)) == value
    assert from_json(tuple[Passage, ...], as_json(content.passages)) == content.passages


@pytest.mark.parametrize(
    "change",
    [
        {"start": "1"},
        {"start": 1.0},
        {"start": True},
        {"kind": "unknown"},
        {"levels": "E1"},
        {"levels": [1]},
        {"quote": None},
        {"context": [{"text": "x", "start": 1}]},
        {"more": 1},
    ],
)
def test_json_of_another_shape_is_refused(change: dict[str, object]) -> None:
    value = json.loads(as_json(make_content(1).passages[0])) | change
    with pytest.raises(ValueError, match="is not"):
        from_json(Passage, json.dumps(value))


def test_opening_and_searching_loads_nothing_that_only_building_needs(copied: Settings) -> None:
    code = (
        "import sys; from pathlib import Path; from ladder_qa.settings import Settings;"
        "from ladder_qa.index import open_generation, tokens;"
        f"g = open_generation(Settings(data=Path({str(copied.data)!r})), None);"
        "g.dense(g.vectors[0], 3); g.word_scores(tokens('statement'));"
        "print(sorted({'torch', 'sentence_transformers', 'llama_index', 'chromadb', 'bm25s'}"
        " & set(sys.modules)))"
    )
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
