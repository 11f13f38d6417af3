"""JSON text → the frozen types that `as_json` wrote it from, and nothing that is nearly so.

Not covered: types with other fields than scalars, tuples, enumerations and frozen types.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


def from_json(kind: type[T] | Any, text: str) -> T:
    """JSON text → a frozen type, exactly as `as_json` wrote it. Raises ValueError."""
    value: T = _decode(kind, json.loads(text))
    return value


def _decode(kind: Any, value: Any) -> Any:
    """`value` as `kind`: the same keys, the same scalar types, nothing converted or left out."""
    origin = typing.get_origin(kind)
    if origin is tuple:
        if isinstance(value, list):
            return tuple(_decode(typing.get_args(kind)[0], item) for item in value)
    elif origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        (inner,) = (k for k in typing.get_args(kind) if k is not types.NoneType)
        return _decode(inner, value)
    elif dataclasses.is_dataclass(kind):
        hints = _hints(typing.cast("Any", kind))
        if isinstance(value, dict) and value.keys() == hints.keys():
            fields = {name: _decode(hint, value[name]) for name, hint in hints.items()}
            return typing.cast("Any", kind)(**fields)
    elif issubclass(kind, Enum):
        return kind(value)
    elif type(value) is kind:
        return value
    raise ValueError(f"{str(value)[:60]!r} is not what {kind} wants")


@functools.cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)
