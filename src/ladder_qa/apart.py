"""Ingestion in a process of its own: it loads the most, and may end without a word.

The kernel kills what wants too much memory, and Chroma's native code crashes over a graph that a
failing disk cut short; whoever waits for the index then still says what happened.
Not covered: building itself (`ingest`).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from typing import TYPE_CHECKING

from ladder_qa.errors import StoreError
from ladder_qa.ingest import IngestReport, ingest

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ladder_qa.ingest import Progress
    from ladder_qa.settings import Settings


def ingest_apart(settings: Settings, progress: Progress | None = None) -> IngestReport:
    """What `ingest` does and raises; StoreError also where the process ends without a word."""
    context = multiprocessing.get_context("spawn")  # nothing of this process's threads and locks
    heard, told = context.Pipe(duplex=False)
    process = context.Process(target=_ingest_and_tell, args=(settings, told))
    process.start()
    told.close()
    try:
        while True:
            said = heard.recv()
            if isinstance(said, IngestReport):
                return said
            if isinstance(said, Exception):
                raise said
            if progress is not None:
                progress(*said)
    except EOFError:
        process.join()
        raise StoreError(
            f"The process that builds the index in {settings.data} {_how(process.exitcode)}. "
            "What was there before is as it was."
        ) from None
    finally:
        heard.close()  # a process that goes on notices it, and undoes what it has begun
        process.join()


def _ingest_and_tell(settings: Settings, told: Connection) -> None:
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):  # nobody listens any more
        try:
            told.send(ingest(settings, lambda *step: told.send(step)))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  (raised where it is waited for)
            told.send(error)


def _how(status: int | None) -> str:
    """How a process ended that said nothing, for a sentence."""
    if status is None or status >= 0:
        return f"ended with the status {status}"
    name = signal.Signals(-status).name
    if name == "SIGKILL":
        return "was killed, perhaps because it wanted more memory than there is"
    return f"crashed ({name}); a disk that fails does that to it"
