"""Real assistants over real corpora for tests: built once a run, kept in pytest's cache folder.

Not covered: building itself, which `test_ingest.py` tests.
"""

from __future__ import annotations

import contextlib
import gc
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from exported_model import cache_folder, settings_with_model
from ladder_qa.assistant import Assistant
from ladder_qa.feedback import FeedbackStore
from ladder_qa.ingest import ensure_index
from ladder_qa.settings import Settings
from ladder_qa.web.app import create_app
from ladder_qa.web.listening import listen
from ladder_qa.web.serving import Backend


def settings_for(config: pytest.Config, corpus: Path) -> Settings:
    """Settings with an index over `corpus` that outlives the run; rebuilt when anything changed."""
    data = cache_folder(config) / "indexes" / corpus.resolve().name
    if data.exists():
        settings = Settings(data=data, corpus=corpus)
    else:
        settings = settings_with_model(config, data, corpus=corpus)
    ensure_index(settings, lambda _: None)
    return settings


def assistant_for(config: pytest.Config, corpus: Path) -> Assistant:
    """The assistant over `corpus`."""
    return Assistant.open(settings_for(config, corpus))


@contextlib.contextmanager
def listening(settings: Settings, assistant: Assistant) -> Iterator[int]:
    """A real server on loopback that answers by `assistant`; its port."""
    generation = assistant.generation.id
    backend = Backend(
        lambda _: assistant, lambda _: generation, lambda _: False, FeedbackStore.open
    )
    with listen(settings, "127.0.0.1", 0) as opened:
        server = uvicorn.Server(uvicorn.Config(create_app(settings, backend), log_config=None))
        thread = threading.Thread(target=server.run, args=([opened],))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield int(opened.getsockname()[1])
        finally:
            end(server, thread)


def end(server: uvicorn.Server, thread: threading.Thread) -> None:
    """Ends a server. Connections that clients left open go with its loop, here and not later."""
    server.should_exit = True
    thread.join(30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
