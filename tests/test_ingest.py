"""The corpus becomes an index once, again when it changed, and only what changed is encoded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from conftest import ROOT
from exported_model import settings_with_model
from ladder_qa.errors import CorpusError, IngestRunningError
from ladder_qa.index import current_generation_id, open_generation
from ladder_qa.ingest import ensure_index, ingest, stale
from ladder_qa.settings import Settings
from ladder_qa.store import folder_of, writer_lock

pytestmark = pytest.mark.timeout(600)  # the first test may have to export the model

GUIDE = """# Widget Track Overview

Levels W1 to W2 describe people who make widgets.

## W1 (Widget Maker)

W1s make one widget at a time. They ask for help early.

## W2 (Senior Widget Maker)

- Designs widgets for a whole team
- Typical time: 12-24+ months
"""
NOTE = "# A note\n\nEverybody reads this note once a year.\n"


@pytest.fixture
def settings(pytestconfig: pytest.Config, tmp_path: Path) -> Settings:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "guide.md").write_text(GUIDE)
    (corpus / "note.md").write_text(NOTE)
    return settings_with_model(pytestconfig, tmp_path / "data", corpus=corpus)


def test_the_first_ingestion_indexes_every_document(settings: Settings) -> None:
    steps: list[str] = []
    report = ingest(settings, lambda step, *_: steps.append(step))
    assert report.built
    assert report.added == ("guide.md", "note.md")
    assert (report.changed, report.removed, report.unchanged) == ((), (), ())
    assert (report.documents, report.encoded, report.reused) == (2, report.passages, 0)
    assert list(dict.fromkeys(steps)) == ["read", "encode", "store"]
    generation = open_generation(settings, None)
    assert generation.id == report.generation == current_generation_id(settings)
    assert len(generation.passages) == report.passages > 5
    assert generation.texts["guide.md"].text == GUIDE


def test_every_passage_finds_itself(settings: Settings) -> None:
    ingest(settings)
    generation = open_generation(settings, None)
    for row, vector in enumerate(generation.vectors):
        rows, cosines = generation.dense(vector, 1)
        found, asked = generation.passages[int(rows[0])], generation.passages[row]
        assert found.text == asked.text
        assert cosines[0] == pytest.approx(1.0, abs=1e-5)


def test_nothing_is_built_when_nothing_changed(settings: Settings) -> None:
    first = ingest(settings)
    second = ingest(settings)
    assert not second.built
    assert second.generation == first.generation
    assert second.unchanged == ("guide.md", "note.md")
    assert (second.encoded, second.reused) == (0, first.passages)


def test_one_changed_sentence_is_the_only_one_encoded(settings: Settings) -> None:
    first = ingest(settings)
    guide = settings.corpus / "guide.md"
    guide.write_text(GUIDE.replace("They ask for help early.", "They ask for help very early."))
    second = ingest(settings)
    assert (second.changed, second.unchanged) == (("guide.md",), ("note.md",))
    assert (second.encoded, second.reused) == (1, first.passages - 1)


def test_an_index_grown_step_by_step_is_the_one_built_at_once(settings: Settings) -> None:
    (settings.corpus / "guide.md").write_text(GUIDE.replace("widgets", "gadgets"))
    ingest(settings)
    (settings.corpus / "guide.md").write_text(GUIDE)
    ingest(settings)
    grown = open_generation(settings, None)
    ingest(settings, force=True)
    anew = open_generation(settings, None)
    assert grown.id != anew.id
    assert grown.passages == anew.passages
    assert grown.vectors.tobytes() == anew.vectors.tobytes()


def test_added_and_removed_documents_are_named(settings: Settings) -> None:
    ingest(settings)
    (settings.corpus / "note.md").unlink()
    (settings.corpus / "other.md").write_text(NOTE.replace("note", "paper"))
    report = ingest(settings)
    assert (report.added, report.removed) == (("other.md",), ("note.md",))
    assert list(open_generation(settings, None).texts) == ["guide.md", "other.md"]


def test_a_file_that_cannot_be_read_is_refused_by_name_and_kept_in_the_index(
    settings: Settings,
) -> None:
    (settings.corpus / "bad.md").write_bytes(b"# Title\n\n\xff\xfe\n")
    report = ingest(settings)
    assert [file.path for file in report.refused] == ["bad.md"]
    assert open_generation(settings, None).refused == report.refused


@pytest.mark.parametrize("make", [False, True])
def test_no_corpus_and_an_empty_one_are_refused_and_leave_no_index(
    tmp_path: Path, make: bool
) -> None:
    settings = Settings(corpus=tmp_path / "corpus", data=tmp_path / "data")
    if make:
        settings.corpus.mkdir()
    with pytest.raises(CorpusError):
        ingest(settings)
    with pytest.raises(CorpusError):
        ensure_index(settings, print)
    assert current_generation_id(settings) is None


def test_a_failed_ingestion_leaves_the_old_generation(settings: Settings) -> None:
    first = ingest(settings)
    for file in settings.corpus.iterdir():
        file.unlink()
    with pytest.raises(CorpusError):
        ingest(settings)
    assert open_generation(settings, None).id == first.generation


def test_a_damaged_generation_is_built_anew(settings: Settings) -> None:
    first = ingest(settings)
    (folder_of(settings.data, first.generation) / "passages.json").write_text("[]")
    second = ingest(settings)
    assert second.built
    assert second.added == ("guide.md", "note.md")
    assert len(open_generation(settings, None).passages) == first.passages


def test_a_second_ingestion_at_the_same_time_is_refused_at_once(settings: Settings) -> None:
    with writer_lock(settings.data), pytest.raises(IngestRunningError, match="Another process"):
        ingest(settings)


def test_of_two_ingestions_in_two_processes_the_index_is_whole(settings: Settings) -> None:
    environ = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "LADDER_QA_CORPUS": str(settings.corpus),
        "LADDER_QA_DATA": str(settings.data),
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "ladder_qa.ingest"],
            env=environ,
            cwd=settings.corpus,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    results = [(*process.communicate(), process.returncode) for process in processes]
    assert 0 in [status for _, _, status in results]
    for said, complaint, status in results:
        assert status == 0 or (status == 1 and "Another process is building" in complaint)
        if status == 0:
            assert json.loads(said)["documents"] == 2
    assert len(open_generation(settings, None).texts) == 2


def test_stale_follows_the_corpus(settings: Settings) -> None:
    assert stale(settings)
    ingest(settings)
    assert not stale(settings)
    (settings.corpus / "note.md").write_text(NOTE + "\nAnd this is new.\n")
    assert stale(settings)
    shutil.rmtree(settings.corpus)
    assert not stale(settings)


def test_ensure_index_builds_when_needed_and_says_so(settings: Settings) -> None:
    said: list[str] = []
    ensure_index(settings, said.append)
    ensure_index(settings, said.append)
    (settings.corpus / "note.md").unlink()
    ensure_index(settings, said.append)
    assert [line.split(":")[0] for line in said] == [
        f"There is no index in {settings.data}",
        f"The corpus in {settings.corpus} or the configuration changed",
    ]
    assert list(open_generation(settings, None).texts) == ["guide.md"]


def test_ensure_index_goes_on_with_the_old_index_while_another_builds(settings: Settings) -> None:
    first = ingest(settings)
    (settings.corpus / "note.md").unlink()
    said: list[str] = []
    with writer_lock(settings.data):
        ensure_index(settings, said.append)
    assert said[-1] == "Another process is building the index; the old one answers meanwhile."
    assert current_generation_id(settings) == first.generation


def test_ensure_index_waits_for_the_first_index_of_another(settings: Settings) -> None:
    held = threading.Event()

    def hold() -> None:
        with writer_lock(settings.data):
            held.set()
            time.sleep(1)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    ensure_index(settings, lambda _: None)  # the other gives up without an index: it builds
    thread.join()
    assert len(open_generation(settings, None).texts) == 2


def test_an_index_without_its_corpus_is_served_as_it_is(settings: Settings) -> None:
    ingest(settings)
    shutil.rmtree(settings.corpus)
    said: list[str] = []
    ensure_index(settings, said.append)
    assert said == []


@pytest.mark.slow
def test_the_projects_own_corpus_is_indexed(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    settings = settings_with_model(pytestconfig, tmp_path / "data", corpus=ROOT / "corpus")
    report = ingest(settings)
    assert (report.documents, report.refused) == (5, ())
    assert len(open_generation(settings, None).passages) == report.passages
