"""Puts the server together: settings in, one ASGI application out.

Resources open in the lifespan and close with it; nothing is global.
Not covered: listening on an address, which is `ladder-qa serve`'s; building the index.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from ladder_qa.llm import LanguageModel
from ladder_qa.web import page_routes, problems, routes, schema, widget, widget_routes
from ladder_qa.web.entrance import Entrance
from ladder_qa.web.middleware import ApiCors, Around
from ladder_qa.web.observe import LibraryLog, Metrics, make_logger
from ladder_qa.web.recorder import Recorder
from ladder_qa.web.serving import Backend, Keeper

if TYPE_CHECKING:
    import structlog

    from ladder_qa.settings import Settings
    from ladder_qa.web.rates import Rates


# FastAPI's own OpenTelemetry, off for good: an explicit value beats the environment.
_NO_TELEMETRY = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(
    settings: Settings,
    backend: Backend | None = None,
    *,
    log: structlog.typing.FilteringBoundLogger | None = None,
    interval_s: float = 1.0,
) -> FastAPI:
    """The application. `interval_s` is the time between looks for a new index generation.

    `backend` and `log` are for tests and embedding; by default the package's own.
    """
    logger = log or make_logger(settings.log_level)
    metrics = Metrics()

    app = _Application(
        settings,
        title="ladder_qa",
        version=_version(),
        description=schema.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lambda app: _opened(app, settings, backend, interval_s),
        telemetry=_NO_TELEMETRY,
    )
    app.state.metrics = metrics
    app.state.log = logger
    app.state.data_folder = settings.data
    app.state.leaving = False
    app.include_router(routes.router)
    app.include_router(page_routes.router)
    app.include_router(widget_routes.router)
    problems.install(app)
    # The last one added is the outermost: other origins may read refusals too.
    app.add_middleware(Entrance, settings=settings, rates=_rates(settings, logger))
    if settings.allowed_origins:
        app.add_middleware(
            ApiCors,
            allow_origins=settings.allowed_origins,
            allow_methods=("GET", "POST"),
            allow_headers=("authorization", "content-type"),
            expose_headers=("Retry-After", "WWW-Authenticate"),
        )
    ancestors = settings.frame_ancestors
    app.add_middleware(
        Around,
        frame_ancestors=ancestors,
        log=logger,
        metrics=metrics,
        leaving=lambda: app.state.leaving,
    )
    return app


@contextlib.asynccontextmanager
async def _opened(
    app: FastAPI, settings: Settings, backend: Backend | None, interval_s: float
) -> AsyncIterator[None]:
    """Opens what requests use, and closes it after the last one."""
    log, metrics = app.state.log, app.state.metrics
    used = backend or Backend.of_this_package()
    keeper = Keeper(settings, used, log, metrics, interval_s)
    app.state.keeper = keeper
    app.state.model = LanguageModel.from_settings(settings)
    recorder = Recorder(lambda: used.open_store(settings), log, metrics)
    app.state.recorder = recorder
    await keeper.refresh()
    await asyncio.to_thread(widget.keep, settings.data)
    watch = asyncio.create_task(keeper.watch())
    try:
        yield
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        await keeper.close()
        if app.state.model is not None:
            await app.state.model.aclose()
        await asyncio.to_thread(recorder.close)


class _Application(FastAPI):
    """FastAPI with the schema completed by what the types cannot say."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__(**options)
        self._settings = settings

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI schema, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = schema.complete(super().openapi(), self._settings)
        return self.openapi_schema


def take_server_log(log: structlog.typing.FilteringBoundLogger) -> None:
    """Sends the HTTP server's own warnings into `log`, and nothing of requests."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi", "asyncio"):
        library = logging.getLogger(name)
        library.handlers = [LibraryLog(log)] if name in ("uvicorn", "asyncio") else []
        library.propagate = name not in ("uvicorn", "asyncio")
        library.setLevel(logging.WARNING)


def _rates(settings: Settings, log: structlog.typing.FilteringBoundLogger) -> Rates | None:
    if not settings.rate_limit:
        return None
    from ladder_qa.web.rates import Rates  # noqa: PLC0415  (0.15 s, and only where there is a rate)

    return Rates(settings, log)


def _version() -> str:
    try:
        return version("ladder_qa")
    except PackageNotFoundError:  # run from the source tree
        return "0"
