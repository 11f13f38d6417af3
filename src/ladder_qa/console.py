"""What all commands share: settings, the index, standard streams, and the exit statuses.

Results go to standard output, everything else to standard error.
Not covered: the commands (`cli`), wording of results (`terminal`).
"""

# ruff: noqa: PLC0415  (heavy rooms are imported by the command that needs them)

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from ladder_qa.errors import QuestionError

if TYPE_CHECKING:
    from ladder_qa.assistant import Assistant
    from ladder_qa.datamodels import Answer, Event
    from ladder_qa.encode import Encoder
    from ladder_qa.feedback import Asked, Judged
    from ladder_qa.ingest import IngestReport
    from ladder_qa.replies import Worded
    from ladder_qa.settings import Settings

Progress = Callable[[str, int, int], None]

FAILED, WRONG_USAGE, REFUSED, NO_INDEX = 1, 2, 3, 4
INTERRUPTED, ENDED = 130, 143  # 128 + SIGINT, 128 + SIGTERM, as shells have it

# The corpus folder of the last index built here, for commands that are not told a folder.
_LAST_CORPUS = "corpus-folder"


@dataclass(frozen=True, slots=True)
class Rooms:
    """The functions of the rooms above that commands call; tests give their own."""

    open_assistant: Callable[[Settings], Assistant]
    ensure_index: Callable[[Settings, Callable[[str], None]], None]
    ingest: Callable[[Settings, Progress | None], IngestReport]
    open_encoder: Callable[[Settings], Encoder]

    @classmethod
    def of_this_package(cls) -> Rooms:
        """The real ones; importing them takes most of a second."""
        from ladder_qa.apart import ingest_apart
        from ladder_qa.assistant import Assistant
        from ladder_qa.encode import prepare_encoder
        from ladder_qa.ingest import ensure_index

        ensured = functools.partial(ensure_index, build=ingest_apart)
        return cls(Assistant.open, ensured, ingest_apart, prepare_encoder)


def load_settings() -> Settings:
    """The settings, read once. Raises SettingsError."""
    from ladder_qa.settings import Settings

    return Settings.load()


def rooms_of(context: typer.Context) -> Rooms:
    """The rooms that a command calls: those that a test gave, or the real ones."""
    given = context.obj
    return given if isinstance(given, Rooms) else Rooms.of_this_package()


def open_assistant(context: typer.Context) -> Assistant:
    """The assistant over an index that holds the corpus as it is now."""
    settings = with_last_corpus(load_settings())
    rooms = rooms_of(context)
    rooms.ensure_index(settings, say)
    remember(settings)
    return rooms.open_assistant(settings)


def kept_feedback(settings: Settings) -> tuple[Sequence[Asked], Sequence[Judged]]:
    """What is kept of answers, and of verdicts; nothing where there is no store yet.

    Raises FeedbackError.
    """
    from ladder_qa.feedback import open_existing

    store = open_existing(settings)
    if store is None:
        return (), ()
    with contextlib.closing(store):
        return store.answers(), store.judgements()


def with_model(assistant: Assistant) -> Assistant | Worded:
    """The assistant, in the words of the language model that is configured, if one is."""
    settings = load_settings()
    if settings.llm == "none":
        return assistant
    from ladder_qa.llm import LanguageModel
    from ladder_qa.replies import Worded

    model = LanguageModel.from_settings(settings)
    return assistant if model is None else Worded(assistant, model)


def events(answering: Assistant | Worded, question: str) -> Iterator[Event]:
    """The events of an answer, in a language model's words as it writes. Raises QuestionError."""
    from ladder_qa.datamodels import events_of
    from ladder_qa.replies import Worded

    if isinstance(answering, Worded):
        return answering.events(question)
    return events_of(answering.ask(question))


