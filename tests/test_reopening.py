"""An index is the same bytes each time it is opened, also around Chroma's thousand records.

Chroma stores its graph once there are 1,000 records, and what came after lies in its log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ladder_qa.assistant import Assistant
from ladder_qa.corpus import read_document
from ladder_qa.datamodels import Document, as_json
from ladder_qa.index import Generation, build_generation, open_generation
from ladder_qa.ladder import read_ladder
from ladder_qa.passages import read_passages
from ladder_qa.settings import Settings
from ladder_qa.store import Content, Documents, StoredDocument

pytestmark = pytest.mark.timeout(3600)

QUESTIONS = (
    "What is the difference between E1 and E2?",
    "How long does it take to get from M2 to M3?",
    "What does an M1 do?",
    "How is a director paid?",
)
SOME = 40  # vectors that look for themselves each time; the first time all do


class HashEncoder:
    """Each text its own random direction, the same in every process."""

    fingerprint = "hash"
    dimensions = 96

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for number, text in enumerate(texts):
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
            row = np.random.default_rng(seed).normal(size=self.dimensions)
            rows[number] = row / np.linalg.norm(row)
        return rows

    def knows(self, word: str) -> bool:
        return False


def copies(corpus: Path) -> list[Document]:
    """The documents as often as 5,000 passages need, each time with a sentence of its own."""
    read, passages = [], 0
    for number in count():
        for file in sorted(corpus.glob("*.md")):
            text = file.read_text("utf-8").replace(". ", f" in place {number}. ")
            read.append(read_document(f"{number:02}/{file.name}", text.encode()))
        passages += 700
        if passages > 5000:
            return read
    raise AssertionError("there is no end to numbers")


@pytest.fixture(scope="module")
def documents(corpus_folder: Path) -> list[Document]:
    return copies(corpus_folder)


def built(data: Path, documents: list[Document], size: int, encoder: HashEncoder) -> Settings:
    """An index of the first `size` passages of as many documents as they come from."""
    taken = documents[: 5 * (size // 700 + 1)]
    ladder = read_ladder(taken)
    passages = tuple(islice(read_passages(taken, ladder), size))
    assert len(passages) == size
    stored = tuple(StoredDocument(d.path, d.slug, d.title, d.text, d.sha256) for d in taken)
    vectors = encoder.encode([passage.text for passage in passages])
    settings = Settings(data=data)
    content = Content(Documents(stored, ()), ladder, passages, vectors)
    build_generation(settings, content, hashlib.sha256(b"copies").hexdigest(), encoder.fingerprint)
    return settings


def lost(generation: Generation, rows: range) -> int:
    """How many vectors do not find themselves; passages of equal text have equal ones."""
    found = 0
    for row in rows:
        nearest, _ = generation.dense(generation.vectors[row], 1)
        found += bool((generation.vectors[nearest[0]] == generation.vectors[row]).all())
    return len(rows) - found


def dense_bytes(generation: Generation, step: int) -> str:
    digest = hashlib.sha256()
    for row in range(0, len(generation.vectors), step):
        for part in generation.dense(generation.vectors[row], 5):
            digest.update(part.tobytes())
    return digest.hexdigest()


SIZES = pytest.mark.parametrize(
    ("size", "times"),
    [
        (50, 3),
        (1001, 3),
        *(pytest.param(size, 20, marks=pytest.mark.slow) for size in (50, 999, 1001, 5000)),
    ],
)


@SIZES
def test_every_vector_finds_itself_and_answers_are_the_same_bytes_each_time(
    tmp_path: Path, documents: list[Document], show: Callable[[str], None], size: int, times: int
) -> None:
    encoder = HashEncoder()
    settings = built(tmp_path, documents, size, encoder)
    seen = set()
    for number in range(times):
        generation = open_generation(settings, encoder.fingerprint)
        if number in (0, times - 1):
            assert lost(generation, range(size)) == 0
        assistant = Assistant(generation, encoder)
        answers = [as_json(assistant.ask(question)) for question in QUESTIONS]
        seen.add((dense_bytes(generation, max(1, size // SOME)), *answers))
    assert len(seen) == 1
    show(f"{size} passages opened {times} times: every vector finds itself, the same bytes")


@SIZES
def test_the_graph_leads_every_vector_to_itself_each_time(
    tmp_path: Path, documents: list[Document], show: Callable[[str], None], size: int, times: int
) -> None:
    """As it is above 100,000 passages, where Chroma names the candidates."""
    encoder = HashEncoder()
    settings = built(tmp_path, documents, size, encoder)
    seen = set()
    for number in range(times):
        generation = open_generation(settings, encoder.fingerprint, exact_limit=0)
        missed = lost(generation, range(0, size, 1 if number == 0 else max(1, size // SOME)))
        assert missed <= 0.01 * size
        seen.add(dense_bytes(generation, max(1, size // SOME)))
    assert len(seen) == 1
    show(f"{size} passages opened {times} times by the graph: found, the same bytes")
