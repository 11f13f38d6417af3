"""A generation whose files were altered is not served: each door says so, and ingesting repairs."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from fastapi.testclient import TestClient

from injected_faults import QUESTIONS, Ground, Workshop
from ladder_qa.chroma import check_records
from ladder_qa.errors import IndexDamagedError
from ladder_qa.index import open_generation
from ladder_qa.settings import Settings
from ladder_qa.store import CHROMA, current_manifest, folder_of
from ladder_qa.web.app import create_app
from test_index import build, make_content

pytestmark = pytest.mark.timeout(3600)

Damage = Literal["flipped", "cut", "removed"]
WHOLE = (  # the files of a generation that has probably-asked questions
    "bank-vectors.npy",
    "bank.json",
    "bm25/rows.npy",
    "bm25/starts.npy",
    "bm25/vocabulary.json",
    "bm25/weights.npy",
    "documents.json",
    "ladder.json",
    "passages.json",
    "vectors.npy",
)
REPAIR = "ladder-qa ingest"


def damage(file: Path, how: Damage) -> None:
    """One byte of the middle is another one; the second half is gone; the file is gone."""
    data = bytearray(file.read_bytes())
    if how == "removed":
        file.unlink()
    elif how == "cut":
        file.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 2] ^= 1
        file.write_bytes(data)


def served_folder(data: Path) -> Path:
    manifest = current_manifest(data)
    assert manifest is not None
    return folder_of(data, manifest.id)


def readiness(settings: Settings) -> tuple[int, str]:
    """What `/readyz` of a server that has just started says: status and detail."""
    with TestClient(create_app(settings)) as client:
        response = client.get("/readyz")
        return response.status_code, response.json().get("detail", "")


def repair(ground: Ground, workshop: Workshop) -> None:
    ended = workshop.run(ground.settings("old"), "ingest")
    assert (0, "") == (ended.status, ended.err)
    assert json.loads(ended.out)["built"]
    assert ground.served() == "old"


some = pytest.mark.parametrize(
    ("name", "how"),
    [
        pytest.param(name, how, marks=() if (name, how) in quick else pytest.mark.slow)
        for quick in [{("vectors.npy", "flipped"), ("bank.json", "removed")}]
        for name in WHOLE
        for how in ("flipped", "cut", "removed")
    ],
)


@some
def test_every_door_says_that_a_file_was_altered_and_ingesting_repairs(
    ground: Ground, workshop: Workshop, name: str, how: Damage
) -> None:
    ground.reset()
    file = served_folder(ground.data) / name
    damage(file, how)
    settings = ground.settings("old")
    asked = workshop.run(settings, "ask", QUESTIONS[0])
    assert (1, "") == (asked.status, asked.out)
    assert str(file) in asked.err
    assert REPAIR in asked.err
    examined = workshop.run(settings, "doctor")
    assert examined.status == 1
    found = " ".join(examined.out.split())
    assert f"PROBLEM Index: The index file {file}" in found
    assert REPAIR in found
    status, detail = readiness(settings)
    assert status == 503
    assert REPAIR in detail
    assert str(ground.data) not in detail
    repair(ground, workshop)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["flipped", "cut", "removed"])
def test_an_altered_manifest_is_noticed_and_asking_builds_the_index_again(
    ground: Ground, workshop: Workshop, how: Damage
) -> None:
    ground.reset()
    damage(served_folder(ground.data) / "manifest.json", how)
    settings = ground.settings("old")
    assert workshop.run(settings, "doctor").status == 1
    assert readiness(settings)[0] == 503
    asked = workshop.run(settings, "ask", "--json", QUESTIONS[0])
    assert json.loads(ground.answers["old"][0]) == json.loads(asked.out)
    assert f"The index in {ground.data} cannot be read: building it again" in asked.err
    assert ground.served() == "old"


def test_each_byte_of_a_manifest_counts(tmp_path: Path) -> None:
    """Whatever bit is turned over: the corpus, a hash, a number, a brace."""
    settings = Settings(data=tmp_path)
    build(settings, make_content(3))
    file = served_folder(tmp_path) / "manifest.json"
    whole = file.read_bytes()
    open_generation(settings, None)
    draw = random.Random(1)
    for place in range(0, len(whole), 3):
        data = bytearray(whole)
        data[place] ^= 1 << draw.randrange(8)
        file.write_bytes(data)
        with pytest.raises(IndexDamagedError):
            open_generation(settings, None)


@pytest.mark.slow
@pytest.mark.parametrize("pointer", [b"", b"../../etc", b"\xff\xfe", b"0" * 21])
def test_a_damaged_pointer_is_said_and_asking_builds_the_index_again(
    ground: Ground, workshop: Workshop, pointer: bytes
) -> None:
    ground.reset()
    (ground.data / "CURRENT").write_bytes(pointer)
    settings = ground.settings("old")
    examined = workshop.run(settings, "doctor")
    assert examined.status == 1
    assert "The pointer file" in examined.out
    status, detail = readiness(settings)
    assert (503, True) == (status, REPAIR in detail)
    asked = workshop.run(settings, "ask", "--json", QUESTIONS[0])
    assert json.loads(ground.answers["old"][0]) == json.loads(asked.out)
    assert "cannot be read: building it again" in asked.err
    assert ground.served() == "old"


@pytest.mark.slow
def test_an_index_of_another_format_is_said_with_both_numbers(
    ground: Ground, workshop: Workshop
) -> None:
    ground.reset()
    file = served_folder(ground.data) / "manifest.json"
    other = json.loads(file.read_text("utf-8")) | {"format": 99}
    file.write_text(json.dumps(other), encoding="utf-8")
    examined = workshop.run(ground.settings("old"), "doctor")
    assert examined.status == 1
    assert "has the format 99; allowed: 4." in " ".join(examined.out.split())
    assert readiness(ground.settings("old"))[0] == 503
    repair(ground, workshop)


def test_chromas_files_are_of_no_consequence_for_answers_and_ingesting_repairs_them(
    ground: Ground, workshop: Workshop
) -> None:
    """Up to 100,000 passages vectors are compared one by one, and Chroma is not asked."""
    ground.reset()
    file = served_folder(ground.data) / CHROMA / "chroma.sqlite3"
    damage(file, "cut")
    settings = ground.settings("old")
    asked = workshop.run(settings, "ask", "--json", QUESTIONS[0])
    assert json.loads(ground.answers["old"][0]) == json.loads(asked.out)
    assert readiness(settings)[0] == 200
    examined = workshop.run(settings, "doctor")
    assert examined.status == 1
    found = " ".join(examined.out.split())
    assert f"PROBLEM Chroma's records: Chroma's files in {file.parent} were changed" in found
    assert REPAIR in found
    repair(ground, workshop)


@pytest.mark.slow
def test_whatever_byte_of_chromas_database_was_altered_its_records_are_right_or_repaired(
    ground: Ground, workshop: Workshop, show: Callable[[str], None]
) -> None:
    """Many bytes of a database are of no account; where one is, `doctor` and `ingest` see it."""
    draw = random.Random(2)
    seen = 0
    for _ in range(30):
        ground.reset()
        file = served_folder(ground.data) / CHROMA / "chroma.sqlite3"
        data = bytearray(file.read_bytes())
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        file.write_bytes(data)
        examined = workshop.run(ground.settings("old"), "doctor")
        assert examined.status in (0, 1), examined
        ended = workshop.run(ground.settings("old"), "ingest")
        assert ended.status == 0, ended
        assert json.loads(ended.out)["built"] == (examined.status == 1)
        seen += examined.status
    show(f"30 single bits turned over in Chroma's database: {seen} of consequence, all repaired")


@pytest.fixture(scope="module")
def graphed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose collection has a stored graph: that is so from 1,000 records on."""
    settings = Settings(data=tmp_path_factory.mktemp("graphed"))
    build(settings, make_content(1200))
    return settings.data


