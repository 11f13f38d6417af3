"""The command line: what is printed where, and with which exit status."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from ladder_qa.assistant import Assistant
from ladder_qa.cli import BLAS_THREADS, main
from ladder_qa.console import Rooms
from ladder_qa.datamodels import RefusedFile, as_object
from ladder_qa.errors import (
    CorpusError,
    IndexMissingError,
    IngestRunningError,
    LadderError,
    ModelError,
)
from ladder_qa.ingest import IngestReport
from ladder_qa.settings import Settings
from ladder_qa.terminal import columns
from ladder_qa.web.shapes import levels_object
from serving_fakes import FakeAssistant, WordEncoder, fake_assistant, in_process

REPORT = IngestReport(
    generation="gen-1",
    built=True,
    documents=2,
    passages=20,
    added=("new.md",),
    changed=("old.md",),
    removed=("gone.md",),
    unchanged=(),
    encoded=12,
    reused=8,
    refused=(RefusedFile("bad.md", "not UTF-8 text"),),
    questions=30,
    set_aside=2,
    seconds=1.5,
)


class FakeRooms:
    """Keeps what was asked of it; an error given to it is raised."""

    def __init__(self, assistant: FakeAssistant | None = None) -> None:
        self.assistant = assistant or fake_assistant()
        self.error: Exception | None = None
        self.opened: list[Settings] = []
        self.ensured: list[Settings] = []
        self.ingested: list[Settings] = []

    def rooms(self) -> Rooms:
        return Rooms(self._open, self._ensure, self._ingest, lambda _: WordEncoder())

    def _open(self, given: Settings) -> Assistant:
        self.opened.append(given)
        return cast("Assistant", self.assistant)

    def _ensure(self, given: Settings, report: Callable[[str], None]) -> None:
        if self.error is not None:
            raise self.error
        self.ensured.append(given)
        report("building the index")

    def _ingest(self, given: Settings, progress: Any) -> IngestReport:
        if self.error is not None:
            raise self.error
        assert progress is None, "standard error is no terminal here"
        self.ingested.append(given)
        return REPORT


class Ran:
    """What a command left behind."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def fake() -> FakeRooms:
    return FakeRooms()


@pytest.fixture
def run(
    fake: FakeRooms,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Ran]:
    """Runs one command in an empty folder, with nothing on standard input."""
    for name in list(os.environ):
        if name.startswith("LADDER_QA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LADDER_QA_DATA", "data")
    (tmp_path / "data").mkdir()

    def call(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main(arguments, fake.rooms())
        captured = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0, captured.out, captured.err)

    return call


def test_an_answer_is_printed_with_its_sources(run: Callable[..., Ran]) -> None:
    ran = run("ask", "who looks ahead?")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "- A scout looks ahead. [1]",
        "",
        "Sources:",
        "[1] overview.md › X1: Scout",
        '    "A scout looks ahead."',
    ]
    assert ran.err == "building the index\n"


def test_a_refusal_exits_with_3_and_says_what_there_is(run: Callable[..., Ran]) -> None:
    ran = run("ask", "weather")
    assert ran.status == 3
    assert "The documents do not say that." in ran.out
    assert "Not in the documents:\n- what was asked" in ran.out
    assert "Nearest in the documents:\n[1]" in ran.out
    assert "- What does X1 do & why?" in ran.out


def test_json_is_the_http_object(run: Callable[..., Ran], fake: FakeRooms) -> None:
    ran = run("ask", "who looks ahead?", "--json")
    assert json.loads(ran.out) == as_object(fake.assistant.ask("who looks ahead?"))
    assert ran.out.count("\n") == 1
    found = json.loads(run("search", "ahead", "-k", "3", "--json").out)
    assert found == {"passages": as_object(list(fake.assistant.search("ahead", 3)))}
    listed = json.loads(run("levels", "--json").out)
    assert listed == as_object(
        levels_object(fake.assistant.generation.ladder, fake.assistant.starters())
    )


def test_a_stream_prints_the_same_answer(run: Callable[..., Ran]) -> None:
    assert run("ask", "who looks ahead?", "--stream").out == run("ask", "who looks ahead?").out
    lines = run("ask", "who looks ahead?", "--stream", "--json").out.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["meta", "citation", "claim", "done"]


