"""The circuit breaker opens after failures in a row, and one trial decides whether it closes."""

from __future__ import annotations

from dataclasses import dataclass

from ladder_qa.breaker import FAILURES, WAIT_S, CircuitBreaker


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def ended(breaker: CircuitBreaker, *, worked: bool | None) -> None:
    """One request that is admitted and ends."""
    admission = breaker.admitted()
    assert admission is not None
    admission.record(worked=worked)


def opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(clock=clock)
    for _ in range(FAILURES):
        ended(breaker, worked=False)
    return breaker


def test_five_failures_in_a_row_open_it() -> None:
    assert FAILURES == 5
    assert opened(Clock()).admitted() is None


def test_a_success_in_between_starts_the_count_anew() -> None:
    breaker = CircuitBreaker(clock=Clock())
    for worked in [False] * 4 + [True] + [False] * 4:
        ended(breaker, worked=worked)
    assert breaker.admitted()


def test_what_says_nothing_about_the_provider_is_not_counted() -> None:
    breaker = CircuitBreaker(clock=Clock())
    for worked in [None] * 9 + [False] * 4:
        ended(breaker, worked=worked)
    assert breaker.admitted()


def test_it_tries_again_within_thirty_seconds_with_one_request_at_a_time() -> None:
    assert WAIT_S < 30
    clock = Clock()
    breaker = opened(clock)
    clock.now += WAIT_S - 0.001
    assert breaker.admitted() is None
    clock.now += 0.001
    assert breaker.admitted()
    assert breaker.admitted() is None


def test_a_trial_that_works_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += WAIT_S
    ended(breaker, worked=True)
    assert breaker.admitted()
    assert breaker.admitted()


def test_a_trial_that_fails_keeps_it_open_as_long_again() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += WAIT_S
    ended(breaker, worked=False)
    clock.now += WAIT_S - 0.001
    assert breaker.admitted() is None
    clock.now += 0.001
    assert breaker.admitted()


def test_a_trial_that_was_given_up_leaves_room_for_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += WAIT_S
    ended(breaker, worked=None)
    assert breaker.admitted()


def test_what_was_sent_before_it_opened_does_not_end_a_trial() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock=clock)
    early = breaker.admitted()
    assert early is not None
    for _ in range(FAILURES):
        ended(breaker, worked=False)
    clock.now += WAIT_S
    assert breaker.admitted()
    early.record(worked=True)
    assert breaker.admitted() is None
