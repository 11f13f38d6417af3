"""Weighs the pages, and what the widget adds to a page of somebody else's, in a real Chromium.

On this machine as it is, and with a processor that is slowed down and a network as Lighthouse has
them for a phone. What the widget adds is the difference between the same page with it and without
it, opened in turn, so that whatever else the machine does hits both.
Not covered: the time of answers (`ask.py`); other browsers.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence

from playwright.sync_api import Browser, sync_playwright
from weighing import AS_IS, PHONE, HostSite, Weight, median, weigh

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing of its own to fetch: only what the page asks for goes out.
QUIET_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BARE, INLINE, BUTTON = "a bare page", "with the widget, inline", "with the widget, as a button"
START_LIMIT_S = 300.0  # a server that has to build its index first takes about 20 s


def main() -> None:
    """Weighs all pages, then what the widget adds, and prints tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=7, help="how often each page is opened")
    runs = parser.parse_args().runs
    if runs < 1:
        parser.error("--runs: at least 1")
    with HostSite() as site, ladder_server(site.url) as ladder, chromium() as browser:
        site.ladder, host = ladder, site.url
        print(f"{platform.machine()}, {os.cpu_count()} cores, Chromium {browser.version}; ", end="")
        print(f"medians of {runs} runs each, in turn; range in brackets\n")
        pages = {
            "`/`": f"{ladder}/",
            "`/demo`": f"{ladder}/demo",
            BARE: f"{host}/bare",
            INLINE: f"{host}/inline",
            BUTTON: f"{host}/launcher",
        }
        for url in pages.values():
            weigh(browser, url)  # the first of each counts as warming up
        rounds = {}
        for condition in (AS_IS, PHONE):
            rounds[condition.name] = [
                {name: weigh(browser, url, condition) for name, url in pages.items()}
                for _ in range(runs)
            ]
            _print_pages(condition.name, rounds[condition.name])
    _print_added(rounds)


def _print_pages(condition: str, rounds: Sequence[Mapping[str, Weight]]) -> None:
    print(f"| {condition} | kB | requests | first paint, ms | can ask, ms | main thread, ms |"
          " long tasks |\n|---|---|---|---|---|---|---|")  # fmt: skip
    for name in rounds[0]:
        found = [one[name] for one in rounds]
        middle = median(found)
        cells = [f"{middle.bytes / 1000:.1f}", f"{middle.requests:.0f}"]
        cells += [
            _ranged([getattr(one, key) for one in found])
            for key in ("paint_ms", "ready_ms", "task_ms")
        ]
        print(f"| {name} | {' | '.join(cells)} | {middle.long_tasks:.0f} |", flush=True)
    print()


def _print_added(rounds: Mapping[str, Sequence[Mapping[str, Weight]]]) -> None:
    """The page with the widget less the bare one of the same round."""
    print("| the widget adds, ms of the main thread | all | script | style | layout |\n"
          "|---|---|---|---|---|")  # fmt: skip
    for condition, weighed in rounds.items():
        for name in (INLINE, BUTTON):
            found = [one[name].less(one[BARE]) for one in weighed]
            keys = ("task_ms", "script_ms", "style_ms", "layout_ms")
            cells = [_ranged([getattr(one, key) for one in found]) for key in keys]
            print(f"| {name.rpartition(', ')[2]}; {condition} | {' | '.join(cells)} |")


def _ranged(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f}–{max(values):.0f})"


@contextlib.contextmanager
def ladder_server(origin: str) -> Iterator[str]:
    """The address of `ladder-qa serve` with the settings of the environment, and its index open."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {**os.environ, "LADDER_QA_ALLOWED_ORIGINS": origin, "LADDER_QA_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "ladder_qa.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environ)  # noqa: S603  (the command is written here)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api/v1/levels", process)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the address answers. Raises RuntimeError when the server ended, or takes too long."""
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  (our own address)
                answer.read()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the server did not start")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser. Raises RuntimeError where there is none."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        raise RuntimeError(f"no Chromium is installed (looked for {', '.join(NAMES)})")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=[*QUIET_FLAGS])
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
