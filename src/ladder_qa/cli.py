"""The command line: one thin function for each command, and one place for the exit statuses.

Results go to standard output, everything else to standard error. Heavy rooms are imported inside
the commands, so that `--help` is quick.
Not covered: wording of results (`terminal`), checks of an installation (`doctor`).
"""

# ruff: noqa: PLC0415  (heavy rooms are imported by the command that needs them)
# ruff: noqa: FBT002  (typer reads a command's options from its parameters, flags too)

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ladder_qa.errors import (
    CorpusError,
    IndexMissingError,
    LadderError,
    QuestionError,
    SettingsError,
)

if TYPE_CHECKING:
    from ladder_qa.assistant import Assistant
    from ladder_qa.ingest import IngestReport
    from ladder_qa.settings import Settings

Progress = Callable[[str, int, int], None]

FAILED, WRONG_USAGE, REFUSED, NO_INDEX = 1, 2, 3, 4
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

# The corpus folder of the last index built here, for commands that are not told a folder.
_LAST_CORPUS = "corpus-folder"

app = typer.Typer(
    name="ladder-qa",
    help="Answers questions about an engineering career ladder in its documents' exact words.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print the same object as the HTTP API.")]


@dataclass(frozen=True, slots=True)
class Rooms:
    """The functions of the rooms above that commands call; tests give their own."""

    open_assistant: Callable[[Settings], Assistant]
    ensure_index: Callable[[Settings, Callable[[str], None]], None]
    ingest: Callable[[Settings, Progress | None], IngestReport]

    @classmethod
    def of_this_package(cls) -> Rooms:
        """The real ones; importing them takes most of a second."""
        from ladder_qa.assistant import Assistant
        from ladder_qa.ingest import ensure_index, ingest

        return cls(Assistant.open, ensure_index, ingest)


def main(arguments: Sequence[str] | None = None, rooms: Rooms | None = None) -> NoReturn:
    """Runs one command and exits with its status."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # a replaced stream need not have it
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app(args=arguments, prog_name="ladder-qa", obj=rooms)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (QuestionError, SettingsError) as error:
        _fail(str(error), WRONG_USAGE)
    except (IndexMissingError, CorpusError) as error:
        _fail(str(error), NO_INDEX)
    except LadderError as error:
        _fail(str(error), FAILED)
    except Exception as error:
        if os.environ.get("LADDER_QA_LOG_LEVEL", "").strip().lower() == "debug":
            raise
        kind = type(error).__name__
        _fail(f"unexpected {kind} (LADDER_QA_LOG_LEVEL=debug shows where)", FAILED)
    sys.exit(0)


@app.command()
def ingest(
    context: typer.Context,
    corpus: Annotated[
        Path | None, typer.Option(help="Folder with the documents, in place of LADDER_QA_CORPUS.")
    ] = None,
) -> None:
    """Build the index from the documents."""
    from ladder_qa.terminal import ingest_text

    settings = _load()
    if corpus is not None:
        settings = settings.with_changes(corpus=corpus)
    elif not _corpus_is_set(settings) and not settings.corpus.is_dir():
        settings = _with_last_corpus(settings)
    with _progress() as progress:
        try:
            report = _rooms(context).ingest(settings, progress)
        except CorpusError as error:
            _fail(str(error), FAILED if _has_index(settings) else NO_INDEX)
    _remember(settings)
    _print(ingest_text(report, _width()))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the pages and the HTTP API."""
    from ladder_qa.web.listening import listen, run

    settings = _with_last_corpus(_load())
    with listen(settings, host, port) as socket:
        if settings.auth == "open":
            _say("Warning: LADDER_QA_AUTH=open, so everybody who reaches this address may ask.")
        _ensure_index_apart(settings)
        run(settings, socket, _say if sys.stderr.isatty() else None)


@app.command()
def ask(
    context: typer.Context,
    question: Annotated[
        list[str] | None, typer.Argument(help="The question; left out or -: standard input.")
    ] = None,
    as_json: AsJson = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="Print each statement as soon as it is there.")
    ] = False,
) -> None:
    """Answer one question. Exits with 3 when the documents do not answer it."""
    from ladder_qa.datamodels import as_object
    from ladder_qa.terminal import answer_text, json_text
    from ladder_qa.web.shapes import events

    answer = _open(context).ask(_question(question))
    if as_json and stream:
        for name, data in events(answer):
            _print(json_text({"event": name, "data": as_object(data)}))
    elif as_json:
        _print(json_text(answer))
    elif stream:
        for line in answer_text(answer, _width()).split("\n"):
            _print(line)
    else:
        _print(answer_text(answer, _width()))
    if not answer.claims:
        raise typer.Exit(REFUSED)


