"""The events of one answer: worded by a language model where one is configured, else quoted.

The extractive answer is made first, in milliseconds; it is what is served when the model fails,
is cut off, finds nothing, or writes too little that its citations carry.
Not covered: how events travel (`web`), and what is checked in a sentence (`generate`, `verify`).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncGenerator, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from ladder_qa.assistant import Assistant, Considered
from ladder_qa.compose import Draft, escaped
from ladder_qa.datamodels import Answer, Event, Meta, Outcome, Turn, events_of
from ladder_qa.errors import LanguageModelError
from ladder_qa.generate import Offer, Tally, Work, Writer, Written, in_thread
from ladder_qa.index import Generation
from ladder_qa.llm import LanguageModel


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the model's part in one answer, for metrics; `failure` is an error's kind."""

    dropped: dict[str, int]
    kept: int
    failure: str | None


QUOTED_INSTEAD = "this answer is made of exact quotes."
_FAILURES = {
    "refused": "could not be reached",
    "unauthorized": "does not accept the key",
    "unknown_model": "is not known to its provider",
    "rate_limited": "is asked too often at present",
    "server_error": "failed at its provider",
    "timeout_first": "did not begin to answer in time",
    "timeout_total": "did not finish in time",
    "cut": "broke off",
    "empty": "wrote nothing",
    "length": "did not come to an end",
    "filtered": "declined to answer",
    "bad_output": "sent something that is no answer",
    "budget": "has used up its tokens for today",
    "open_circuit": "failed several times and is left alone for a moment",
    "not_installed": "is not installed",
    "bad_request": "did not accept the request",
    "check": "could not be checked",
}


class Replies:
    """Answers over one generation, with or without a model; safe to share between requests.

    `work` runs a call off the event loop.
    """

    def __init__(
        self, assistant: Assistant, model: LanguageModel | None, work: Work = in_thread
    ) -> None:
        self._assistant = assistant
        self._model = model
        self._work = work

    async def answer(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The whole answer. Raises QuestionError for a bad question or history."""
        async with contextlib.aclosing(self.events(question, history)) as events:
            async for event in events:
                if isinstance(event, Answer):
                    return event
        raise AssertionError("events end with an answer")

    async def events(
        self, question: str, history: Sequence[Turn] = ()
    ) -> AsyncGenerator[Event | Told, None]:
        """Meta, then citations and claims as they are verified, and last the whole answer.

        Raises QuestionError before the first event.
        """
        considered = await self._work(lambda: self._assistant.consider(question, history))
        model = self._model
        offer = None
        if model is not None and self._assistant.may_be_worded(considered):
            offer = self._assistant.offer(considered)
        if model is None or offer is None or not offer.bearing:
            for event in events_of(considered.answer):
                yield event
            return
        async with contextlib.aclosing(self._worded(considered, offer, model)) as events:
            async for told in events:
                yield told

    async def _worded(
        self, considered: Considered, offer: Offer, model: LanguageModel
    ) -> AsyncGenerator[Event | Told, None]:
        """The events of an answer that a model is asked for."""
        tally, draft = Tally(), Draft()
        written: list[Written] = []
        failure: str | None = None
        try:
            # the check is opened at its first use, which takes a moment
            verifier = await self._work(lambda: self._assistant.verifier)
            writer = Writer(model, verifier, self._assistant.nearest_of, self._work)
            async with contextlib.aclosing(writer.write(offer, tally)) as sentences:
                async for sentence in sentences:
                    if not written:
                        identity = self._identity(considered.answer)
                        yield Meta(identity, "llm", model.name, considered.answer.corpus)
                    written.append(sentence)
                    for event in _claimed(draft, sentence):
                        yield event
        except LanguageModelError as error:
            failure = error.kind
        except Exception:  # noqa: BLE001  (whatever fails, the answer in quotes is there)
            failure = "check"
        await self._work(model.standing.keep)
        yield Told(dict(tally.dropped), tally.kept, failure)
        answer = self._ended(considered, tally, draft, written, failure)
        for event in _after(answer, draft, self._identity(considered.answer)):
            yield event

    def _identity(self, answer: Answer) -> str:
        """The id of the same answer in the model's words."""
        key = f"{answer.id}/{self._model.name if self._model else ''}"
        return f"ans_{hashlib.sha256(key.encode()).hexdigest()[:20]}"

    def _ended(
        self,
        considered: Considered,
        tally: Tally,
        draft: Draft,
        written: Sequence[Written],
        failure: str | None,
    ) -> Answer:
        """The answer in the model's words, or the extractive one with the reason why."""
        quoted = considered.answer
        if failure is not None:
            words = f"The language model {_FAILURES[failure]}; {QUOTED_INSTEAD}"
            return replace(quoted, notices=(*quoted.notices, words))
        if not tally.enough or tally.not_stated:
            if quoted.outcome in (Outcome.ANSWERED, Outcome.PARTIAL):
                words = (
                    "The language model found no answer where the documents have one; "
                    if tally.not_stated
                    else "Too little of what the language model wrote is carried by the documents; "
                )
                return replace(quoted, notices=(*quoted.notices, words + QUOTED_INSTEAD))
            return quoted  # a refusal that the model did not overturn stands as it was
        outcome = quoted.outcome
        if outcome not in (Outcome.ANSWERED, Outcome.PARTIAL):
            outcome = Outcome.ANSWERED
        dropped = tally.refused.total()
        notices = list(quoted.notices)
        if dropped:
            kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(tally.refused.items()))
            notices.append(
                f"Left out of what the language model wrote, as not carried by its citations: "
                f"{dropped} of {dropped + tally.kept} sentences ({kinds})."
            )
        return replace(
            quoted,
            id=self._identity(quoted),
            outcome=outcome,
            answer=_markdown(draft, written),
            claims=tuple(draft.claims),
            citations=tuple(draft.citations),
            missing=quoted.missing if outcome is quoted.outcome else (),
            nearest=(),
            mode="llm",
            model=self._model.name if self._model else None,
            notices=tuple(notices),
        )


