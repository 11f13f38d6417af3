"""Looks at an installation from the settings to the language model, and says what it finds.

Nothing is built and nothing is changed, except that the tokens of one short question to the
language model count towards the day's budget.
Not covered: the quality of answers; that is `ladder-qa eval`.
"""

from __future__ import annotations

import asyncio
import contextlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ladder_qa.bank import Bank
from ladder_qa.datamodels import Ladder
from ladder_qa.errors import CorpusError, IndexMissingError, LadderError, LanguageModelError
from ladder_qa.settings import Settings
from ladder_qa.values import MEMORY

_SERVER_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is in order, and what there is to say.

    `mark` is `note` for what is no fault of the installation, such as a guide nobody has written.
    """

    about: str
    words: str
    mark: Literal["ok", "note", "PROBLEM"] = "ok"


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in the order of the data path."""
    yield Finding(
        "Settings",
        f"corpus {settings.corpus}, data {settings.data}, auth {settings.auth}, "
        f"Chroma {settings.chroma_url or 'embedded'}",
    )
    yield from _corpus(settings)
    fingerprint = None
    try:
        fingerprint, words = _model(settings)
        yield Finding("Model", f"fingerprint {fingerprint}, {words}")
    except LadderError as error:
        yield Finding("Model", str(error), mark="PROBLEM")
    if settings.chroma_url:
        yield _chroma_server(settings.chroma_url)
    yield from _index(settings, fingerprint)
    yield _language_model(settings)
    yield _sign_in(settings)
    yield _other_pages(settings)
    yield _rates(settings)
    yield _feedback(settings)


def _corpus(settings: Settings) -> Iterator[Finding]:
    from ladder_qa.corpus import read_corpus  # noqa: PLC0415

    try:
        corpus = read_corpus(settings.corpus)
    except CorpusError as error:
        yield Finding("Corpus", str(error), mark="PROBLEM")
        return
    yield Finding("Corpus", f"{len(corpus.documents)} documents in {settings.corpus}")
    for file in corpus.refused:
        yield Finding("Refused file", f"{file.path}: {file.reason}", mark="PROBLEM")


def _model(settings: Settings) -> tuple[str, str]:
    """The encoder's fingerprint, and what there is to say of it. Raises ModelError."""
    from ladder_qa.encode import (  # noqa: PLC0415
        encoder_fingerprint,
        exported_with_package,
        packaged_model,
    )

    fingerprint = encoder_fingerprint(settings)
    if exported_with_package(fingerprint).is_dir():
        return fingerprint, "exported with the package"
    if not settings.model:
        packaged_model()  # raises when its weights are not the pinned ones
    return fingerprint, "weights as pinned"


def _chroma_server(url: str) -> Finding:
    try:
        with urllib.request.urlopen(  # noqa: S310  (the settings allow http and https only)
            f"{url}/api/v2/heartbeat", timeout=_SERVER_TIMEOUT_S
        ) as response:
            return Finding(
                "Chroma server",
                f"{url} answers",
                mark="ok" if response.status == 200 else "PROBLEM",
            )
    except (OSError, urllib.error.URLError, ValueError) as error:
        return Finding("Chroma server", f"{url} does not answer: {error}", mark="PROBLEM")


def _index(settings: Settings, fingerprint: str | None) -> Iterator[Finding]:
    from ladder_qa.chroma import check_records  # noqa: PLC0415
    from ladder_qa.index import open_generation  # noqa: PLC0415
    from ladder_qa.ingest import stale  # noqa: PLC0415

    try:
        generation = open_generation(settings, fingerprint)
    except IndexMissingError:
        words = f"none in {settings.data}; `ladder-qa ingest` builds it"
        yield Finding("Index", words, mark="PROBLEM")
        return
    except LadderError as error:
        yield Finding("Index", str(error), mark="PROBLEM")
        return
    yield Finding(
        "Index",
        f"generation {generation.id}, {len(generation.texts)} documents, "
        f"{len(generation.passages)} passages, every file as its manifest says",
    )
    try:
        check_records(settings)
    except LadderError as error:
        yield Finding("Chroma's records", str(error), mark="PROBLEM")
    try:
        if stale(settings):
            words = (
                "the corpus, or the program that reads it, changed after the index was built; "
                "`ladder-qa ingest` renews it"
            )
            yield Finding("Index", words, mark="PROBLEM")
    except CorpusError as error:  # of its questions: a folder that is missing is no change
        yield Finding("Corpus", str(error), mark="PROBLEM")
    yield _bank(generation.bank)
    yield from _ladder(generation.ladder)