def test_embed_prints_snippets_for_the_server_named(run: Callable[..., Ran]) -> None:
    assert "http://127.0.0.1:8000/widget/" in run("embed").out
    ran = run("embed", "--server", "https://ladder.example.com")
    assert (ran.status, ran.err) == (0, "")
    assert "https://ladder.example.com/embed" in ran.out
    wrong = run("embed", "--server", "nowhere")
    assert (wrong.status, wrong.out) == (2, "")
    assert "--server has the value 'nowhere'" in wrong.err


def test_the_question_may_come_from_standard_input(
    run: Callable[..., Ran], fake: FakeRooms
) -> None:
    assert run("ask", stdin="ähnlich?\n".encode()).status == 3
    assert run("ask", "-", stdin=b"\xef\xbb\xbfwho looks ahead?\n").status == 0
    assert run("ask", "who", "looks", "ahead?").status == 0
    assert [question for question, _ in fake.assistant.asked] == [
        "ähnlich?",
        "who looks ahead?",
        "who looks ahead?",
    ]


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("ask", ""), b"", "question: "),
        (("ask", "   "), b"", "question: "),
        (("ask",), b"", "question: "),
        (("ask", "a" * 2001), b"", "2000"),
        (("ask",), b"a " * 100_000, "2000"),
        (("search", "a", "-k", "0"), b"", "-k"),
        (("search", "a", "-k", "51"), b"", "-k"),
        (("ask", "--nonsense"), b"", "nonsense"),
        (("nonsense",), b"", "nonsense"),
        (("serve", "--port", "70000"), b"", "port"),
        (("serve", "--host", "0.0.0.0"), b"", "LADDER_QA_AUTH"),
    ],
    ids=str,
)
def test_wrong_usage_exits_with_2(
    run: Callable[..., Ran], arguments: Sequence[str], stdin: bytes, words: str
) -> None:
    ran = run(*arguments, stdin=stdin)
    assert ran.status == 2
    assert words in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CorpusError("there is no corpus"), 4),
        (IndexMissingError("there is no index"), 4),
        (IngestRunningError("another process builds"), 1),
        (ModelError("the model is not the pinned one"), 1),
        (LadderError("something else"), 1),
    ],
)
@pytest.mark.parametrize("command", [("ask", "a"), ("search", "a"), ("levels",), ("ingest",)])
def test_failures_have_their_statuses_and_their_message(
    run: Callable[..., Ran], fake: FakeRooms, command: Sequence[str], error: Exception, status: int
) -> None:
    fake.error = error
    ran = run(*command)
    assert ran.status == status
    assert ran.err == f"ladder-qa: {error}\n"
    assert ran.out == ""


def test_an_unexpected_error_is_named_and_no_more(run: Callable[..., Ran], fake: FakeRooms) -> None:
    fake.assistant.failure = RuntimeError("about the question 'sesame'")
    ran = run("ask", "sesame")
    assert ran.status == 1
    assert "RuntimeError" in ran.err
    assert "sesame" not in ran.err
    assert "Traceback" not in ran.err


def test_a_wrong_setting_stops_the_program(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LADDER_QA_LOG_LEVEL", "loud")
    ran = run("ask", "a")
    assert ran.status == 2
    assert "LADDER_QA_LOG_LEVEL" in ran.err
    assert "'loud'" in ran.err


def test_ingest_prints_what_became_of_each_file(run: Callable[..., Ran], fake: FakeRooms) -> None:
    ran = run("ingest")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "added     new.md",
        "changed   old.md",
        "removed   gone.md",
        "refused   bad.md: not UTF-8 text",
        "aside     2 questions, whose statements are no longer there",
        "Built generation gen-1: 12 passages encoded, 8 kept; 2 documents, 20 passages,",
        "30 probably-asked questions, 1.5 s.",
    ]


