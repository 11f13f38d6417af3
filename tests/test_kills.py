"""SIGKILL at any moment of an ingestion leaves the index of before or the new one, whole.

What is looked at after each: files and their hashes, every record in Chroma, the bytes of answers;
and after the next ingestion that nothing of the killed one is left.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Literal

import pytest

from injected_faults import EVERYTHING, WRITE, Ended, Fault, Ground, State, Workshop, medium

pytestmark = pytest.mark.timeout(7200)

OTHER: dict[State, State] = {"old": "new", "new": "old"}


def where(ended: Ended, before: State, after: State, left: list[str]) -> str:
    """What a kill met, for the figures."""
    if ended.status is not None:
        return "not met: it had ended"
    if after != before:
        return "after the switch"
    return "while building" if left else "before the first write"


def finish(ground: Ground, workshop: Workshop, target: State) -> Ended:
    """The next ingestion works, and nothing is left of the ones before."""
    ended = workshop.run(ground.settings(target), "ingest")
    assert (0, "") == (ended.status, ended.err)
    assert target == ground.served()
    assert [] == ground.left_over()
    return ended


@pytest.mark.parametrize(
    ("kills", "finish_each"),
    [(50, 10), pytest.param(500, 1, marks=[pytest.mark.slow, pytest.mark.long])],
)
def test_a_kill_at_any_time_leaves_the_old_index_or_the_new_one(
    ground: Ground, workshop: Workshop, show: Callable[[str], None], kills: int, finish_each: int
) -> None:
    """Half of the moments are drawn over the time that an ingestion takes, half over what it does.

    Reading and opening the model take half of the time, the switch a thousandth.
    """
    times: list[float] = []
    operations = 0
    for target in ("old", "new", "old"):
        ended = workshop.run(ground.settings(target), "ingest", fault=Fault("count"))
        times.append(ended.seconds)
        operations = len(ended.operations)
        assert target == ground.served()
    draw = random.Random(7)
    met: Counter[str] = Counter()
    served = ground.served()
    for number in range(1, kills + 1):
        target = OTHER[served]
        if number % 2:
            moment = draw.uniform(0, 1.02 * medium(times))
            ended = workshop.run(ground.settings(target), "ingest", kill_after_s=moment)
        else:
            fault = Fault("kill", draw.randint(1, operations))
            ended = workshop.run(ground.settings(target), "ingest", fault=fault)
        assert ended.status in (None, 0), ended.err
        after = ground.served()
        assert after in (served, target)
        met[where(ended, served, after, ground.unfinished())] += 1
        if ended.status == 0:
            times.append(ended.seconds)  # other work on the machine changes it
        served = after
        if number % finish_each == 0:
            times.append(finish(ground, workshop, target).seconds)
            served = target
    killed = kills - met["not met: it had ended"]
    assert killed > 0.8 * kills
    shares = ", ".join(f"{count} {name}" for name, count in sorted(met.items()))
    show(
        f"{kills} ingestions of {medium(times):.2f} s and {operations} file operations, {killed} "
        f"killed, 0 lost, the next one worked {kills // finish_each} times: {shares}"
    )


def each_operation(ground: Ground, workshop: Workshop, fault: Fault, step: int = 1) -> int:
    """Ingestions with the fault at each operation in turn that counts; how many there were."""
    met = 0
    at = 1
    while True:
        ground.reset()
        ended = workshop.run(ground.settings("new"), "ingest", fault=fault.at_operation(at))
        after = ground.served()
        if ended.status is not None:  # it has fewer operations
            assert (0, "new") == (ended.status, after), ended.err
            return met
        met += 1
        assert after in ("old", "new"), ended.operations[-1]
        finish(ground, workshop, "new")
        at += step


def test_a_kill_at_each_step_of_the_switch(ground: Ground, workshop: Workshop) -> None:
    assert each_operation(ground, workshop, Fault("kill", only="CURRENT")) == 5


@pytest.mark.slow
def test_a_kill_at_each_step_of_the_cleaning(ground: Ground, workshop: Workshop) -> None:
    assert each_operation(ground, workshop, Fault("kill", only="-00000000")) >= 4


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("only", ["!/chroma/", "/chroma/"])
@pytest.mark.parametrize("action", ["kill", "tear"])
def test_a_kill_at_each_file_operation_in_turn(
    ground: Ground,
    workshop: Workshop,
    show: Callable[[str], None],
    *,
    only: str,
    action: Literal["kill", "tear"],
) -> None:
    """`tear` does the first half of a write before the kill. Of Chroma's writes each fifth is."""
    step = 5 if (action, only) == ("tear", "/chroma/") else 1
    kinds = EVERYTHING if action == "kill" else WRITE
    met = each_operation(ground, workshop, Fault(action, kinds=kinds, only=only), step)
    name = "Chroma's own" if only == "/chroma/" else "all but Chroma's"
    show(f"{action} at {met} file operations, {name}, each {step}: 0 lost")
