"""What is asked of a model's next sentence, by what became of those before."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ladder_qa.standing import FADE, MOST, PASS, SLIP, Standing


def after(standing: Standing, carried: int, refused: int) -> Standing:
    """The same after so many of its sentences, the refused ones first."""
    for number in range(carried + refused):
        standing.note(carried=number >= refused)
    return standing


def test_nothing_more_is_asked_of_a_model_that_nobody_knows() -> None:
    assert Standing().handicap == 0.0


@pytest.mark.parametrize("carried", [3, 6, 50, 500])
def test_nothing_more_is_asked_of_one_that_is_mostly_right(carried: int) -> None:
    standing = after(Standing(), carried, 3)
    standing.note(carried=False)
    assert standing.handicap == 0.0


def test_one_that_invents_has_to_be_surer_and_surer_up_to_a_limit() -> None:
    standing, asked = Standing(), [0.0]
    for _ in range(30):
        standing.note(carried=False)
        asked.append(standing.handicap)
    assert asked == sorted(asked)
    assert asked[4] > 0.5
    assert asked[-1] == MOST


def test_the_log_odds_are_those_of_its_right_sentences() -> None:
    standing = Standing()
    for number in range(2_000):
        standing.note(carried=number % 4 == 0)
    right = (0.25 - SLIP) / (PASS - SLIP)  # those that pass are fewer than those that are right
    assert standing.handicap == pytest.approx(math.log((1 - right) / right), abs=0.15)


def test_nothing_more_is_asked_of_one_that_is_right_as_often_as_not() -> None:
    standing, passes = Standing(), 100 * (0.52 * PASS + 0.48 * SLIP)
    for number in range(2_000):
        standing.note(carried=37 * number % 100 < passes)  # spread over every hundred
    assert standing.handicap < 0.1


def test_what_was_long_ago_is_forgotten() -> None:
    standing = after(Standing(), 0, 1_000)
    memory = round(1 / (1 - FADE))
    assert after(standing, memory // 4, 0).handicap > 0
    assert after(standing, memory, 0).handicap == 0.0


def test_the_next_process_goes_on_from_there(tmp_path: Path) -> None:
    standing = after(Standing("openai/m", tmp_path), 1, 20)
    standing.keep()
    assert Standing("openai/m", tmp_path).handicap == standing.handicap > 0
    assert Standing("openai/another", tmp_path).handicap == 0.0
    assert [path.name for path in tmp_path.iterdir()] == ["llm-standing.json"]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "[]",
        "{",
        '{"model": "openai/m"}',
        '{"model": "openai/m", "carried": -1, "refused": 40}',
        '{"model": "openai/m", "carried": 0, "refused": 0}',
        '{"model": "openai/m", "carried": 1, "refused": 1e9}',
        '{"model": "openai/m", "carried": NaN, "refused": 40}',
        '{"model": "openai/m", "carried": [], "refused": 40}',
    ],
)
def test_a_file_that_says_nothing_is_as_none(tmp_path: Path, written: str) -> None:
    (tmp_path / "llm-standing.json").write_text(written)
    assert Standing("openai/m", tmp_path).handicap == 0.0


def test_where_nothing_can_be_written_it_is_known_in_this_process(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    standing = after(Standing("openai/m", missing), 0, 20)
    standing.keep()
    assert standing.handicap > 0
    assert not missing.exists()