def _after(answer: Answer, draft: Draft, identity: str) -> Iterator[Event]:
    """The events that end an answer of which the claims in `draft` were sent.

    Quotes in the place of a model's words go on where these end, so that numbers stay true.
    """
    if not draft.claims:
        yield from events_of(answer)
    elif answer.mode == "llm":
        yield answer
    else:
        quoted = replace(_renumbered(answer, len(draft.citations)), id=identity)
        yield from (event for event in events_of(quoted) if not isinstance(event, Meta))


def _renumbered(answer: Answer, after: int) -> Answer:
    """The same answer with its citations numbered from `after` + 1."""
    citations = tuple(replace(one, number=one.number + after) for one in answer.citations)
    claims = tuple(
        replace(claim, citations=tuple(number + after for number in claim.citations))
        for claim in answer.claims
    )
    conflicts = tuple(
        replace(one, citations=tuple(number + after for number in one.citations))
        for one in answer.conflicts
    )
    text = re.sub(r"(?<!\\)\[(\d+)\]", lambda mark: f"[{int(mark[1]) + after}]", answer.answer)
    return replace(answer, citations=citations, claims=claims, conflicts=conflicts, answer=text)


def _claimed(draft: Draft, written: Written) -> list[Event]:
    """The claim of a sentence, behind those of its citations that are new."""
    before = len(draft.citations)
    draft.claim(written.sentence.text, written.passages, support="verified")
    return [*draft.citations[before:], draft.claims[-1]]


def _markdown(draft: Draft, written: Sequence[Written]) -> str:
    """The claims as they were written: sentences of one paragraph on a line, items as a list."""
    lines: list[str] = []
    for claim, sentence in zip(draft.claims, written, strict=True):
        marks = "".join(f"[{number}]" for number in claim.citations)
        text = f"{escaped(claim.text)} {marks}"
        if sentence.sentence.bullet and sentence.sentence.first:
            lines.append(f"- {text}")
        elif lines and not sentence.sentence.first:
            lines[-1] += f" {text}"
        else:
            lines += ["", text] if lines else [text]
    return "\n".join(lines)


class Worded:
    """An assistant whose `ask` goes through a model, for callers without an event loop."""

    def __init__(self, assistant: Assistant, model: LanguageModel) -> None:
        self._assistant = assistant
        self._replies = Replies(assistant, model)
        self.search, self.judge = assistant.search, assistant.judge

    @property
    def generation(self) -> Generation:
        """The generation that it answers from."""
        return self._assistant.generation

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The answer to a question. Raises QuestionError."""
        return asyncio.run(self._replies.answer(question, history))

    def events(self, question: str, history: Sequence[Turn] = ()) -> Generator[Event, None, None]:
        """The events of an answer, each as soon as it is there. Raises QuestionError."""
        with asyncio.Runner() as runner:
            events = self._replies.events(question, history)
            try:
                while (event := runner.run(anext(events, None))) is not None:
                    if not isinstance(event, Told):
                        yield event
            finally:
                runner.run(events.aclose())
