"""What the widget costs the page that it stands on, and how that is weighed.

Not covered: figures; `bench/page_weight.py` prints those.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, CDPSession
from weighing import AS_IS, MODES, HostSite, Weight, added, interactive_ms, median, weigh

from ladder_qa.web.widget import current
from pages_browser import serving
from serving_fakes import fake_assistant

RUNS = 5
MOST_AROUND = 2000  # bytes of a page or a small answer, with its headers
# Elements made and filled. 20,000 take about 50 ms on the machine where the widget's 50 ms were
# measured, a slower machine takes longer for both; twice as many leave room for noise.
ELEMENTS = 40_000
_LOOP = f"""() => {{
  const root = document.createElement("div");
  for (let number = 0; number < {ELEMENTS}; number += 1) {{
    const one = document.createElement("p");
    one.setAttribute("class", "one");
    one.append(`text ${{number}}`);
    root.append(one);
  }}
  return root.children.length;
}}"""


@pytest.mark.parametrize(
    ("start", "tasks", "expected"),
    [
        (100.0, [], 100.0),
        (100.0, [(20.0, 60.0)], 100.0),  # over before
        (100.0, [(80.0, 70.0)], 150.0),  # goes on
        (100.0, [(300.0, 60.0)], 360.0),  # comes soon
        (100.0, [(900.0, 60.0), (300.0, 60.0), (850.0, 10.0)], 960.0),  # each soon after another
        (100.0, [(600.0, 60.0)], 100.0),  # comes after the page was quiet for long enough
    ],
)
def test_a_page_is_interactive_once_no_long_task_follows_soon(
    start: float, tasks: list[tuple[float, float]], expected: float
) -> None:
    assert expected == interactive_ms(start, tasks)


def test_figures_are_subtracted_and_ranked_one_by_one() -> None:
    nothing = Weight(*[0.0] * 9)
    full, bare = replace(nothing, bytes=9.0, task_ms=5.0), replace(nothing, bytes=4.0, task_ms=7.0)
    assert replace(nothing, bytes=5.0, task_ms=-2.0) == full.less(bare)
    assert replace(nothing, bytes=4.0, task_ms=5.0) == median([nothing, full, bare])


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page of another origin, and the widget's server, which lists it."""
    data = tmp_path_factory.mktemp("data")
    with (
        HostSite() as site,
        serving(fake_assistant(), data=data, allowed_origins=(site.url,)) as ladder,
    ):
        site.ladder = ladder
        yield site.url


@pytest.mark.parametrize(("mode", "requests"), [("bare", 1), ("inline", 3), ("launcher", 2)])
def test_a_page_loads_the_widget_and_what_it_shows_at_once(
    browser: Browser, host: str, mode: str, requests: int
) -> None:
    """The page, the script, and the starters where the box is open; each field takes a letter."""
    weight = weigh(browser, f"{host}/{mode}")
    script = len(current().gzipped) if mode != "bare" else 0
    assert requests == weight.requests
    assert script < weight.bytes < script + requests * MOST_AROUND
    assert 0 < weight.paint_ms <= weight.ready_ms
    assert 0 < weight.layout_ms < weight.task_ms
    assert (weight.script_ms > 0) == (mode != "bare")


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_the_widget_adds_less_work_than_the_page_may_notice(
    browser: Browser, host: str, mode: str
) -> None:
    """Bounded by what the same browser needs for the loop, so that a slow machine does not fail."""
    bare, full = f"{host}/bare", f"{host}/{mode}"
    added(browser, bare, full, 1, AS_IS)  # the first of each counts as warming up
    widget = median(added(browser, bare, full, RUNS, AS_IS)).task_ms
    assert widget < loop_ms(browser)


def loop_ms(browser: Browser) -> float:
    """The main thread's own time for the loop, measured as the pages are; the median of some."""
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    spent = [task_ms(session)]
    for _ in range(RUNS):
        assert ELEMENTS == page.evaluate(_LOOP)
        spent.append(task_ms(session))
    page.context.close()
    return statistics.median(after - before for before, after in pairwise(spent))


def task_ms(session: CDPSession) -> float:
    found = session.send("Performance.getMetrics")["metrics"]
    return next(1000 * float(one["value"]) for one in found if one["name"] == "TaskDuration")
