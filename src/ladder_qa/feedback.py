"""What is kept of questions, answers and verdicts, in SQLite in the data folder or in PostgreSQL.

Without consent nothing of a question's own words is kept, and never who asked or at what time:
`noted` decides. Tables are bounded in days and in rows.
Not covered: writing beside the serving of requests (`web.recorder`); what is made of it (`gaps`).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from ladder_qa.datamodels import Answer, Ladder, Outcome
from ladder_qa.errors import FeedbackError
from ladder_qa.names import CODE, LevelNames

if TYPE_CHECKING:
    from ladder_qa.settings import Settings

FILE = "feedback.sqlite3"
RETENTION_DAYS = 180
MOST_ROWS = 100_000  # of each table: some 50 MB
MOST_PLACES = 3  # sections of an answer that are kept
_PATIENCE_S = 5  # for a database that is locked, or does not answer


@dataclass(frozen=True, slots=True)
class Noted:
    """What is kept of an answer. `question` only with consent; all else are the corpus' words."""

    answer_id: str
    outcome: str
    levels: tuple[str, ...]  # codes of described levels that the question names
    missing: tuple[str, ...]  # what the documents lack, as they or their questions name it
    places: tuple[tuple[str, ...], ...]  # document and headings of what was cited, or is nearest
    question: str | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person said of an answer; `question` only with consent."""

    answer_id: str
    verdict: Literal["up", "down"]
    reason: str | None = None
    comment: str | None = None
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A kept answer, and how often it was given on one day."""

    noted: Noted
    day: date
    times: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A kept judgement, and its day."""

    judgement: Judgement
    day: date


class Vocabulary:
    """The documents' own names for what they have and lack; built once for a ladder."""

    def __init__(self, ladder: Ladder) -> None:
        self._names = LevelNames(ladder.levels)
        named = [level.code for level in ladder.levels] + list(ladder.mentioned)
        self._known = {*named, *(document.name for document in ladder.missing)}
        self._series = {re.sub(r"\d+$", "", code) for code in named}

    def levels(self, text: str) -> tuple[str, ...]:
        """The codes of the described levels that `text` names."""
        return self._names.codes(text)

    def holds(self, name: str) -> bool:
        """Whether the documents use a name, or, for a level's code, others of its series."""
        series = re.fullmatch(CODE, name) and re.sub(r"\d+$", "", name)
        return name in self._known or bool(series and series in self._series)


def noted(
    answer: Answer, vocabulary: Vocabulary, lacking: Callable[[str], str], *, keep: bool
) -> Noted:
    """What may be kept of an answer; `keep` is the person's consent to keeping the question.

    Of what is missing, names that the documents use, and, of a question whose words are not kept,
    what the nearest probably-asked one lacks: `lacking` says that, from the corpus.
    """
    cited = answer.citations or answer.nearest
    places = dict.fromkeys((citation.document, *citation.section) for citation in cited)
    missing = tuple(filter(vocabulary.holds, answer.missing))
    if answer.outcome is Outcome.NOT_IN_DOCUMENTS and not missing:
        missing = tuple(filter(None, (lacking(answer.question),)))
    return Noted(
        answer_id=answer.id,
        outcome=answer.outcome.value,
        levels=vocabulary.levels(answer.question),
        missing=missing,
        places=tuple(places)[:MOST_PLACES],
        question=answer.question if keep else None,
    )


def by_id(asked: Sequence[Asked]) -> dict[str, Noted]:
    """What is kept of each answer; of several days, one on which its question was kept."""
    found: dict[str, Noted] = {}
    for answer in asked:
        known = found.get(answer.noted.answer_id)
        if known is None or known.question is None:
            found[answer.noted.answer_id] = answer.noted
    return found


def consented(asked: Sequence[Asked], judged: Sequence[Judged]) -> tuple[Judgement, ...]:
    """One judgement for each question that was kept and judged; one thumb down outweighs all up."""
    known = by_id(asked)
    found: dict[str, Judgement] = {}
    for row in judged:
        judgement, answer = row.judgement, known.get(row.judgement.answer_id)
        question = judgement.question or (answer.question if answer else None)
        if question is None:
            continue
        before = found.get(question)
        if before is None or (before.verdict, judgement.verdict) == ("up", "down"):
            found[question] = replace(judgement, question=question)
    return tuple(found.values())


