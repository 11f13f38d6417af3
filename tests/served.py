"""Real assistants over real corpora for tests: built once a run, kept in pytest's cache folder.

Not covered: building itself, which `test_ingest.py` tests.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from exported_model import cache_folder, settings_with_model
from ladder_qa.assistant import Assistant
from ladder_qa.ingest import ensure_index
from ladder_qa.settings import Settings


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
