"""Gaps over made-up feedback: counted, gathered by meaning, each with what is lacking."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ladder_qa.encode import prepare_encoder
from ladder_qa.evaluation import load_cases
from ladder_qa.feedback import Asked, FeedbackStore, Judged, Judgement, Noted
from ladder_qa.gaps import Gap, Gaps, find_gaps
from ladder_qa.settings import Settings
from ladder_qa.terminal import gaps_text
from served import settings_for
from serving_fakes import WordEncoder
from test_cli import FakeRooms, Ran, fake, run

__all__ = ["fake", "run"]  # fixtures

FIRST, LAST = date(2026, 1, 5), date(2026, 2, 3)


def asked(identity: str, outcome: str = "not_in_documents", **changes: Any) -> Asked:
    times, day = changes.pop("times", 1), changes.pop("day", FIRST)
    parts = {"levels": (), "missing": (), "places": (), "question": None, **changes}
    return Asked(Noted(identity, outcome, **parts), day, times)


def down(identity: str, **changes: Any) -> Judged:
    return Judged(Judgement(identity, "down", **changes), LAST)


def gaps_of(answers: list[Asked], judged: list[Judged]) -> Gaps:
    return find_gaps(answers, judged, WordEncoder)


PAY: dict[str, Any] = {
    "missing": ("pay of any level",),
    "places": (("overview.md", "Track Overview"),),
}


def test_the_same_topic_is_counted_over_answers_days_and_verdicts() -> None:
    found = gaps_of(
        [
            asked("a1", levels=("X1",), times=4, **PAY),
            asked("a2", levels=("X2",), times=2, day=LAST, **PAY),
            asked("a3", "out_of_scope", times=7),
            asked("a4", "answered", times=5, places=(("overview.md", "X1: Scout"),)),
        ],
        [down("a1", reason="wrong", comment="I want figures"), Judged(Judgement("a4", "up"), LAST)],
    )
    assert found == Gaps(
        since="2026-01-05",
        until="2026-02-03",
        answers=18,
        elsewhere=7,
        gaps=(
            Gap(
                topic="pay of any level",
                unanswered=6,
                down=1,
                levels=("X1", "X2"),
                lacks=("pay of any level",),
                nearest=("overview.md › Track Overview",),
                reasons=("wrong",),
                comments=("I want figures",),
                questions=(),
            ),
        ),
    )


def test_questions_of_one_meaning_are_one_topic_named_by_the_most_frequent() -> None:
    found = gaps_of(
        [
            asked("a1", question="how long is parental leave at X1"),
            asked("a2", question="how long is parental leave at X2", times=3),
            asked("a3", question="may I bring a dog"),
        ],
        [],
    )
    assert [(gap.topic, gap.unanswered) for gap in found.gaps] == [
        ("how long is parental leave at X2", 4),
        ("may I bring a dog", 1),
    ]
    assert found.gaps[0].questions == (
        "how long is parental leave at X2",
        "how long is parental leave at X1",
    )
    assert found.gaps[1].lacks == ("may I bring a dog",)


@pytest.mark.parametrize(
    ("answer", "topic", "lacks"),
    [
        (
            asked("a", levels=("X1", "X2"), places=(("o.md", "Up"), ("o.md", "Down"))),
            "X1 and X2: Up",
            (),
        ),
        (asked("a", "level_not_covered", missing=("X7",)), "X7", ("X7",)),
        (asked("a", "level_not_covered"), "a level that the documents don't describe", ()),
        (asked("a", "partial", missing=("gone.md",)), "gone.md", ("gone.md",)),
        (asked("a"), "something that left no words", ()),
    ],
)
def test_without_consent_a_topic_is_named_in_the_documents_words(
    answer: Asked, topic: str, lacks: tuple[str, ...]
) -> None:
    (gap,) = gaps_of([answer], []).gaps
    assert (gap.topic, gap.lacks) == (topic, lacks)


def test_thumbs_down_are_a_gap_by_themselves() -> None:
    answer = asked("a", "answered", levels=("X2",), places=(("o.md", "X2: Guide"),), times=9)
    found = gaps_of([answer], [down("a", reason="too long"), down("a", reason="too long")])
    (gap,) = found.gaps
    assert (gap.topic, gap.unanswered, gap.down) == ("X2: X2: Guide", 0, 2)
    assert (gap.reasons, gap.nearest, gap.lacks) == (("too long",), ("o.md › X2: Guide",), ())


def test_a_verdict_on_an_answer_that_is_gone_is_counted_with_its_question_or_without() -> None:
    found = gaps_of([], [down("gone"), down("gone too", question="may I bring a dog")])
    assert {gap.topic: (gap.down, gap.questions) for gap in found.gaps} == {
        "an answer that is no longer kept": (1, ()),
        "may I bring a dog": (1, ("may I bring a dog",)),
    }


def test_thumbs_up_and_answers_are_no_gaps() -> None:
    found = gaps_of([asked("a", "answered", times=3)], [Judged(Judgement("a", "up"), LAST)])
    assert (found.answers, found.gaps) == (3, ())


def test_nothing_kept_is_no_gap() -> None:
    assert gaps_of([], []) == Gaps(None, None, 0, 0, ())
    assert gaps_text(gaps_of([], [])) == "Nothing is kept yet of what was asked."


def test_the_same_feedback_gives_the_same_gaps_in_any_order() -> None:
    topics = ["pay rise dates", "pay rise rules", "dogs at work", "dogs at home", "leave", "visa"]
    answers = [
        asked(f"a{n}", question=f"{topics[n % 6]} number {n}", times=n % 3 + 1) for n in range(60)
    ]
    judged = [down(f"a{n}", reason=str(n % 2), comment=f"note {n}") for n in range(0, 60, 7)]
    first = gaps_of(answers, judged)
    assert len(first.gaps) < 60
    for seed in range(5):
        random.Random(seed).shuffle(answers)
        assert gaps_of(answers, judged) == first


def test_the_embedding_model_gathers_what_people_mean(pytestconfig: pytest.Config) -> None:
    own = settings_for(pytestconfig, Path("corpus"))
    questions = [
        "How long is parental leave?",
        "Can I take parental leave as an M2?",
        "How many weeks of parental leave does an E1 get?",
        "Who approves promotions?",
        "Who has to approve a promotion to E1?",
        "What about remote work?",
    ]
    answers = [asked(f"a{n}", question=text) for n, text in enumerate(questions)]
    found = find_gaps(answers, [], lambda: prepare_encoder(own))
    assert [set(gap.questions) for gap in found.gaps] == [
        set(questions[:3]), set(questions[3:5]), set(questions[5:])
    ]  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path, run: Callable[..., Ran]) -> Path:
    """A data folder with some feedback; `run` made it the command's own."""
    store = FeedbackStore.open(Settings(data=tmp_path / "data"))
    store.write(
        [
            Noted("a1", "not_in_documents", ("X1",), ("pay of any level",), (), None),
            Noted("a2", "answered", (), (), (), "who looks ahead?"),
            Judgement("a1", "down", "incomplete", "tell \x1b[31mme\u202e"),
            Judgement("a2", "up"),
            Judgement("a3", "down", "wrong", None, "weather on a scout's map?"),
        ]
    )
    store.close()
    return tmp_path


