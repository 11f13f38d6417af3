"""The peer behind HTTP, as one would serve it: a FastAPI application over the retriever.

Run as `python bench/peer_server.py FOLDER PORT --threads N --wide N`.
Not covered: everything a service needs beside answering.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import uvicorn
from fastapi import FastAPI
from peer import Peer
from pydantic import BaseModel


class Question(BaseModel):
    """What is asked."""

    question: str


class Found(BaseModel):
    """The nearest chunks, best first."""

    passages: list[str]


def application(peer: Peer, wide: int | None) -> FastAPI:
    """`POST /ask`, and `GET /readyz` once it answers.

    `wide` is how many requests are worked on at once; None: FastAPI's own 40.
    """

    @contextlib.asynccontextmanager
    async def opened(_: FastAPI) -> AsyncIterator[None]:
        if wide is not None:
            anyio.to_thread.current_default_thread_limiter().total_tokens = wide
        yield

    app = FastAPI(lifespan=opened)

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/ask")
    def ask(body: Question) -> Found:
        return Found(passages=peer.ask(body.question))

    return app


def main() -> None:
    """Serves on loopback until a signal ends it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--threads", type=int, help="torch's, for one embedding")
    parser.add_argument("--wide", type=int, help="requests worked on at once")
    given = parser.parse_args()
    app = application(Peer.open(given.folder, given.threads), given.wide)
    # no access log: ours writes none either
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
