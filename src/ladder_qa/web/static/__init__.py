"""The files that pages load, read from the package once, with their hashes.

Not covered: any file that is not listed here; nothing else in the package can be fetched.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_SCRIPT = "text/javascript; charset=utf-8"
_TYPES = {
    "ladder.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "widget.js": _SCRIPT,
    "demo.js": _SCRIPT,
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file: its bytes, media type and the first 12 hex digits of its sha256."""

    data: bytes
    media_type: str
    version: str


@cache
def load(name: str) -> StaticFile | None:
    """The listed file of this name, or None."""
    if name not in _TYPES:
        return None
    data = files(__name__).joinpath(name).read_bytes()
    return StaticFile(data, _TYPES[name], hashlib.sha256(data).hexdigest()[:12])


def address(name: str) -> str:
    """The URL of a listed file; it changes with the file, so that it may be cached for good."""
    file = load(name)
    if file is None:
        raise KeyError(name)
    return f"/static/{name}?v={file.version}"
