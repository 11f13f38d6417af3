"""What is kept: only what may be, only for a while, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ladder_qa.datamodels import Outcome
from ladder_qa.errors import FeedbackError
from ladder_qa.feedback import (
    FILE,
    RETENTION_DAYS,
    FeedbackStore,
    Judgement,
    Noted,
    Vocabulary,
    consented,
    insertion,
    noted,
    open_existing,
)
from postgres import run_postgres
from serving_fakes import fake_assistant, settings

ASSISTANT = fake_assistant()
WORDS = Vocabulary(ASSISTANT.generation.ladder)
TODAY = datetime.now(UTC).date()

ANSWER = Noted(
    answer_id="ans_1",
    outcome="not_in_documents",
    levels=("X1",),
    missing=("pay of any level",),
    places=(("overview.md", "X1: Scout"),),
    question=None,
)
DOWN = Judgement("ans_1", "down", "incomplete", "Where is “pay”? 😀", "what am I paid?")


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    yield from run_postgres()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def values(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Settings of an empty store of each kind."""
    if request.param == "SQLite":
        return {"data": tmp_path}
    url = request.getfixturevalue("postgres")
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(sa.text("drop table if exists answers, judgements"))
    engine.dispose()
    return {"data": tmp_path, "feedback_url": url}


@pytest.fixture
def store(values: dict[str, Any]) -> Iterator[FeedbackStore]:
    opened = FeedbackStore.open(settings(**values))
    yield opened
    opened.close()


def test_what_is_written_is_read_again(store: FeedbackStore) -> None:
    store.write([ANSWER, DOWN])
    (asked,), (judged,) = store.answers(), store.judgements()
    assert (asked.noted, asked.day, asked.times) == (ANSWER, TODAY, 1)
    assert (judged.judgement, judged.day) == (DOWN, TODAY)


def test_the_same_answer_on_one_day_is_one_row_that_counts(store: FeedbackStore) -> None:
    store.write([ANSWER, ANSWER])
    store.write([ANSWER])
    assert [row.times for row in store.answers()] == [3]


def test_a_question_is_added_by_who_consents_and_taken_away_by_nobody(
    store: FeedbackStore,
) -> None:
    kept = replace(ANSWER, question="what am I paid at X1?")
    for item in (ANSWER, kept, ANSWER):
        store.write([item])
    assert [(row.noted.question, row.times) for row in store.answers()] == [(kept.question, 3)]


def test_all_of_a_batch_is_kept_or_nothing(store: FeedbackStore) -> None:
    bad = Judgement("ans_1", None)  # type: ignore[arg-type]
    with pytest.raises(FeedbackError):
        store.write([ANSWER, bad])
    assert store.answers() == ()


def test_old_rows_are_dropped(values: dict[str, Any]) -> None:
    day = TODAY
    opened = FeedbackStore.open(settings(**values))
    store = FeedbackStore(opened._engine, lambda: day)
    for age in (RETENTION_DAYS + 1, RETENTION_DAYS, 0):
        day = TODAY - timedelta(days=age)
        store.write([ANSWER, DOWN])
    store.prune()
    ages = [RETENTION_DAYS, 0]
    assert [(TODAY - row.day).days for row in store.answers()] == ages
    assert [(TODAY - row.day).days for row in store.judgements()] == ages
    store.close()


def test_rows_are_bounded_and_the_oldest_go_first(store: FeedbackStore) -> None:
    for number in range(30):
        one = replace(ANSWER, answer_id=f"ans_{number}")
        store.write([one, one, replace(DOWN, answer_id=f"ans_{number}")])
    store.prune(most_rows=10)
    wanted = [f"ans_{number}" for number in range(20, 30)]
    assert [row.noted.answer_id for row in store.answers()] == wanted
    assert [row.judgement.answer_id for row in store.judgements()] == wanted


def test_no_column_holds_a_time_an_address_or_a_person(store: FeedbackStore) -> None:
    columns = {
        table: {column["name"]: str(column["type"]) for column in inspected}
        for table in ("answers", "judgements")
        for inspected in [sa.inspect(store._engine).get_columns(table)]
    }
    assert set(columns["answers"]) == {
        *("id", "answer_id", "day", "times", "outcome", "levels", "missing", "places", "question")
    }
    assert set(columns["judgements"]) == {
        *("id", "answer_id", "day", "verdict", "reason", "comment", "question")
    }
    assert {columns["answers"]["day"], columns["judgements"]["day"]} == {"DATE"}


