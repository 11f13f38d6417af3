"""A running server takes up one new generation after the other, and nobody who asks notices."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from injected_faults import QUESTIONS, Ground, State
from ladder_qa.index import build_generation
from ladder_qa.settings import Settings
from ladder_qa.store import current_manifest, folder_of, read_content, writer_lock
from serving_fakes import in_process

pytestmark = pytest.mark.timeout(3600)

SERVER = """
import sys
from pathlib import Path
import uvicorn
from ladder_qa.settings import Settings
from ladder_qa.web.app import create_app
from ladder_qa.web.listening import listen
settings = Settings(data=Path(sys.argv[1]), corpus=Path(sys.argv[2]))
with listen(settings, "127.0.0.1", 0) as opened:
    print(opened.getsockname()[1], flush=True)
    app = create_app(settings, interval_s=0.05)
    uvicorn.Server(uvicorn.Config(app, log_config=None)).run(sockets=[opened])
"""
CLIENTS = 3
COMING_AND_GOING = 2  # connections of clients that open and close while files are counted
STARTED_LATE = 4  # threads of pools that start when they are first needed


class Asking(threading.Thread):
    """Asks without a pause over one connection, and keeps what was no right answer."""

    def __init__(self, port: int, right: dict[str, set[str]]) -> None:
        super().__init__()
        self._port = port
        self._right = right
        self.end = threading.Event()
        self.asked = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while not self.end.is_set():
            question = QUESTIONS[self.asked % len(QUESTIONS)]
            body = json.dumps({"question": question})
            try:
                headers = {"content-type": "application/json"}
                connection.request("POST", "/api/v1/ask", body, headers)
                response = connection.getresponse()
                text = response.read().decode()
            except OSError as error:
                text = repr(error)
            self.asked += 1
            if text not in self._right[question]:
                self.wrong.append(text)
        connection.close()


class Served:
    """A server in a process of its own, as seen from outside."""

    def __init__(self, pid: int, port: int) -> None:
        self._pid = pid
        self.port = port

    def generation(self) -> str | None:
        """What `/readyz` names."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/readyz")
        found = json.loads(connection.getresponse().read())
        connection.close()
        generation: str | None = found.get("generation")
        return generation

    def wait_for(self, generation: str) -> None:
        deadline = time.monotonic() + 60
        while self.generation() != generation:
            assert time.monotonic() < deadline, "it was not taken up"
            time.sleep(0.01)

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self._pid}/fd").iterdir()))

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self._pid}/task").iterdir()))

    def megabytes(self) -> int:
        pages = int(Path(f"/proc/{self._pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    process = in_process(SERVER, str(settings.data), str(settings.corpus))
    assert process.stdout is not None
    assert process.stderr is not None
    log: list[bytes] = []
    reading = threading.Thread(target=lambda: log.extend(process.stderr or ()))
    reading.start()
    try:
        yield Served(process.pid, int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(30)
        reading.join()
        process.stdout.close()
        process.stderr.close()
    assert not [line for line in log if b'"error"' in line]


def rebuilt(ground: Ground, state: State) -> Callable[[], str]:
    """A function that builds one more generation of a state that was built before."""
    settings = ground.settings(state)
    apart = ground.apart(state)
    manifest = current_manifest(apart)
    assert manifest is not None
    content = read_content(folder_of(apart, manifest.id))

    def build() -> str:
        with writer_lock(settings.data):
            return build_generation(
                settings, content, manifest.corpus, manifest.encoder, manifest.bank
            )

    return build


@pytest.mark.parametrize("times", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_a_server_under_load_takes_up_new_generations_and_answers_every_request(
    ground: Ground, show: Callable[[str], None], times: int
) -> None:
    """No request fails, and open files, threads and memory do not grow."""
    ground.reset()
    builds = [rebuilt(ground, "new"), rebuilt(ground, "old")]
    right = {
        question: {ground.answers["old"][number], ground.answers["new"][number]}
        for number, question in enumerate(QUESTIONS)
    }
    open_files, threads, megabytes = [], [], []
    with serving(ground.settings("old")) as server:
        first = current_manifest(ground.data)
        assert first is not None
        server.wait_for(first.id)
        clients = [Asking(server.port, right) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            for number in range(times):
                server.wait_for(builds[number % 2]())
                open_files.append(server.open_files())
                threads.append(server.threads())
                megabytes.append(server.megabytes())
        finally:
            for client in clients:
                client.end.set()
                client.join()
    assert [] == [text for client in clients for text in client.wrong]
    asked = [client.asked for client in clients]
    assert min(asked) >= times
    early, late = slice(0, max(2, times // 4)), slice(-max(2, times // 4), None)
    # one file kept open by each would be three more, after five
    assert max(open_files[late]) <= max(open_files[early]) + COMING_AND_GOING
    assert max(threads[late]) <= max(threads[early]) + STARTED_LATE
    show(
        f"{times} generations taken up under {sum(asked)} requests of {CLIENTS} clients, 0 failed; "
        f"open files {max(open_files[early])} early and {max(open_files[late])} late, threads "
        f"{max(threads[early])} and {max(threads[late])}, MB {max(megabytes[early])} and "
        f"{max(megabytes[late])}"
    )