def ensure_index_apart(settings: Settings) -> None:
    """Builds the index, where it is needed, in a process that ends: building loads the most."""
    from ladder_qa.apart import ingest_apart
    from ladder_qa.ingest import ensure_index

    ensure_index(settings, say, ingest_apart)
    remember(settings)


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Until the server takes SIGTERM over, it ends this process and one that builds for it.

    The first process of a container ignores SIGTERM unless it says what is to be done.
    """
    import multiprocessing

    def end(_signal: int, _frame: object) -> NoReturn:
        for builder in multiprocessing.active_children():
            builder.kill()  # what it leaves behind goes with the next building
        sys.exit(ENDED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def corpus_is_set(settings: Settings) -> bool:
    """Whether the environment names the corpus folder."""
    return "corpus" in settings.model_fields_set


def with_last_corpus(settings: Settings) -> Settings:
    """With the folder that was ingested last, where the environment names none."""
    if corpus_is_set(settings):
        return settings
    try:
        last = os.fsdecode((settings.data / _LAST_CORPUS).read_bytes())
    except OSError:
        return settings
    return settings.with_changes(corpus=Path(last)) if last else settings


def remember(settings: Settings) -> None:
    """Keeps the folder for `with_last_corpus`; written whole, because others may read it."""
    place = settings.data / _LAST_CORPUS
    folder = os.fsencode(settings.corpus.resolve())
    with contextlib.suppress(OSError):  # a data folder that is only read: nothing to remember
        if place.is_file() and place.read_bytes() == folder:
            return
        for leftover in settings.data.glob(f"{_LAST_CORPUS}.*"):
            leftover.unlink(missing_ok=True)  # of a process that was killed
        partial = place.with_name(f"{_LAST_CORPUS}.{os.getpid()}")
        partial.write_bytes(folder)
        partial.replace(place)


def has_index(settings: Settings) -> bool:
    """Whether there is an index to serve from."""
    from ladder_qa.errors import IndexDamagedError
    from ladder_qa.index import current_generation_id

    try:
        return current_generation_id(settings) is not None
    except IndexDamagedError:
        return False


def read_question(words: Sequence[str] | None) -> str:
    """The question from the arguments or from standard input. Raises QuestionError."""
    from ladder_qa.texts import MAX_QUESTION, check_question

    if words and list(words) != ["-"]:
        return check_question(" ".join(words))
    if sys.stdin is None or sys.stdin.isatty():
        raise QuestionError("question", "is required, as an argument or on standard input")
    # One character more than allowed is enough to refuse; nothing endless is read.
    data = sys.stdin.buffer.read((MAX_QUESTION + 1) * 4)
    return check_question(data.decode("utf-8", "replace").removeprefix("\ufeff"))


def read_text(name: str) -> str:
    """The text of a file, or of standard input for `-`. Raises QuestionError."""
    from ladder_qa.texts import MAX_TEXT, check_text

    try:
        if name == "-":
            if sys.stdin is None or sys.stdin.isatty():
                raise QuestionError("text", "is required, from a file or on standard input")
            data = sys.stdin.buffer.read((MAX_TEXT + 1) * 4)
        else:
            with Path(name).open("rb") as file:
                data = file.read((MAX_TEXT + 1) * 4)
    except OSError as error:
        raise QuestionError("text", f"{name}: {error.strerror or error}") from error
    return check_text(data.decode("utf-8", "replace").removeprefix("\ufeff"))


def width() -> int:
    """Columns to print in."""
    from ladder_qa.terminal import WIDTH

    return max(20, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


@contextlib.contextmanager
def progress() -> Iterator[Progress | None]:
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


def show(text: str) -> None:
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


def show_events(events: Iterable[Event], *, as_json: bool) -> Answer:
    """To standard output, each as soon as it is there; the answer that ends them."""
    from ladder_qa.datamodels import Answer
    from ladder_qa.terminal import EventLines, event_json

    lines = EventLines(width())
    for event in events:
        for line in [event_json(event)] if as_json else lines.of(event):
            show(line)
        if isinstance(event, Answer):
            return event
    raise AssertionError("events end with an answer")


def say(text: str) -> None:
    """To standard error."""
    from ladder_qa.web.pages.text import shown

    typer.echo(shown(text), err=True, color=False)


def write_new(folder: Path, files: Mapping[str, str]) -> None:
    """Writes the texts that are not empty; ends the program where one of the files is there."""
    for name in files:
        if (folder / name).exists():
            fail(f"{folder / name}: is there already; it is not overwritten", FAILED)
    for name, text in files.items():
        if text:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")


def fail(text: str, status: int) -> NoReturn:
    """Says what went wrong, on standard error, and exits."""
    say(f"ladder-qa: {text}")
    sys.exit(status)