def test_nothing_is_made_by_looking(values: dict[str, Any], tmp_path: Path) -> None:
    own = settings(**values)
    assert open_existing(own) is None
    assert list(tmp_path.iterdir()) == []
    FeedbackStore.open(own).close()
    found = open_existing(own)
    assert found is not None
    assert found.answers() == ()
    found.close()


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_an_answer_is_counted_by_one_statement_of_either_database(dialect: Any) -> None:
    statement = insertion(ANSWER, date(2026, 1, 1), dialect.name)
    text = " ".join(str(statement.compile(dialect=dialect)).split())
    assert "ON CONFLICT (answer_id, day) DO UPDATE SET times = (answers.times + " in text
    assert "coalesce(answers.question, excluded.question)" in text


def test_the_file_is_its_owners_alone_and_holds_nothing_of_dropped_rows(tmp_path: Path) -> None:
    day = TODAY - timedelta(days=RETENTION_DAYS + 1)
    opened = FeedbackStore.open(settings(data=tmp_path))
    store = FeedbackStore(opened._engine, lambda: day)
    store.write([replace(DOWN, comment="sesame " * 50)])
    day = TODAY
    store.prune()
    store.close()
    files = list(tmp_path.iterdir())
    assert FILE in {file.name for file in files}
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"sesame" not in file.read_bytes()


@pytest.mark.parametrize(
    "values",
    [
        {"data": Path("/nowhere/at/all")},
        {"feedback_url": "postgresql://me:s3cret@127.0.0.1:9/kept"},
    ],
)
def test_a_store_that_cannot_be_had_is_said_so_without_its_password(
    values: dict[str, Any],
) -> None:
    with pytest.raises(FeedbackError) as caught:
        FeedbackStore.open(settings(**values))
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


class TestConsent:
    """What is noted of an answer, with and without the person's consent."""

    QUESTION = "Sesame asks: what is Bob paid as a scout at X1?"

    def of(self, question: str, *, keep: bool, **changes: Any) -> Noted:
        answer = replace(ASSISTANT.ask(question), **changes)
        return noted(answer, WORDS, ASSISTANT.lacking, keep=keep)

    def test_without_it_nothing_of_the_question_is_kept(self) -> None:
        kept = self.of(self.QUESTION, keep=False, outcome=Outcome.NOT_IN_DOCUMENTS,
                       missing=(self.QUESTION,))  # fmt: skip
        assert kept.question is None
        assert kept.levels == ("X1",)
        assert kept.missing == ("pay of any level",)  # the words of a probably-asked question
        for word in ("Sesame", "Bob", "asks"):
            assert word not in repr(kept)

    def test_with_it_the_question_is_kept(self) -> None:
        kept = self.of(self.QUESTION, keep=True)
        assert kept.question == self.QUESTION

    def test_places_are_headings_of_documents(self) -> None:
        kept = self.of("who looks ahead?", keep=False)
        assert kept.outcome == "answered"
        assert kept.places[0] == ("overview.md", "Track Overview", "X1: Scout")

    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("gone.md", True),  # a document that others refer to
            ("X7", True),  # of a series that the documents use
            ("Q7", False),
            ("VP of Secrets", False),
            ("X1234567", False),
            ("x7", False),
        ],
    )
    def test_of_what_is_missing_only_the_documents_own_names_are_kept(
        self, name: str, *, kept: bool
    ) -> None:
        found = self.of("x", keep=True, outcome=Outcome.LEVEL_NOT_COVERED, missing=(name,))
        assert found.missing == ((name,) if kept else ())


def test_one_thumb_down_outweighs_all_up_for_an_exported_question(tmp_path: Path) -> None:
    store = FeedbackStore.open(settings(data=tmp_path))
    store.write(
        [
            replace(ANSWER, question="what am I paid?"),
            replace(ANSWER, answer_id="ans_2"),
            Judgement("ans_1", "up"),
            Judgement("ans_1", "down", "wrong"),
            Judgement("ans_1", "up"),
            Judgement("ans_2", "down", "no consent"),
            Judgement("ans_3", "up", question="of an answer that is not kept"),
        ]
    )
    found = consented(store.answers(), store.judgements())
    store.close()
    assert found == (
        Judgement("ans_1", "down", "wrong", None, "what am I paid?"),
        Judgement("ans_3", "up", question="of an answer that is not kept"),
    )
