"""Programs run as their users run them: from the shell, as a server, or held open for questions.

Processor time is counted beside the clock's, because it says more on a busy machine. Peak memory is
the most that a process had in memory at once, shared libraries included (Linux counts it as VmHWM
for each process from its start).
Not covered: what is run (`systems`).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY_S = 600.0  # for a process to open its index; more is a hang
STOP_S = 30.0  # for a server to end
# Where programs run: a `.env` of the working folder would be read as settings of ours.
FOLDER = Path(__file__).parent
SHOWN = 4000  # bytes of a server's log, where something went wrong
_LOOK_S = 0.02  # between two looks at whether a server is ready


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ended: seconds by the clock and of processors, and megabytes at most."""

    seconds: float
    processor_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Took:
    """An answer: milliseconds by the clock, and of processors, all threads together."""

    ms: float
    processor_ms: float


def run(
    command: Sequence[str],
    environ: Mapping[str, str],
    limit_s: float,
    allowed: Collection[int] = (0,),
) -> Ran:
    """Runs a program from its start to its end, its output read by nobody.

    Raises RuntimeError where it ends with another status than those `allowed`, or outlasts
    `limit_s` seconds.
    """
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603  (the commands are written in this project)
        command,
        env=dict(environ),
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    hang = threading.Timer(limit_s, process.kill)
    hang.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    finally:
        hang.cancel()
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise RuntimeError(
            f"{' '.join(command)} ended with {process.returncode} in {seconds:.0f} s"
        )
    unit = 1 if sys.platform == "darwin" else 1024  # bytes of `ru_maxrss`
    return Ran(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e6)


def peak_mb(pid: int | str = "self") -> float:
    """The most megabytes that a running process has had in memory at once."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"/proc/{pid}/status names no VmHWM")


class Held:
    """A process of `answering.py`, open and ready, that answers one line with one line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _call(self, line: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("a process that answers questions ended by itself")
        return json.loads(answer)

    def ask(self, question: str) -> Took:
        """What the process took for an answer."""
        return Took(*self._call({"ask": question}))

    def peak_mb(self) -> float:
        """The most megabytes that it has had so far."""
        return float(self._call({"peak_mb": True}))


@contextlib.contextmanager
def held(command: Sequence[str], environ: Mapping[str, str]) -> Iterator[Held]:
    """Holds a process open that has opened its index; it ends with the `with`."""
    with subprocess.Popen(  # noqa: S603
        command,
        env=dict(environ),
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError(f"{' '.join(command)} did not open its index")
            yield Held(process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(STOP_S)
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    port: int
    pid: int

    def peak_mb(self) -> float:
        """The most megabytes that it has had so far."""
        return peak_mb(self.pid)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@contextlib.contextmanager
def server(command: Sequence[str], environ: Mapping[str, str], port: int) -> Iterator[Served]:
    """Runs a server until the end of the `with`; it is ready when `/readyz` says so."""
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(  # noqa: S603
            command,
            env=dict(environ),
            cwd=FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        ) as process,
    ):
        try:
            _wait(process, f"http://127.0.0.1:{port}/readyz")
            yield Served(port, process.pid)
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S)
        except BaseException:
            log.seek(0)
            sys.stderr.buffer.write(log.read()[-SHOWN:])
            raise
        finally:
            process.kill()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        # refused, reset, or not ready yet
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310
            return
        time.sleep(_LOOK_S)
    raise RuntimeError(f"the server was not ready within {READY_S:.0f} s")