def _language_model(settings: Settings) -> Finding:
    from ladder_qa.llm import LanguageModel  # noqa: PLC0415

    about = "Language model"
    model = LanguageModel.from_settings(settings)
    if model is None:
        return Finding(about, "none; answers are made of exact quotes")
    try:
        asyncio.run(model.check())
    except LanguageModelError as error:
        said = f" It says: {error.provider_says}" if error.provider_says else ""
        mark: Literal["note", "PROBLEM"] = "note" if error.kind == "budget" else "PROBLEM"
        return Finding(about, f"{error}{said}", mark=mark)
    return Finding(about, f"{model.name} answers")


def _sign_in(settings: Settings) -> Finding:
    about = "Sign-in"
    if settings.auth == "none":
        words = "nobody is asked who they are; listens on loopback only"
        names = ", ".join(settings.allowed_hosts)
        return Finding(about, f"{words}, also by the name {names}" if names else words)
    if settings.auth == "open":
        return Finding(about, "nobody is asked who they are, at any address", mark="note")
    if settings.auth == "proxy":
        addresses = ", ".join(settings.proxy_addresses)
        return Finding(about, f"by the header {settings.proxy_header} from {addresses} alone")
    from ladder_qa.keys import read_key  # noqa: PLC0415

    key = read_key(settings.jwt_key.get_secret_value())
    kind = "public key" if key.public else "shared secret"
    words = f"tokens checked by a {kind} ({', '.join(key.algorithms)})"
    if settings.jwt_issuer and settings.jwt_audience:
        return Finding(about, f"{words}, of {settings.jwt_issuer}, for {settings.jwt_audience}")
    absent = [
        name
        for name, value in (
            ("LADDER_QA_JWT_ISSUER", settings.jwt_issuer),
            ("LADDER_QA_JWT_AUDIENCE", settings.jwt_audience),
        )
        if not value
    ]
    words += f"; without {' and '.join(absent)} the key alone decides"
    return Finding(about, words, mark="note")


def _other_pages(settings: Settings) -> Finding:
    origins = ", ".join(settings.allowed_origins) or "no other origin"
    frames = ", ".join(settings.frame_ancestors) or "this server's own pages"
    words = f"calls from {origins}; /embed in frames of {frames}"
    if "*" in settings.frame_ancestors:
        return Finding("Other pages", f"{words}: of any page anywhere", mark="note")
    return Finding("Other pages", words)


def _rates(settings: Settings) -> Finding:
    about = "Rates"
    if not settings.rate_limit:
        reached = settings.auth != "none"
        words = "no limit (LADDER_QA_RATE_LIMIT)"
        return Finding(about, words, mark="note" if reached else "ok")
    if settings.rate_store == MEMORY:
        return Finding(about, f"{settings.rate_limit}, counted by each process by itself")
    from ladder_qa.counters import redis_counters  # noqa: PLC0415

    if redis_counters(settings.rate_store).check():
        return Finding(about, f"{settings.rate_limit}, counted in Redis, which answers")
    words = "Redis does not answer (LADDER_QA_RATE_STORE), so each process counts by itself"
    return Finding(about, words, mark="PROBLEM")


def _feedback(settings: Settings) -> Finding:
    from ladder_qa.feedback import RETENTION_DAYS, open_existing  # noqa: PLC0415

    place = "the PostgreSQL database" if settings.feedback_url else str(settings.data)
    try:
        store = open_existing(settings)
        if store is None:
            return Finding("Feedback", f"none yet in {place}")
        with contextlib.closing(store):
            answers, judgements = len(store.answers()), len(store.judgements())
    except LadderError as error:
        return Finding("Feedback", str(error), mark="PROBLEM")
    words = (
        f"{answers} answers and {judgements} verdicts in {place}, each for {RETENTION_DAYS} days"
    )
    return Finding("Feedback", words)


def _bank(bank: Bank) -> Finding:
    about = "Probably-asked questions"
    if not bank.questions:
        words = (
            "none below the corpus, so more questions are refused that the documents answer, and "
            "more answers miss something"
        )
        return Finding(about, words, mark="note")
    answered = sum(bool(question.passages) for question in bank.questions)
    words = f"{len(bank.questions)}, of which {answered} have an answer"
    if not bank.set_aside:
        return Finding(about, words)
    words += f"; {len(bank.set_aside)} set aside: their statements are no longer in the documents"
    return Finding(about, words, mark="note")


def _ladder(ladder: Ladder) -> Iterator[Finding]:
    codes = ", ".join(level.code for level in ladder.levels)
    if not ladder.levels:
        yield Finding("Ladder", "no level was found in the documents", mark="PROBLEM")
        return
    yield Finding("Ladder", f"{len(ladder.levels)} levels: {codes}")
    for missing in ladder.missing:
        named = ", ".join(missing.referred_by)
        yield Finding("Missing document", f"{missing.name}, named in {named}", mark="note")