_metadata = sa.MetaData()
_answers = sa.Table(
    "answers",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("answer_id", sa.String(100), nullable=False),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("levels", sa.Text, nullable=False),
    sa.Column("missing", sa.Text, nullable=False),
    sa.Column("places", sa.Text, nullable=False),
    sa.Column("question", sa.Text),
    sa.UniqueConstraint("answer_id", "day"),
)
_judgements = sa.Table(
    "judgements",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("answer_id", sa.String(100), nullable=False),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("verdict", sa.String(4), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("comment", sa.Text),
    sa.Column("question", sa.Text),
)


class FeedbackStore:
    """One database. May be shared by threads and processes; its methods wait for the disk.

    They raise FeedbackError. `today` is for tests; days are those of UTC.
    """

    def __init__(
        self, engine: sa.Engine, today: Callable[[], date] = lambda: datetime.now(UTC).date()
    ) -> None:
        self._engine = engine
        self._today = today

    @classmethod
    def open(cls, settings: Settings) -> FeedbackStore:
        """The store of the settings, its tables made where they are not there yet."""
        with _said():
            engine = _engine(settings)
            _metadata.create_all(engine)
        return cls(engine)

    def close(self) -> None:
        """Gives back the connections."""
        self._engine.dispose()

    def write(self, items: Sequence[Noted | Judgement]) -> None:
        """Keeps all of them, or none."""
        today = self._today()
        with _said(), self._engine.begin() as connection:
            for item in items:
                connection.execute(insertion(item, today, self._engine.dialect.name))

    def prune(self, most_rows: int = MOST_ROWS) -> None:
        """Drops what is older than RETENTION_DAYS, and the oldest rows above `most_rows`."""
        oldest = self._today() - timedelta(days=RETENTION_DAYS)
        with _said(), self._engine.begin() as connection:
            for table in (_answers, _judgements):
                connection.execute(sa.delete(table).where(table.c.day < oldest))
                beyond = sa.select(table.c.id).order_by(table.c.id.desc()).offset(most_rows)
                last = beyond.limit(1).scalar_subquery()
                connection.execute(sa.delete(table).where(table.c.id <= last))

    def answers(self) -> tuple[Asked, ...]:
        """All kept answers, in the order of their first writing."""
        with _said(), self._engine.connect() as connection:
            rows = connection.execute(sa.select(_answers).order_by(_answers.c.id)).mappings()
            return tuple(_asked(row) for row in rows)

    def judgements(self) -> tuple[Judged, ...]:
        """All kept judgements, in the order of their writing."""
        with _said(), self._engine.connect() as connection:
            table = _judgements
            rows = connection.execute(sa.select(table).order_by(table.c.id)).mappings()
            return tuple(_judged(row) for row in rows)


def open_existing(settings: Settings) -> FeedbackStore | None:
    """The store, for reading; None where nothing was ever kept. Raises FeedbackError."""
    if not settings.feedback_url and not (settings.data / FILE).is_file():
        return None
    with _said():
        engine = _engine(settings)
        if sa.inspect(engine).has_table(_answers.name):
            return FeedbackStore(engine)
        engine.dispose()
    return None


def insertion(item: Noted | Judgement, day: date, dialect: str) -> sa.Insert:
    """The statement that keeps `item`; the same answer on the same day is counted in one row."""
    if isinstance(item, Judgement):
        return sa.insert(_judgements).values(
            answer_id=item.answer_id,
            day=day,
            verdict=item.verdict,
            reason=item.reason,
            comment=item.comment,
            question=item.question,
        )
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(_answers).values(
        answer_id=item.answer_id,
        day=day,
        times=1,
        outcome=item.outcome,
        levels=_text(item.levels),
        missing=_text(item.missing),
        places=_text(item.places),
        question=item.question,
    )
    return statement.on_conflict_do_update(
        index_elements=["answer_id", "day"],
        set_={
            "times": _answers.c.times + 1,
            # who consents later on the same day adds the words; nobody takes them away
            "question": sa.func.coalesce(_answers.c.question, statement.excluded.question),
        },
    )


def _engine(settings: Settings) -> sa.Engine:
    if settings.feedback_url:
        url = sa.make_url(settings.feedback_url).set(drivername="postgresql+psycopg")
        wait = {"connect_timeout": _PATIENCE_S}
        return sa.create_engine(url, pool_size=1, pool_pre_ping=True, connect_args=wait)
    file = settings.data / FILE
    _make_private(file)
    url = sa.URL.create("sqlite", database=str(file))
    engine = sa.create_engine(url, connect_args={"timeout": _PATIENCE_S})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _make_private(file: Path) -> None:
    """Only the server's own user may read it; SQLite gives its side files the same rights."""
    try:
        file.touch(mode=0o600)
    except OSError as error:
        reason = error.strerror or "not allowed"
        raise FeedbackError(f"Feedback cannot be kept in {file}: {reason}.") from None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # Readers beside a writer; no wait for the disk at each write; nothing left of dropped rows.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """The database's errors as ours: their texts hold addresses, and values of a row."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise FeedbackError(
            f"The feedback database does not do what it is asked ({kind}): see "
            "LADDER_QA_FEEDBACK_URL, or without it the data folder."
        ) from None


def _text(value: Sequence[Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _asked(row: Mapping[str, Any]) -> Asked:
    kept = Noted(
        answer_id=row["answer_id"],
        outcome=row["outcome"],
        levels=tuple(json.loads(row["levels"])),
        missing=tuple(json.loads(row["missing"])),
        places=tuple(tuple(place) for place in json.loads(row["places"])),
        question=row["question"],
    )
    return Asked(kept, row["day"], row["times"])


def _judged(row: Mapping[str, Any]) -> Judged:
    judgement = Judgement(
        row["answer_id"], row["verdict"], row["reason"], row["comment"], row["question"]
    )
    return Judged(judgement, row["day"])
