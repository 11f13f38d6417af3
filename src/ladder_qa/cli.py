"""The command line: one thin function for each command, and one place for the exit statuses.

Results go to standard output, everything else to standard error. Heavy rooms are imported inside
the commands, so that `--help` is quick.
Not covered: wording of results (`terminal`), checks of an installation (`doctor`).
"""

# ruff: noqa: PLC0415  (heavy rooms are imported by the command that needs them)
# ruff: noqa: FBT002, PLR0917  (typer reads a command's options from its parameters, flags too)

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ladder_qa import console
from ladder_qa.console import Rooms
from ladder_qa.errors import (
    CorpusError,
    IndexMissingError,
    LadderError,
    QuestionError,
    SettingsError,
)

app = typer.Typer(
    name="ladder-qa",
    help="Answers questions about an engineering career ladder in its documents' exact words.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

bank_app = typer.Typer(help="The probably-asked questions of the corpus.", no_args_is_help=True)
app.add_typer(bank_app, name="bank")

# Read by numpy when it is first imported. A product of one question with all vectors waits for
# memory, not for cores: two threads take as long as one, and twice the processor time.
BLAS_THREADS = "OPENBLAS_NUM_THREADS"

AsJson = Annotated[bool, typer.Option("--json", help="Print the same object as the HTTP API.")]


def main(arguments: Sequence[str] | None = None, rooms: Rooms | None = None) -> NoReturn:
    """Runs one command and exits with its status."""
    os.environ.setdefault(BLAS_THREADS, "1")
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # a replaced stream need not have it
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app(args=arguments, prog_name="ladder-qa", obj=rooms)
    except KeyboardInterrupt:
        sys.exit(console.INTERRUPTED)
    except (QuestionError, SettingsError) as error:
        console.fail(str(error), console.WRONG_USAGE)
    except (IndexMissingError, CorpusError) as error:
        console.fail(str(error), console.NO_INDEX)
    except LadderError as error:
        console.fail(str(error), console.FAILED)
    except Exception as error:
        if os.environ.get("LADDER_QA_LOG_LEVEL", "").strip().lower() == "debug":
            raise
        kind = type(error).__name__
        console.fail(f"unexpected {kind} (LADDER_QA_LOG_LEVEL=debug shows where)", console.FAILED)
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

    settings = console.load_settings()
    if corpus is not None:
        settings = settings.with_changes(corpus=corpus)
    elif not console.corpus_is_set(settings) and not settings.corpus.is_dir():
        settings = console.with_last_corpus(settings)
    with console.progress() as progress:
        try:
            report = console.rooms_of(context).ingest(settings, progress)
        except CorpusError as error:
            console.fail(
                str(error), console.FAILED if console.has_index(settings) else console.NO_INDEX
            )
    console.remember(settings)
    console.show(ingest_text(report, console.width()))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the pages and the HTTP API."""
    from ladder_qa.web.listening import listen, named, run

    settings = console.with_last_corpus(console.load_settings())
    with console.ended_by_sigterm(), listen(settings, host, port) as socket:
        if settings.auth == "open":
            console.say(
                "Warning: LADDER_QA_AUTH=open, so everybody who reaches this address may ask."
            )
        console.ensure_index_apart(settings)
        run(named(settings, host), socket, console.say if sys.stderr.isatty() else None)


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
    from ladder_qa.terminal import answer_text, json_text

    asked = console.read_question(question)
    answering = console.with_model(console.open_assistant(context))
    if stream:
        answer = console.show_events(console.events(answering, asked), as_json=as_json)
    else:
        answer = answering.ask(asked)
        console.show(json_text(answer) if as_json else answer_text(answer, console.width()))
    if not answer.claims:
        raise typer.Exit(console.REFUSED)


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

    found = console.open_assistant(context).search(console.read_question(query), k)
    console.show(
        json_text(SearchResult(found)) if as_json else passages_text(found, console.width())
    )


@app.command()
def verify(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(help="A file with the text to check; -: standard input.")
    ] = "-",
    as_json: AsJson = False,
) -> None:
    """Check a text's sentences against the documents. Exits with 1 when one is not supported."""
    from ladder_qa.terminal import json_text, verified_text
    from ladder_qa.web.shapes import VerifyResult

    text = console.read_text(file)
    sentences = console.open_assistant(context).verify(text)
    as_text = verified_text(sentences, console.width())
    console.show(json_text(VerifyResult(sentences)) if as_json else as_text)
    if not all(sentence.supported for sentence in sentences):
        raise typer.Exit(console.FAILED)


@app.command()
def levels(context: typer.Context, as_json: AsJson = False) -> None:
    """List the levels and the moves between them."""
    from ladder_qa.terminal import json_text, levels_text
    from ladder_qa.web.shapes import levels_object

    assistant = console.open_assistant(context)
    ladder = assistant.generation.ladder
    console.show(
        json_text(levels_object(ladder, assistant.starters()))
        if as_json
        else levels_text(ladder, console.width())
    )


@app.command("eval")
def evaluate(
    context: typer.Context,
    dataset: Annotated[
        Path, typer.Argument(help="A set of questions or claims, or a folder of them.")
    ] = Path("eval"),
    report: Annotated[
        Path | None,
        typer.Option(help="Folder to write the report into: HTML, JSON, CSV, JUnit, the run."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="A saved run to compare with; default baseline.json beside the set."),
    ] = None,
    raise_baseline: Annotated[
        bool, typer.Option("--raise-baseline", help="Save this run as the baseline.")
    ] = False,
    show_scored: Annotated[
        bool, typer.Option("--show-scored", help="Show the words of the part scored, too.")
    ] = False,
) -> None:
    """Ask a set of questions with known answers. Exits with 1 where the gate fails."""
    from ladder_qa.evaluation.files import write_report
    from ladder_qa.evaluation.run import run_evaluation

    settings = console.with_last_corpus(console.load_settings())
    beside = (dataset if dataset.is_dir() else dataset.parent) / "baseline.json"
    saved = against or (beside if beside.is_file() and dataset.is_dir() else None)
    result = run_evaluation(
        settings.llm,
        dataset,
        console.with_model(console.open_assistant(context)),
        baseline=None if raise_baseline and against is None else saved,
        show_scored=show_scored,
    )
    if report is not None:
        write_report(result, report)
    console.show(result.as_text())
    if raise_baseline and not result.gate.broken:
        beside.write_text(result.as_saved(), encoding="utf-8")
        console.say(f"saved as {beside}; give the reason in the commit")
    elif result.gate.failed:
        raise typer.Exit(console.FAILED)


@bank_app.command("check")
def bank_check(context: typer.Context) -> None:
    """List questions whose statements are gone, and statements that no question reaches."""
    from ladder_qa.terminal import bank_text

    generation = console.open_assistant(context).generation
    console.show(bank_text(generation.bank, generation.passages, console.width()))


@app.command("eval-init")
def eval_init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder to write the set into.")] = Path(
        "eval-own"
    ),
    feedback: Annotated[
        Path | None,
        typer.Option(help="Exported feedback (JSONL) to make cases of, in place of the documents."),
    ] = None,
) -> None:
    """Write a starter set of questions over the documents, for a person to edit."""
    from ladder_qa.evaluation.starter import as_lines, feedback_cases, starter_cases

    assistant = console.open_assistant(context)
    if feedback is None:
        generation = assistant.generation
        cases = starter_cases(generation.ladder, generation.passages)
        files = {"starter.jsonl": as_lines(cases)}
        counts = f"{len(cases)} cases"
    else:
        ready, waiting, left_out = feedback_cases(feedback, assistant.ask)
        # what was found bad is no case before a person has put it right
        files = {"feedback.jsonl": as_lines(ready), "feedback-to-judge.txt": as_lines(waiting)}
        counts = f"{len(ready)} cases, {len(waiting)} to judge, {left_out} without a question"
    console.write_new(folder, files)
    console.show(f"{folder}: {counts}. Read each “review”, edit, then: ladder-qa eval {folder}")


