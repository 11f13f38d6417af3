"""A process that opens one index and answers the questions that come on standard input.

`python bench/answering.py ours CORPUS DATA` or `… peer FOLDER [THREADS]`. It prints `ready`, and
then, for each line of JSON, one line: `{"ask": …}` gives the milliseconds of the answer
by the clock and of processors, `{"peak_mb": true}` the process's peak memory.
Not covered: asking in turn (`asking`).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from processes import peak_mb


def opened(arguments: Sequence[str]) -> Callable[[str], object]:
    """The answering function of one side; only that side's libraries are loaded."""
    match arguments:
        case ["ours", corpus, data]:
            from ladder_qa.assistant import Assistant  # noqa: PLC0415
            from ladder_qa.settings import Settings  # noqa: PLC0415

            assistant = Assistant.open(Settings(corpus=Path(corpus), data=Path(data)))
            for _ in assistant.warming():  # as a server does while nobody asks
                pass
            return assistant.ask
        case ["peer", folder, *threads]:
            from peer import Peer  # noqa: PLC0415

            return Peer.open(Path(folder), *map(int, threads)).ask
    raise SystemExit(__doc__)


def main() -> None:
    """Answers until standard input ends."""
    # What libraries print must not get between the answers.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        ask = opened(sys.argv[1:])
        print("ready", file=answers, flush=True)
        for line in sys.stdin:
            call = json.loads(line)
            if "ask" in call:
                started = time.perf_counter(), time.process_time()
                ask(call["ask"])
                ended = time.perf_counter(), time.process_time()
                took = [(end - start) * 1000 for start, end in zip(started, ended, strict=True)]
                print(json.dumps(took), file=answers, flush=True)
            else:
                print(json.dumps(peak_mb()), file=answers, flush=True)


if __name__ == "__main__":
    main()
