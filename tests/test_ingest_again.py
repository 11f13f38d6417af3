"""Ingesting again and again, twice at once, and over a corpus that somebody edits meanwhile."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import pytest

from exported_model import settings_with_model
from injected_faults import Fault, Ground, State, Workshop, disk_use
from ladder_qa.apart import ingest_apart
from ladder_qa.errors import CorpusError, StoreError
from ladder_qa.index import open_generation
from ladder_qa.ingest import IngestReport, ingest
from ladder_qa.settings import Settings
from ladder_qa.store import folder_of
from serving_fakes import DOCUMENTS, in_process

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture
def settings(pytestconfig: pytest.Config, tmp_path: Path) -> Settings:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name, text in DOCUMENTS.items():
        (corpus / name).write_text(text, encoding="utf-8")
    return settings_with_model(pytestconfig, tmp_path / "data", corpus=corpus)


@pytest.mark.slow
def test_of_two_ingestions_at_once_one_builds_or_both_do_in_turn(
    ground: Ground,
    workshop: Workshop,
    tmp_path_factory: pytest.TempPathFactory,
    show: Callable[[str], None],
) -> None:
    """50 times; the one that does not build says so, and the index is whole."""
    became: Counter[str] = Counter()
    with (
        Workshop(tmp_path_factory.mktemp("second")) as second,
        ThreadPoolExecutor(2) as pool,
    ):
        for number in range(50):
            target: State = "old" if ground.served() == "new" else "new"
            wanted = ground.settings(target)
            runs = [pool.submit(each.run, wanted, "ingest") for each in (workshop, second)]
            ended = [run.result() for run in runs]
            statuses = sorted((each.status, each.err) for each in ended)
            assert statuses[0] == (0, "")
            if statuses[1] == (0, ""):
                built = sum('"built":true' in each.out for each in ended)
                assert built == 1, (number, ended)
                became["both in turn, the second with nothing to do"] += 1
            else:
                words = f"Another process is building the index in {ground.data}; this one does not"
                assert statuses[1] == (1, f"{words}.\n")
                became["one refused"] += 1
            assert (target, []) == (ground.served(), ground.left_over())
    show("two ingestions at once, 50 times: " + ", ".join(f"{n} {k}" for k, n in became.items()))


SAID = "changed while it was read, 3 times in a row"


class Editor:
    """Saves all documents again and again, one after the other, each with the same number."""

    def __init__(self, corpus: Path, pause_s: float, first: int) -> None:
        self._corpus = corpus
        self._pause_s = pause_s
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.names = [f"{number}.md" for number in range(6)]
        self._saved = first

    def __enter__(self) -> Self:
        self._save_all()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(self._pause_s):
            self._save_all()

    def _save_all(self) -> None:
        self._saved += 1
        for name in self.names:
            whole = f"# X1: Scout\n\nThis is number {self._saved} of all.\n"
            beside = self._corpus / f"{name}.saving"
            beside.write_text(whole, encoding="utf-8")
            beside.replace(self._corpus / name)
            time.sleep(0.001)


@pytest.mark.parametrize(
    "pauses_s", [(0.0, 2.0), pytest.param((0.0, 0.1, 0.4, 1.6) * 10, marks=pytest.mark.slow)]
)
def test_an_index_is_of_one_moment_of_a_corpus_that_is_edited(
    settings: Settings, show: Callable[[str], None], pauses_s: tuple[float, ...]
) -> None:
    """Documents that are saved in turn are all of one number, or the first ones of the next."""
    built = refused = 0
    for number, pause_s in enumerate(pauses_s):
        with Editor(settings.corpus, pause_s, 100_000 * number) as editor:
            try:
                report = ingest(settings)
            except CorpusError as error:
                assert SAID in str(error)  # noqa: PT017  (either is right)
                refused += 1
                continue
        built += report.built
        texts = open_generation(settings, None).texts
        found = [int(texts[name].text.split("number ")[1].split()[0]) for name in editor.names]
        assert found == sorted(found, reverse=True)
        assert found[0] - found[-1] <= 1
    assert built > 0
    times = len(pauses_s)
    show(f"{times} ingestions while documents were saved: {built} of one moment, {refused} refused")


class Peak:
    """The most bytes that a folder held, and the most files that this process had open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.005):
            try:
                self.bytes = max(self.bytes, disk_use(self._folder))
            except FileNotFoundError:  # deleted while it was looked at
                continue


