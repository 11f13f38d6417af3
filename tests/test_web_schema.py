"""The whole API against its own schema, by schemathesis with all its checks.

Not covered: NUL in texts, and texts without a letter or a number, which a JSON schema cannot
describe in a way that all readers of it understand; `test_web_problems` sends those.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from ladder_qa.datamodels import CheckedSentence
from ladder_qa.texts import cleaned
from ladder_qa.verify import sentence_spans
from ladder_qa.web.app import create_app
from ladder_qa.web.observe import make_logger
from serving_fakes import FakeAssistant, FakeIndex, fake_assistant, settings
from signing import BY_SECRET, signed


class QuickAssistant(FakeAssistant):
    """Checks sentences at once: the rules take seconds for the longest texts."""

    def checked(
        self, text: str, passages: Sequence[str] | None = None
    ) -> Iterator[CheckedSentence]:
        for start, end in sentence_spans(text):
            yield CheckedSentence(text[start:end], start, end, False, "not_found", ())


@dataclass
class Found:
    """What a run of schemathesis found."""

    cases: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def has_word(value: Any) -> bool:
    """Whether a text asks something, as `check_question` has it; what is no text may be sent."""
    return not isinstance(value, str) or not value or bool(re.search(r"\w", cleaned(value)))


def run(examples: int) -> Found:
    """All phases and all checks over all calls of an app that wants tokens.

    With tokens, so that the check whether a call can do without one is among them.
    """
    index = FakeIndex(QuickAssistant(fake_assistant().generation))
    log = make_logger("critical", io.StringIO())
    app = create_app(settings(**BY_SECRET), index.backend(), log=log)
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "warnings": False,
            "auth": {"openapi": {"token": {"bearer": signed()}}},
            "generation": {"max-examples": examples, "database": "none", "allow-x00": False},
        }
    )
    schema = schemathesis.openapi.from_dict(app.openapi(), config=config)
    schema.app = app
    schema.hook("filter_body")(_body_asks)
    schema.hook("filter_query")(_query_asks)
    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _add(found, event.recorder)
        elif isinstance(event, (events.NonFatalError, events.FatalError)):
            found.failures.append(repr(event))
    return found


def _body_asks(context: Any, body: Any) -> bool:
    return not isinstance(body, dict) or all(
        has_word(body.get(name)) for name in ("question", "text")
    )


def _query_asks(context: Any, query: Any) -> bool:
    return not isinstance(query, dict) or has_word(query.get("q"))


def _add(found: Found, recorder: Any) -> None:
    found.cases += len(recorder.cases)
    for checks in recorder.checks.values():
        for check in checks:
            found.checks[check.name] += 1
            if check.failure_info is not None:
                failure = check.failure_info.failure
                found.failures.append(f"{recorder.label}: {failure.title}: {failure.message}")


@pytest.mark.parametrize(
    ("examples", "least"),
    [
        pytest.param(55, 1_000, id="1,000 cases"),
        pytest.param(
            1_600,
            20_000,
            id="20,000 cases",
            marks=[
                pytest.mark.slow,
                pytest.mark.long,
                pytest.mark.timeout(1500),
            ],  # 6 min of one core
        ),
    ],
)
def test_whatever_is_sent_is_answered_as_the_schema_says(examples: int, least: int) -> None:
    found = run(examples)
    assert found.failures == []
    assert found.cases >= least
    assert set(CHECKS.get_all_names()) <= set(found.checks)