def test_the_folder_that_was_ingested_last_answers(
    run: Callable[..., Ran], fake: FakeRooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert run("ask", "a").status == 3
    assert fake.opened[-1].corpus == Path("corpus")
    assert run("ingest", "--corpus", "other").status == 0
    run("ask", "a")
    assert fake.ensured[-1].corpus == other
    assert fake.opened[-1].corpus == other
    monkeypatch.setenv("LADDER_QA_CORPUS", "corpus")
    run("ask", "a")
    assert fake.opened[-1].corpus == Path("corpus")


def test_ingest_goes_back_to_the_configured_folder(
    run: Callable[..., Ran], fake: FakeRooms, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    run("ingest", "--corpus", "other")
    run("ingest")  # there is no folder `corpus`
    assert fake.ingested[-1].corpus == tmp_path / "other"
    (tmp_path / "corpus").mkdir()
    run("ingest")
    assert fake.ingested[-1].corpus == Path("corpus")


def test_levels_are_listed_with_their_moves(run: Callable[..., Ran]) -> None:
    out = run("levels").out
    assert "  X1  Scout\n" in out
    assert "X1 to X2: progression-x1-to-x2.md" in out


def test_passages_are_listed_with_their_places(run: Callable[..., Ran]) -> None:
    out = run("search", "ahead").out
    assert out.startswith("[1] overview.md › X1: Scout\n")
    assert '"A scout looks ahead."' in out


def test_a_text_is_checked_from_a_file_or_standard_input(
    run: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "text.md").write_text("A scout looks ahead.\n\nThe canteen opens at noon.\n")
    ran = run("verify", "text.md")
    assert ran.status == 1
    assert ran.out.splitlines() == [
        "ok  A scout looks ahead.",
        "[1] overview.md › X1: Scout",
        "NO  The canteen opens at noon. (nothing like it was found)",
        "2 sentences, 1 not supported",
    ]
    ran = run("verify", "-", "--json", stdin=b"A scout looks ahead.")
    assert ran.status == 0
    (sentence,) = json.loads(ran.out)["sentences"]
    assert (sentence["supported"], sentence["reason"]) == (True, None)


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("verify", "none.md"), b"", "text: none.md: No such file or directory"),
        (("verify",), b" \n", "text: is empty; between 1 and 20000 characters"),
        (("verify",), b"a" * 20_001, "text: has 20001 characters; at most 20000 are allowed"),
    ],
)
def test_a_text_that_cannot_be_checked_is_wrong_usage(
    run: Callable[..., Ran], arguments: tuple[str, ...], stdin: bytes, message: str
) -> None:
    ran = run(*arguments, stdin=stdin)
    assert ran.status == 2
    assert message in ran.err


@pytest.mark.parametrize(
    "command", [("ask", "scout guide people right"), ("search", "zzz"), ("levels",)]
)
def test_nothing_printed_is_wider_than_80_columns(
    run: Callable[..., Ran], command: Sequence[str]
) -> None:
    assert all(columns(line) <= 80 for line in run(*command).out.splitlines())


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom ladder_qa.cli import main\n"
        "try:\n    main(['--help'])\nfinally:\n"
        "    heavy = {'chromadb', 'fastapi', 'torch', 'rich.console', 'pydantic', 'numpy'}\n"
        "    assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    out, err = in_process(code).communicate(timeout=60)
    assert err == b""
    for command in (b"ingest", b"serve", b"ask", b"search", b"levels", b"eval", b"doctor"):
        assert command in out


@pytest.mark.parametrize(("given", "counts"), [(None, "1"), ("4", "4")])
def test_products_have_one_thread_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Ran], given: str | None, counts: str
) -> None:
    monkeypatch.setenv(BLAS_THREADS, given or "")  # what was there comes back after the test
    if given is None:
        monkeypatch.delenv(BLAS_THREADS)
    run("levels")
    assert os.environ[BLAS_THREADS] == counts


ASKING = (
    "import sys\nfrom ladder_qa.cli import main\nfrom test_cli import FakeRooms\n"
    "main(sys.argv[1:], FakeRooms().rooms())"
)


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    process = in_process(ASKING, "ask", "ahead", cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    assert b"BrokenPipe" not in err
    assert process.returncode in (0, 1)


def test_output_that_is_not_utf_8_does_not_fail(tmp_path: Path) -> None:
    environ = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    process = in_process(ASKING, "ask", "who looks ahead?", cwd=tmp_path, env=environ)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"X1: Scout" in out
