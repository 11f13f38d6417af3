"""The day's tokens: never more than the limit, by several processes, across restarts."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from ladder_qa.budget import Reservation, TokenBudget
from ladder_qa.errors import LanguageModelError

FILE = "llm-tokens.json"


@dataclass
class Today:
    day: date = date(2026, 3, 1)

    def __call__(self) -> date:
        return self.day


def refused(budget: TokenBudget, tokens: int) -> str:
    with pytest.raises(LanguageModelError) as caught:
        budget.reserve(tokens)
    assert caught.value.kind == "budget"
    return str(caught.value)


def test_a_reservation_counts_until_it_is_settled(tmp_path: Path) -> None:
    budget = TokenBudget(tmp_path, 1000)
    reserved = budget.reserve(700)
    assert "300 are left and 301 may be needed" in refused(budget, 301)
    budget.settle(reserved, 100)
    assert budget.spent() == 100
    budget.reserve(900)
    assert budget.spent() == 1000


def test_the_whole_limit_can_be_spent_and_no_token_more(tmp_path: Path) -> None:
    budget = TokenBudget(tmp_path, 10)
    budget.reserve(10)
    refused(budget, 1)


def test_what_was_spent_survives_a_restart(tmp_path: Path) -> None:
    TokenBudget(tmp_path, 1000).reserve(900)
    assert TokenBudget(tmp_path, 1000).spent() == 900


def test_a_new_day_in_utc_starts_at_zero(tmp_path: Path) -> None:
    today = Today()
    budget = TokenBudget(tmp_path, 1000, today)
    budget.reserve(1000)
    today.day = date(2026, 3, 2)
    assert budget.spent() == 0
    budget.reserve(1000)


def test_a_correction_after_midnight_does_not_touch_the_new_day(tmp_path: Path) -> None:
    today = Today()
    budget = TokenBudget(tmp_path, 1000, today)
    reserved = budget.reserve(500)
    today.day = date(2026, 3, 2)
    budget.reserve(300)
    budget.settle(reserved, 0)
    assert budget.spent() == 300


def test_a_clock_that_was_set_back_gives_no_tokens(tmp_path: Path) -> None:
    today = Today()
    budget = TokenBudget(tmp_path, 1000, today)
    budget.reserve(1000)
    today.day = date(2026, 2, 28)
    refused(budget, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"day": "2026-03-01", "spent": -5, "damaged": false}',
        b'{"day": "2026-03-01", "spent": true, "damaged": false}',
        b'{"day": "soon", "spent": 5, "damaged": false}',
        b'{"day": "2026-03-01", "spent": 5',
    ],
)
def test_a_damaged_file_counts_as_spent_until_the_next_day(tmp_path: Path, content: bytes) -> None:
    today = Today()
    (tmp_path / FILE).write_bytes(content)
    budget = TokenBudget(tmp_path, 1000, today)
    message = refused(budget, 1)
    assert f"{tmp_path / FILE} is damaged" in message
    assert "midnight UTC" in message
    assert budget.spent() == 1000
    refused(TokenBudget(tmp_path, 5000, today), 1)
    today.day = date(2026, 3, 2)
    budget.reserve(1000)


def test_whoever_deletes_the_damaged_file_starts_at_zero(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"?")
    budget = TokenBudget(tmp_path, 1000)
    refused(budget, 1)
    (tmp_path / FILE).unlink()
    budget.reserve(1000)


def test_a_file_that_cannot_be_written_is_no_leave_to_spend(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    assert str(tmp_path / FILE) in refused(TokenBudget(tmp_path, 1000), 1)


def test_settling_never_fails(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    TokenBudget(tmp_path, 1000).settle(Reservation(date(2026, 3, 1), 5), 3)


def test_an_interrupted_write_leaves_the_old_count(tmp_path: Path) -> None:
    budget = TokenBudget(tmp_path, 1000)
    budget.reserve(400)
    (tmp_path / "llm-tokens.tmp").write_bytes(b'{"day": "2026')
    assert TokenBudget(tmp_path, 1000).spent() == 400


def test_threads_together_never_overshoot(tmp_path: Path) -> None:
    budget = TokenBudget(tmp_path, 100)

    def spend(_: int) -> int:
        try:
            reserved = budget.reserve(7)
        except LanguageModelError:
            return 0
        budget.settle(reserved, 5)
        return 5

    with ThreadPoolExecutor(8) as pool:
        spent = sum(pool.map(spend, range(60)))
    assert spent == budget.spent() == 95  # a reservation of 7 no longer fits after that


def test_two_processes_together_never_overshoot(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from ladder_qa.budget import TokenBudget\n"
        "from ladder_qa.errors import LanguageModelError\n"
        "budget, got = TokenBudget(pathlib.Path(sys.argv[1]), 300), 0\n"
        "for _ in range(60):\n"
        "    try:\n"
        "        budget.reserve(5)\n"
        "        got += 5\n"
        "    except LanguageModelError:\n"
        "        pass\n"
        "print(got)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    got = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(got) == 300
    assert TokenBudget(tmp_path, 300).spent() == 300


def test_the_file_holds_a_day_and_a_number_and_nothing_else(tmp_path: Path) -> None:
    TokenBudget(tmp_path, 1000, Today()).reserve(12)
    saved = json.loads((tmp_path / FILE).read_text(encoding="ascii"))
    assert saved == {"day": "2026-03-01", "spent": 12, "damaged": False}
