"""The web component's file in all versions that this server has ever served.

A page names a version by its hash and checks it by `integrity`, so it must get the same bytes after
an upgrade: each version is kept in the data folder when a server of it starts, so that of several
servers each has it, whichever was asked for it.
Not covered: versions from before the data folder was made.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import os
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from ladder_qa.web.static import load

NAME = "widget.js"
FOLDER = "widget"  # in the data folder
_VERSION = re.compile(r"[0-9a-f]{16}")  # the first 64 bits of the file's sha256


@dataclass(frozen=True, slots=True)
class Widget:
    """One version: its bytes, the same compressed, and the name by which pages ask for it."""

    data: bytes
    gzipped: bytes
    version: str

    @classmethod
    def of(cls, data: bytes) -> Widget:
        """The version that these bytes are; the same bytes give the same object."""
        return cls(data, gzip.compress(data, 9, mtime=0), _version(data))

    @property
    def address(self) -> str:
        """The path that stays valid, and leads to these bytes alone."""
        return f"/widget/{self.version}.js"

    @property
    def integrity(self) -> str:
        """The value of a script element's `integrity` (Subresource Integrity)."""
        return f"sha384-{base64.b64encode(hashlib.sha384(self.data).digest()).decode()}"


@cache
def current() -> Widget:
    """The version of this package."""
    file = load(NAME)
    assert file is not None
    return Widget.of(file.data)


def find(data_folder: Path, version: str) -> Widget | None:
    """The version of this name, from the package or as it was kept, or None."""
    if version == current().version:
        keep(data_folder)
        return current()
    return _kept(data_folder, version) if _VERSION.fullmatch(version) else None


def keep(data_folder: Path) -> None:
    """Keeps this package's version for later packages, where there is a data folder."""
    widget = current()
    place = data_folder / FOLDER / f"{widget.version}.js"
    if place.is_file() or not data_folder.is_dir():
        return
    with contextlib.suppress(OSError):  # a folder that is only read: nothing can be kept
        place.parent.mkdir(exist_ok=True)
        partial = place.with_suffix(f".{os.getpid()}")
        partial.write_bytes(widget.data)
        partial.replace(place)  # whole or not there


@lru_cache(maxsize=8)  # versions that pages still ask for
def _read(place: Path, _changed: int) -> Widget:
    return Widget.of(place.read_bytes())


def _kept(data_folder: Path, version: str) -> Widget | None:
    place = data_folder / FOLDER / f"{version}.js"
    try:
        widget = _read(place, place.stat().st_mtime_ns)
    except OSError:
        return None
    return widget if widget.version == version else None  # a damaged file is none


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