@pytest.mark.parametrize("how", ["flipped", "cut", "removed"])
@pytest.mark.parametrize(
    "name", ["data_level0.bin", "header.bin", "index_metadata.pickle", "length.bin"]
)
def test_a_damaged_graph_is_not_given_to_chroma_which_would_crash(
    graphed: Path, tmp_path: Path, name: str, how: Damage
) -> None:
    settings = Settings(data=Path(shutil.copytree(graphed, tmp_path / "data")))
    (file,) = (served_folder(settings.data) / CHROMA).glob(f"*/{name}")
    open_generation(settings, None, exact_limit=100)
    damage(file, how)
    with pytest.raises(IndexDamagedError, match=f"{name} is missing or was changed"):
        open_generation(settings, None, exact_limit=100)
    with pytest.raises(IndexDamagedError, match=f"{name} is missing or was changed"):
        check_records(settings)


def test_what_chroma_itself_wrote_since_is_no_damage(graphed: Path, tmp_path: Path) -> None:
    settings = Settings(data=Path(shutil.copytree(graphed, tmp_path / "data")))
    before = (served_folder(settings.data) / CHROMA / "chroma.sqlite3").read_bytes()
    generation = open_generation(settings, None, exact_limit=100)
    generation.dense(generation.vectors[0], 3)
    assert before != (served_folder(settings.data) / CHROMA / "chroma.sqlite3").read_bytes()
    check_records(settings)