@app.command()
def gaps(context: typer.Context, as_json: AsJson = False) -> None:
    """List what people asked and did not get, from what is kept of answers and verdicts."""
    from ladder_qa.gaps import find_gaps
    from ladder_qa.terminal import gaps_text, json_text

    settings = console.load_settings()
    asked, judged = console.kept_feedback(settings)
    found = find_gaps(asked, judged, lambda: console.rooms_of(context).open_encoder(settings))
    console.show(json_text(found) if as_json else gaps_text(found, console.width()))


@app.command("feedback-export")
def feedback_export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder to write the cases into.")] = Path(
        "eval-feedback"
    ),
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the judged questions as JSON lines, and write nothing."),
    ] = False,
) -> None:
    """Make evaluation cases of the questions that people agreed to keep and judged."""
    from ladder_qa.datamodels import as_object
    from ladder_qa.evaluation.fields import Fields
    from ladder_qa.evaluation.starter import as_lines, judged_cases
    from ladder_qa.feedback import consented
    from ladder_qa.terminal import json_text

    kept = consented(*console.kept_feedback(console.load_settings()))
    if as_json:
        for judgement in kept:
            console.show(json_text(judgement))
        return
    if not kept:
        console.show("No question is kept that somebody judged, so there is nothing to export.")
        return
    bodies = [Fields(as_object(judgement), "kept feedback") for judgement in kept]
    ready, waiting, _ = judged_cases(bodies, console.open_assistant(context).ask)
    files = {"feedback.jsonl": as_lines(ready), "feedback-to-judge.txt": as_lines(waiting)}
    console.write_new(folder, files)
    counts = f"{len(ready)} cases, {len(waiting)} to judge"
    console.show(f"{folder}: {counts}. Read each “review”, edit, then: ladder-qa eval {folder}")


@app.command()
def embed(
    server: Annotated[
        str, typer.Option(help="The address at which pages reach the server.")
    ] = "http://127.0.0.1:8000",
) -> None:
    """Print what brings the widget into a page, an iframe, SharePoint or Confluence."""
    from ladder_qa.embed import snippets

    console.show(snippets(server))


@app.command()
def doctor() -> None:
    """Check settings, documents, model and index. Exits with 1 when something is wrong."""
    from ladder_qa.doctor import examine
    from ladder_qa.terminal import wrapped

    problems = 0
    try:
        settings = console.with_last_corpus(console.load_settings())
    except SettingsError as error:
        console.fail(str(error), console.FAILED)
    for finding in examine(settings):
        problems += finding.mark == "PROBLEM"
        text = f"{finding.about}: {finding.words}"
        console.show(wrapped(text, console.width(), f"{finding.mark:9}", " " * 9))
    if problems:
        raise typer.Exit(console.FAILED)


if __name__ == "__main__":
    main()