def test_the_command_lists_gaps_for_a_person(run: Callable[..., Ran], kept: Path) -> None:
    ran = run("gaps")
    assert ran.status == 0
    day = ran.out[:10]
    assert ran.out.splitlines()[:6] == [
        f"{day}: 2 answers given.",
        "",
        "pay of any level (1 unanswered, 1 thumbs down)",
        "  Lacking: pay of any level",
        "  Levels: X1",
        "  Reasons: incomplete",
    ]
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out


def test_the_command_prints_the_same_as_json(run: Callable[..., Ran], kept: Path) -> None:
    found = json.loads(run("gaps", "--json").out)
    assert found["gaps"][0]["topic"] == "pay of any level"
    assert (found["answers"], found["elsewhere"]) == (2, 0)


def test_without_feedback_the_command_says_so_and_makes_nothing(
    run: Callable[..., Ran], tmp_path: Path
) -> None:
    ran = run("gaps")
    assert (ran.status, ran.out) == (0, "Nothing is kept yet of what was asked.\n")
    assert list((tmp_path / "data").iterdir()) == []


def test_a_store_that_cannot_be_read_is_a_failure(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "data" / "feedback.sqlite3").write_text("no database " * 100)
    for command in ("gaps", "feedback-export"):
        ran = run(command)
        assert ran.status == 1
        assert "The feedback database" in ran.err


def test_kept_and_judged_questions_become_cases(
    run: Callable[..., Ran], kept: Path, fake: FakeRooms
) -> None:
    ran = run("feedback-export", "made")
    assert ran.status == 0
    assert "1 cases, 1 to judge" in ran.out
    (case,) = load_cases(kept / "made")
    assert (case.question, case.style) == ("who looks ahead?", "feedback")
    assert "weather" in (kept / "made" / "feedback-to-judge.txt").read_text()
    again = run("feedback-export", "made")
    assert again.status == 1
    assert "not overwritten" in again.err


def test_exported_lines_are_what_eval_init_takes(run: Callable[..., Ran], kept: Path) -> None:
    lines = run("feedback-export", "--json").out
    assert [json.loads(line)["verdict"] for line in lines.splitlines()] == ["up", "down"]
    (kept / "lines.jsonl").write_text(lines)
    assert run("eval-init", "own", "--feedback", "lines.jsonl").status == 0
    assert (kept / "own" / "feedback.jsonl").is_file()


def test_with_nothing_judged_there_is_nothing_to_export(run: Callable[..., Ran]) -> None:
    ran = run("feedback-export")
    assert ran.status == 0
    assert "nothing to export" in ran.out
