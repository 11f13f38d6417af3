"""Log lines and metrics of the server: kinds, counts and times, never what somebody asked.

Each app has its own logger and its own metrics registry, so that two apps in one process do not
mix. Not covered: sending either anywhere; the log goes to standard error, the metrics wait at
`/metrics`.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

METRICS_TYPE = CONTENT_TYPE_LATEST

# Seconds. A question takes 5 to 20 ms on two cores; a cold or crowded server up to seconds.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


def make_logger(level: str, stream: TextIO | None = None) -> structlog.typing.FilteringBoundLogger:
    """A logger that writes one JSON object a line to `stream` (default: standard error)."""
    wrapper = structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()])
    log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_kind,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=wrapper,
    )
    return log


def _only_kind(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """An exception is logged as its class: its message may hold what somebody asked."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["kind"] = type(error).__name__
    return event


class LibraryLog(logging.Handler):
    """Takes the log records of the HTTP server into our own log, without their exceptions."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Logs the record's message template; its arguments may hold what a client sent."""
        error = record.exc_info[1] if record.exc_info else None
        text = str(record.msg).splitlines()[0] if record.msg else ""
        self._log.log(record.levelno, "server", message=text, exc_info=error)


@dataclass(slots=True)
class Metrics:
    """Counters in a registry of their own; labels hold route templates and fixed words only."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    answers: Counter = field(init=False)
    sentences: Counter = field(init=False)
    failures: Counter = field(init=False)
    unkept: Counter = field(init=False)
    generation: Info = field(init=False)
    passages: Gauge = field(init=False)

    def __post_init__(self) -> None:
        registry = self.registry
        self.requests = Counter(
            "ladder_qa_requests",
            "Requests by route and status.",
            ["route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "ladder_qa_request_seconds",
            "Seconds from a request's start to the end of its response.",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.answers = Counter(
            "ladder_qa_answers", "Answers by their outcome.", ["outcome"], registry=registry
        )
        self.sentences = Counter(
            "ladder_qa_model_sentences",
            "Sentences of a language model by what became of them.",
            ["result"],
            registry=registry,
        )
        self.failures = Counter(
            "ladder_qa_model_failures",
            "Answers that a language model failed to give, by kind.",
            ["kind"],
            registry=registry,
        )
        self.unkept = Counter(
            "ladder_qa_feedback_lost",
            "Answers and verdicts that could not be kept.",
            registry=registry,
        )
        self.generation = Info(
            "ladder_qa_generation", "The index generation that is served.", registry=registry
        )
        self.passages = Gauge(
            "ladder_qa_passages", "Passages in the generation that is served.", registry=registry
        )

    def told(self, kept: int, dropped: Mapping[str, int], failure: str | None) -> None:
        """Counts what became of a language model's part in one answer."""
        self.sentences.labels("kept").inc(kept)
        for reason, count in dropped.items():
            self.sentences.labels(reason).inc(count)
        if failure is not None:
            self.failures.labels(failure).inc()

    def as_text(self) -> bytes:
        """Everything in the Prometheus text format."""
        return generate_latest(self.registry)
