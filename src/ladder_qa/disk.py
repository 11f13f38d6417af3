"""Writing to a disk that may be full, read-only or failing, and saying so in words.

Not covered: what is written (`store`); Chroma, which writes by itself.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ladder_qa.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


@contextlib.contextmanager
def disk_errors(data: Path) -> Iterator[None]:
    """A disk that cannot be written to is a StoreError that names place and reason."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The index cannot be written to {error.filename or data}: "
            f"{error.strerror or error}. What was there before is as it was."
        ) from error


def save_array(path: Path, array: NDArray[Any]) -> None:
    """What `np.save` does, which says of a full disk only how many numbers it has taken."""
    plain = np.ascontiguousarray(array)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(plain))
        file.write(plain.data)


def try_disk(folder: Path, size: int) -> None:
    """Write `size` bytes and delete them. Raises OSError, which names the folder."""
    trial = folder / "trial"
    try:
        with trial.open("wb") as file:
            file.write(b"\0" * size)
            file.flush()
            os.fsync(file.fileno())
        trial.unlink()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk. Raises OSError."""
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened to be synchronized
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
