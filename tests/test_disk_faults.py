"""A disk that is full, read-only or failing leaves the old index, and says place and reason."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from injected_faults import (
    EVERYTHING,
    GROWING,
    QUESTIONS,
    SYNC,
    Ended,
    Fault,
    Ground,
    Workshop,
)
from ladder_qa.errors import StoreError
from ladder_qa.index import open_generation
from ladder_qa.settings import Settings
from test_index import ENCODER, build, make_content

pytestmark = pytest.mark.timeout(7200)

FULL = Fault("fail from here", kinds=GROWING, error=errno.ENOSPC)
READ_ONLY = Fault("fail from here", kinds=EVERYTHING, error=errno.EROFS)
FAILING = Fault("fail once", kinds=EVERYTHING, error=errno.EIO)
UNSYNCHRONIZED = Fault("fail from here", kinds=SYNC, error=errno.EIO)
KINDS = {
    "full disk": FULL,
    "read-only": READ_ONLY,
    "one operation fails": FAILING,
    "fsync fails": UNSYNCHRONIZED,
}
# What SQLite and Chroma call an error that is no longer there when the disk is tried again.
THEIR_WORDS = (
    "disk I/O error",
    "unable to open database file",
    "readonly database",
    "Failed to apply logs",
)
UNCONFIRMED = "did not confirm it"


def check_message(ended: Ended, ground: Ground, fault: Fault, reached: tuple[int, str]) -> None:
    """Place and reason in one line, and no word of an unexpected error."""
    assert ended.status == 1, (ended, reached)
    assert ended.err.count("\n") == 1, ended.err
    assert str(ground.data) in ended.err, ended.err
    reasons = (os.strerror(fault.error), *(THEIR_WORDS if fault.action == "fail once" else ()))
    assert any(reason in ended.err for reason in reasons), (ended.err, reached)


def try_fault(ground: Ground, workshop: Workshop, fault: Fault) -> str | None:
    """One ingestion with a fault, and what became of it; None where the fault was not reached."""
    ground.reset()
    ended = workshop.run(ground.settings("new"), "ingest", fault=fault)
    after = ground.served()
    if len(ended.operations) < fault.at:
        assert (0, "new") == (ended.status, after), ended.err
        return None
    reached = ended.operations[fault.at - 1]
    if ended.status == 0:
        assert after == "new", reached
        return "done all the same"
    check_message(ended, ground, fault, reached)
    # only the last step, the folder of the pointer file itself, comes after the switch
    assert (after == "new") == (UNCONFIRMED in ended.err), (ended.err, reached)
    return "switched, not confirmed" if after == "new" else "refused"


@pytest.mark.parametrize(
    ("kind", "only", "at"),
    [
        ("full disk", "vectors.npy", 2),
        ("full disk", "/chroma/", 60),
        ("full disk", "CURRENT", 2),
        ("read-only", "/generations/", 1),
        ("one operation fails", "CURRENT", 4),
        ("fsync fails", "passages.json", 1),
        ("fsync fails", "/chroma/", 1),
    ],
)
def test_a_disk_that_fails_leaves_the_old_index_and_says_why(
    ground: Ground, workshop: Workshop, kind: str, only: str, at: int
) -> None:
    fault = KINDS[kind]
    ground.reset()
    armed = Fault(fault.action, at, fault.kinds, fault.error, only)
    ended = workshop.run(ground.settings("new"), "ingest", fault=armed)
    check_message(ended, ground, fault, ended.operations[at - 1])
    assert ground.served() == "old"


def test_after_a_full_disk_the_next_ingestion_works(ground: Ground, workshop: Workshop) -> None:
    assert try_fault(ground, workshop, Fault("fail from here", 5, GROWING, errno.ENOSPC, "bm25"))
    ended = workshop.run(ground.settings("new"), "ingest")
    assert (0, "new", []) == (ended.status, ground.served(), ground.left_over())


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("only", "step"),
    [
        ("!/chroma/", 5),
        ("/chroma/", 60),
        pytest.param("!/chroma/", 1, marks=pytest.mark.long),
        pytest.param("/chroma/", 7, marks=pytest.mark.long),
    ],
)
def test_a_fault_at_each_file_operation_in_turn(
    ground: Ground,
    workshop: Workshop,
    show: Callable[[str], None],
    *,
    kind: str,
    only: str,
    step: int,
) -> None:
    """And the next ingestion works each time."""
    fault, met, at = KINDS[kind], Counter[str](), 1
    if fault.kinds == SYNC:  # an eighth of the operations
        step = max(1, step // 8)
    while True:
        armed = Fault(fault.action, at, fault.kinds, fault.error, only)
        became = try_fault(ground, workshop, armed)
        if became is None:
            break
        met[became] += 1
        ended = workshop.run(ground.settings("new"), "ingest")
        assert (0, "") == (ended.status, ended.err)
        assert ("new", []) == (ground.served(), ground.left_over())
        at += step
    assert met["refused"] > 0
    what = "Chroma's operations" if only == "/chroma/" else "all but Chroma's operations"
    shares = ", ".join(f"{count} {name}" for name, count in sorted(met.items()))
    show(f"{kind}, each {step} of {what}: {met.total()} ingestions, 0 lost: {shares}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB of its own; skips where nothing may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    mounted = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small disk is a mounted one; mounting is not permitted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", "tmpfs", place], check=True)


@pytest.mark.parametrize("parts", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_a_disk_that_is_really_full_leaves_the_old_index(
    small_disk: Path, show: Callable[[str], None], parts: int
) -> None:
    """There is room for a part of the new generation, a little more each time."""
    settings = Settings(data=small_disk / "data")
    first = build(settings, make_content(60))
    used = shutil.disk_usage(small_disk).used
    refused = 0
    for part in range(parts):
        remount(small_disk, f"size={used + used * part // parts}")
        with pytest.raises(StoreError, match=f"{small_disk}.*: No space left on device"):
            build(settings, make_content(60, seed=part))
        refused += 1
        assert open_generation(settings, ENCODER).id == first
        assert [path.name for path in (settings.data / "generations").iterdir()] == [first]
    remount(small_disk, "size=8m")
    assert build(settings, make_content(60)) == open_generation(settings, ENCODER).id
    show(f"{refused} builds on a disk with room for 0 to {(parts - 1) / parts:.0%} of it: 0 lost")


def ladder_qa(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, in a process of its own."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("LADDER_QA_")}
    environ |= {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "LADDER_QA_CORPUS": str(settings.corpus),
        "LADDER_QA_DATA": str(settings.data),
    }
    return subprocess.run(
        [sys.executable, "-m", "ladder_qa.cli", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_on_a_read_only_disk_the_old_index_answers_and_ingest_says_why(
    ground: Ground, small_disk: Path
) -> None:
    ground.reset()
    data = small_disk / "data"
    shutil.copytree(ground.data, data, symlinks=True)
    settings = ground.settings("new", data=data)
    remount(small_disk, "ro")
    refused = ladder_qa(settings, "ingest")
    reason = "cannot be written to: Read-only file system."
    assert (1, f"ladder-qa: The data folder {data} {reason}\n") == (
        refused.returncode,
        refused.stderr,
    )
    asked = ladder_qa(settings, "ask", "--json", QUESTIONS[0])
    assert json.loads(ground.answers["old"][0]) == json.loads(asked.stdout)
    assert f"{reason} The index that was built before answers meanwhile." in asked.stderr
    remount(small_disk, "rw")
    asked = ladder_qa(settings, "ask", "--json", QUESTIONS[0])
    assert json.loads(ground.answers["new"][0]) == json.loads(asked.stdout)
