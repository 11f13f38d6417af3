"""The packaged model, exported once for all tests and kept in pytest's own cache folder.

Not covered: the export itself, which `test_encode.py` tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ladder_qa.encode import OnnxEncoder, prepare_encoder
from ladder_qa.settings import Settings


def cache_folder(config: pytest.Config) -> Path:
    """A data folder that outlives the run and holds exported models only."""
    return Path(config.cache.mkdir("ladder-qa")) if config.cache else Path(".pytest_cache/d")


def exported_encoder(config: pytest.Config) -> OnnxEncoder:
    """The real encoder; exported by the first test that wants it."""
    return prepare_encoder(Settings(data=cache_folder(config)))


def settings_with_model(config: pytest.Config, data: Path, **values: Any) -> Settings:
    """Settings for a data folder of its own in which the model is exported already."""
    exported_encoder(config)
    data.mkdir(parents=True, exist_ok=True)
    (data / "models").symlink_to(cache_folder(config).resolve() / "models")
    return Settings(data=data, **values)