@pytest.mark.parametrize("times", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_ingesting_again_and_again_takes_two_generations_of_room_and_no_open_files(
    settings: Settings, show: Callable[[str], None], times: int
) -> None:
    generations = settings.data / "generations"
    ingest(settings)
    open_files, peak = [], 0
    for number in range(times):
        text = DOCUMENTS["overview.md"].replace("looks ahead", f"looks {number + 2} days ahead")
        (settings.corpus / "overview.md").write_text(text, encoding="utf-8")
        with Peak(generations) as watched:
            report = ingest(settings)
        assert (report.built, report.changed) == (True, ("overview.md",))
        one = disk_use(folder_of(settings.data, report.generation))
        assert disk_use(generations) <= 2.1 * one
        peak = max(peak, round(100 * watched.bytes / one))
        open_files.append(len(list(Path("/proc/self/fd").iterdir())))
    assert peak <= 210
    assert open_files[-1] <= open_files[0]
    show(
        f"{times} ingestions with one sentence changed: at most {peak / 100:.2f} generations on "
        f"the disk, {open_files[0]} open files after the first, {open_files[-1]} after the last"
    )


def test_the_next_ingestion_deletes_leftovers_before_it_writes(
    ground: Ground, workshop: Workshop
) -> None:
    """They may be what fills the disk. An ingestion that finds nothing to do deletes them too."""
    ground.reset()
    assert ground.left_over()
    ended = workshop.run(ground.settings("old"), "ingest", fault=Fault("count"))
    assert ended.status == 0
    assert '"built":false' in ended.out
    assert ground.left_over() == []


@pytest.fixture
def edited(settings: Settings) -> Settings:
    """With an index, and a corpus that was edited since."""
    ingest(settings)
    (settings.corpus / "overview.md").write_text(DOCUMENTS["overview.md"] + "\nAnd more.\n")
    return settings


def builder_of(pid: int) -> int | None:
    """The process in which a process has an index built."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for child in map(int, children):
        with contextlib.suppress(OSError):  # it ends just now
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
    return None


def runs(pid: int) -> bool:
    """Whether a process works; one that nobody has asked for its status yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for_builder(pid: int) -> int:
    deadline = time.monotonic() + 60
    while (found := builder_of(pid)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGKILL, "was killed, perhaps because it wanted more memory than there is"),
        (signal.SIGSEGV, "crashed (SIGSEGV); a disk that fails does that to it"),
    ],
)
def test_a_building_process_that_ends_without_a_word_is_spoken_for(
    edited: Settings, number: signal.Signals, words: str
) -> None:
    def end() -> None:
        os.kill(wait_for_builder(os.getpid()), number)

    before = open_generation(edited, None).id
    ending = threading.Thread(target=end)
    ending.start()
    said = f"The process that builds the index in {edited.data} {words}."
    with pytest.raises(StoreError, match=re.escape(said)):
        ingest_apart(edited)
    ending.join()
    assert open_generation(edited, None).id == before


def test_building_ends_with_the_process_that_waits_for_it(edited: Settings) -> None:
    code = (
        "import sys; from pathlib import Path; from ladder_qa.apart import ingest_apart;"
        "from ladder_qa.settings import Settings;"
        "ingest_apart(Settings(data=Path(sys.argv[1]), corpus=Path(sys.argv[2])))"
    )
    with in_process(code, str(edited.data), str(edited.corpus)) as waiting:
        builder = wait_for_builder(waiting.pid)
        waiting.kill()
    deadline = time.monotonic() + 60
    while runs(builder):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert ingest(edited).changed == ("overview.md",)


def test_ingesting_in_a_process_of_its_own_gives_the_same_report(edited: Settings) -> None:
    steps: list[str] = []
    report = ingest_apart(edited, lambda step, *_: steps.append(step))
    assert isinstance(report, IngestReport)
    assert report.changed == ("overview.md",)
    assert open_generation(edited, None).id == report.generation
    assert list(dict.fromkeys(steps)) == ["read", "encode", "store"]