@app.command()
def search(
    context: typer.Context,
    query: Annotated[
        list[str] | None, typer.Argument(help="What to look for; left out or -: standard input.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="How many passages.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Find the passages nearest to a question."""
    from ladder_qa.terminal import json_text, passages_text
    from ladder_qa.web.shapes import SearchResult

    found = _open(context).search(_question(query), k)
    _print(json_text(SearchResult(found)) if as_json else passages_text(found, _width()))


@app.command()
def levels(context: typer.Context, as_json: AsJson = False) -> None:
    """List the levels and the moves between them."""
    from ladder_qa.terminal import json_text, levels_text
    from ladder_qa.web.shapes import levels_object

    ladder = _open(context).generation.ladder
    _print(json_text(levels_object(ladder)) if as_json else levels_text(ladder, _width()))


@app.command("eval")
def evaluate(
    context: typer.Context,
    dataset: Annotated[
        Path, typer.Argument(help="A set of questions, or a folder of sets.")
    ] = Path("eval"),
    report: Annotated[
        Path | None, typer.Option(help="Folder to write report.json and report.txt into.")
    ] = None,
) -> None:
    """Ask a set of questions with known answers, and print the figures."""
    import json

    from ladder_qa.evaluation.run import run_evaluation

    settings = _with_last_corpus(_load())
    result = run_evaluation(settings, dataset, _open(context))
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result.as_object(), ensure_ascii=False, indent=2) + "\n"
        (report / "report.json").write_text(text, encoding="utf-8")
        (report / "report.txt").write_text(result.as_text(), encoding="utf-8")
    _print(result.as_text())
    if result.gate_failed:
        raise typer.Exit(FAILED)


@app.command()
def doctor() -> None:
    """Check settings, documents, model and index. Exits with 1 when something is wrong."""
    from ladder_qa.doctor import examine
    from ladder_qa.terminal import wrapped

    problems = 0
    try:
        settings = _with_last_corpus(_load())
    except SettingsError as error:
        _fail(str(error), FAILED)
    for finding in examine(settings):
        problems += finding.mark == "PROBLEM"
        text = f"{finding.about}: {finding.words}"
        _print(wrapped(text, _width(), f"{finding.mark:9}", " " * 9))
    if problems:
        raise typer.Exit(FAILED)


def _load() -> Settings:
    from ladder_qa.settings import Settings

    return Settings.load()


def _rooms(context: typer.Context) -> Rooms:
    given = context.obj
    return given if isinstance(given, Rooms) else Rooms.of_this_package()


def _open(context: typer.Context) -> Assistant:
    """The assistant over an index that holds the corpus as it is now."""
    settings = _with_last_corpus(_load())
    rooms = _rooms(context)
    rooms.ensure_index(settings, _say)
    _remember(settings)
    return rooms.open_assistant(settings)


def _ensure_index_apart(settings: Settings) -> None:
    """Builds the index, where it is needed, in a process that ends: building loads the most."""
    from ladder_qa.ingest import ensure_index, stale

    if _has_index(settings) and not stale(settings):
        ensure_index(settings, _say)
    else:
        import concurrent.futures
        import multiprocessing

        fresh = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=fresh) as builder:
            builder.submit(ensure_index, settings, _say).result()
    _remember(settings)


def _corpus_is_set(settings: Settings) -> bool:
    """Whether the environment names the corpus folder."""
    return "corpus" in settings.model_fields_set


def _with_last_corpus(settings: Settings) -> Settings:
    """With the folder that was ingested last, where the environment names none."""
    if _corpus_is_set(settings):
        return settings
    try:
        last = (settings.data / _LAST_CORPUS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return settings
    return settings.with_changes(corpus=Path(last)) if last else settings


def _remember(settings: Settings) -> None:
    """Keeps the folder for `_with_last_corpus`; written whole, because others may read it."""
    place = settings.data / _LAST_CORPUS
    folder = str(settings.corpus.resolve())
    with contextlib.suppress(OSError):  # a data folder that is only read: nothing to remember
        if place.is_file() and place.read_text(encoding="utf-8") == folder:
            return
        partial = place.with_name(f"{_LAST_CORPUS}.{os.getpid()}")
        partial.write_text(folder, encoding="utf-8")
        partial.replace(place)


def _has_index(settings: Settings) -> bool:
    from ladder_qa.errors import IndexDamagedError
    from ladder_qa.index import current_generation_id

    try:
        return current_generation_id(settings) is not None
    except IndexDamagedError:
        return False


def _question(words: Sequence[str] | None) -> str:
    """The question from the arguments or from standard input. Raises QuestionError."""
    from ladder_qa.query import MAX_QUESTION, check_question

    if words and list(words) != ["-"]:
        return check_question(" ".join(words))
    if sys.stdin is None or sys.stdin.isatty():
        raise QuestionError("question", "is required, as an argument or on standard input")
    # One character more than allowed is enough to refuse; nothing endless is read.
    data = sys.stdin.buffer.read((MAX_QUESTION + 1) * 4)
    return check_question(data.decode("utf-8", "replace").removeprefix("\ufeff"))


def _width() -> int:
    from ladder_qa.terminal import WIDTH

    return max(20, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


@contextlib.contextmanager
def _progress() -> Iterator[Progress | None]:
    """A function that draws a bar on standard error; None where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from ladder_qa.terminal import columns, progress_line

    longest = 0

    def draw(step: str, done: int, total: int) -> None:
        nonlocal longest
        line = progress_line(step, done, total)
        longest = max(longest, columns(line))
        sys.stderr.write("\r" + line.ljust(longest))
        sys.stderr.flush()

    try:
        yield draw
    finally:
        sys.stderr.write("\r" + " " * longest + "\r")
        sys.stderr.flush()


def _print(text: str) -> None:
    """To standard output at once, so that a reader that went away is noticed here."""
    try:
        typer.echo(text.rstrip("\n"), color=False)
        sys.stdout.flush()
    except OSError as error:
        if error.errno != errno.EPIPE:
            raise
        # Python flushes standard output once more while it exits; that must stay quiet too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(FAILED) from None


def _say(text: str) -> None:
    """To standard error."""
    from ladder_qa.web.pages.text import shown

    typer.echo(shown(text), err=True, color=False)


def _fail(text: str, status: int) -> NoReturn:
    _say(f"ladder-qa: {text}")
    sys.exit(status)


if __name__ == "__main__":
    main()
