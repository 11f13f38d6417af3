"""`ask()`: the ordered calls from a question to its answer, on one screen.

Not covered: building the index (`ingest`); the words of a language model (`replies`).
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ladder_qa.bank import Asked, BankSearch
from ladder_qa.compose import Draft, compose, nearest
from ladder_qa.datamodels import (
    Answer,
    CheckedSentence,
    Citation,
    Conflict,
    FoundPassage,
    Outcome,
    Passage,
    PassageKind,
    Query,
    Turn,
    as_json,
)
from ladder_qa.encode import Encoder, prepare_encoder
from ladder_qa.entailment import Entailment
from ladder_qa.errors import QuestionError
from ladder_qa.generate import Offer, fitting
from ladder_qa.index import Generation, open_generation
from ladder_qa.inline import readable
from ladder_qa.outcome import Decision, Judge
from ladder_qa.query import Understanding, long_sentences
from ladder_qa.relevance import Rated, Relevance, states
from ladder_qa.retrieve import Found, Retriever
from ladder_qa.selection import Selection, Selector
from ladder_qa.settings import Settings
from ladder_qa.suggest import Suggester
from ladder_qa.texts import MAX_QUESTION, check_passages, check_text
from ladder_qa.verify import CheckedSpan, Evidence, Verdict, Verifier, sentence_spans

REFUSALS = (Outcome.NOT_IN_DOCUMENTS, Outcome.LEVEL_NOT_COVERED, Outcome.OUT_OF_SCOPE)
NEAREST = 3  # closest statements shown with a refusal
DOUBT = 1.0  # log odds: refusals nearer to an answer than this may be overturned
BEARING = 0.5  # probability of a statement that can overturn a refusal
CANDIDATES = 12  # statements looked at for a sentence that is checked against the corpus


@dataclass(frozen=True, slots=True)
class Considered:
    """A question's answer in quotes, with what led to it."""

    query: Query
    found: Found
    rated: tuple[Rated, ...]
    decision: Decision
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Settled:
    """A question's outcome and what would be shown; a refusal has an empty draft."""

    query: Query
    found: Found
    rated: tuple[Rated, ...]
    decision: Decision
    selection: Selection
    draft: Draft


class Assistant:
    """Answers questions from one generation; read-only, safe to share between threads."""

    def __init__(self, generation: Generation, encoder: Encoder) -> None:
        self.generation = generation
        self._encoder = encoder
        ladder, passages = generation.ladder, generation.passages
        words = (word for passage in passages for word in passage.text.split())
        vocabulary = (word.strip(".,:;!?()'\"*_").casefold() for word in words)
        self._understanding = Understanding(ladder, vocabulary, encoder.knows)
        names = self._understanding.names
        self.bank = BankSearch(generation.bank, generation.bank_vectors)
        self._retriever = Retriever(generation)
        self.relevance = Relevance(self._retriever, ladder)
        self.outcomes = Judge(ladder, passages, self._retriever.lists)
        self._selector = Selector(self._retriever, ladder, names)
        # No circle: an assistant, and its model of 100 MB, goes with the last request that uses it.
        own = weakref.proxy(self)
        self._suggester = Suggester(
            ladder, self._retriever.lists, passages, lambda question: bool(own.answers(question))
        )

    @classmethod
    def open(cls, settings: Settings) -> Assistant:
        """Opens the current generation and the encoder it was built with.

        Raises IndexMissingError, IndexDamagedError, ModelError or StoreError.
        """
        encoder = prepare_encoder(settings)
        return cls(open_generation(settings, encoder.fingerprint), encoder)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The answer to a question. Raises QuestionError for a bad question or history."""
        return self.consider(question, history).answer

    def consider(self, question: str, history: Sequence[Turn] = ()) -> Considered:
        """The answer made of quotes, and what it was made from. Raises QuestionError."""
        settled = self._settle(question, history)
        query, decision = settled.query, settled.decision
        if decision.outcome in REFUSALS:
            answer = self._refusal(query, settled.found, decision)
        else:
            answer = self._answer(query, decision, settled.selection, settled.draft)
        answer = replace(answer, id=self._identity(answer, question, history))
        return Considered(query, settled.found, settled.rated, decision, answer)

    def answers(self, question: str) -> bool:
        """Whether the documents answer every part of a question that stands alone."""
        return self._settle(question, ()).decision.outcome is Outcome.ANSWERED

    def starters(self) -> tuple[str, ...]:
        """Questions to begin with, each of which the documents answer."""
        return self._suggester.starters()

    def warming(self) -> Iterator[str]:
        """Does beforehand what later answers would wait for: one question a step, named by it."""
        return self._suggester.warming()

    def _settle(self, question: str, history: Sequence[Turn]) -> _Settled:
        """What becomes of a question, before anything is said around the quotes."""
        query, found, asked = self.found(question, history)
        rated = self.relevance.rate(query, found, asked)
        decision = self.outcomes.decide(query, found, asked, rated)
        if decision.outcome in REFUSALS:
            return _Settled(query, found, rated, decision, Selection(), Draft())
        selection = self._selector.select(query, found, rated)
        draft = compose(selection, self.generation.ladder)
        if not draft.claims:
            decision = Decision(Outcome.NOT_IN_DOCUMENTS, (query.text,))
        return _Settled(query, found, rated, decision, selection, draft)

    def may_be_worded(self, considered: Considered) -> bool:
        """Whether a language model may try: not where structure refuses or documents differ."""
        if considered.answer.conflicts:
            return False  # both sides are shown as they stand
        if considered.answer.outcome not in REFUSALS:
            return True
        doubtful = considered.decision.sure is not None and considered.decision.sure > -DOUBT
        return considered.answer.outcome is Outcome.NOT_IN_DOCUMENTS and doubtful

    def offer(self, considered: Considered) -> Offer:
        """The statements that a language model may use, and those that bear on the question."""
        passages = self.generation.passages
        cited = {(c.document, c.start, c.end) for c in considered.answer.citations}
        quoted = [p for p in passages if (p.document, p.start, p.end) in cited]
        likely = [passages[one.position] for one in considered.rated]
        further = [hit.passage for hit in considered.found.hits if states(hit.passage)]
        chosen = fitting(list(dict.fromkeys((*quoted, *likely, *further))))
        if considered.answer.outcome in REFUSALS:
            rated = (one for one in considered.rated if one.probability >= BEARING)
            bearing = {passages[one.position].id for one in rated}
        else:  # all are about the levels asked about, or about none
            bearing = {passage.id for passage in chosen}
        return Offer(considered.query, chosen, frozenset(bearing))

    def nearest_of(self, text: str, passages: Sequence[Passage]) -> list[int]:
        """The positions of `passages`, those nearest in meaning to `text` first."""
        rows = [self._retriever.positions[passage.id] for passage in passages]
        cosines = self.generation.vectors[rows] @ self._encoder.encode([text])[0]
        order: list[int] = (-cosines.round(6)).argsort(kind="stable").tolist()
        return order

    def found(
        self, question: str, history: Sequence[Turn] = ()
    ) -> tuple[Query, Found, Asked | None]:
        """A question as understood, what was found for it, and what similar ones say of it."""
        query = self._understanding.query(question, history)
        vectors = self._encoder.encode([query.search, *long_sentences(query.search)])
        asked = self.bank.ask(vectors, query.levels)
        return query, self._retriever.find(query, vectors, asked), asked

    def lacking(self, question: str) -> str:
        """What a refused question asks for, in the words of the probably-asked questions.

        Empty where none of those that nothing answers is near.
        """
        return self.bank.lacking(self._encoder.encode([question])[0])

    def search(self, question: str, k: int = 8) -> tuple[FoundPassage, ...]:
        """The `k` best statements for a question, best first. Raises QuestionError."""
        query, found, asked = self.found(question)
        rated = self.relevance.rate(query, found, asked)
        best = [self.generation.passages[one.position] for one in rated]
        known = {passage.id for passage in best}
        others = (hit.passage for hit in found.hits if hit.passage.id not in known)
        return tuple(
            _found(passage) for passage in itertools.islice(itertools.chain(best, others), k)
        )

    def verify(
        self, text: str, passages: Sequence[str] | None = None
    ) -> tuple[CheckedSentence, ...]:
        """Each sentence of a text with its verdict: against `passages`, or against the corpus.

        Sentences are judged against the given passages alone, without citations then. Raises
        QuestionError for a text or passages beyond their limits.
        """
        return tuple(self.checked(text, passages))

    def checked(
        self, text: str, passages: Sequence[str] | None = None
    ) -> Iterator[CheckedSentence]:
        """The same one by one, each judged when it is asked for: a long text takes its time."""
        check_text(text)
        check_passages(passages or ())
        given = [Evidence(readable(passage)) for passage in passages or ()]
        for start, end in sentence_spans(text):
            sentence = text[start:end]
            found = self._near(sentence) if passages is None else []
            evidence = [Evidence.of(passage) for passage in found] if passages is None else given
            span = self.verifier.best(sentence, start, evidence)
            carriers = [found[i] for i in span.carried_by] if found else []
            yield _checked(sentence, span, nearest(carriers))

    def judge(self, sentence: str, cited: Sequence[tuple[str, int, int]]) -> Verdict:
        """Whether slices of documents (path, start, end), with their contexts, carry a sentence."""
        return self.verifier.verify(sentence, self.evidence(cited))

    def evidence(self, cited: Sequence[tuple[str, int, int]]) -> list[Evidence]:
        """Slices of documents (path, start, end) as they are judged.

        A slice stands for the statements that share half of the shorter one's characters with
        it, or for its bare words where there are none.
        """
        evidence: list[Evidence] = []
        for document, start, end in cited:
            statements = [
                Evidence.of(p)
                for p in self.generation.passages
                if p.document == document
                and 2 * (min(p.end, end) - max(p.start, start)) >= min(p.end - p.start, end - start)
            ]
            text = self.generation.texts[document].text[start:end]
            evidence += statements or [Evidence(readable(text))]
        return evidence

    def _near(self, text: str) -> list[Passage]:
        """Statements near a sentence, best first; none for one that is no question's length."""
        try:
            query = self._understanding.query(text[:MAX_QUESTION])
        except QuestionError:
            return []
        vectors = self._encoder.encode([query.search, *long_sentences(query.search)])
        return [hit.passage for hit in self._retriever.find(query, vectors).hits[:CANDIDATES]]

    @functools.cached_property
    def verifier(self) -> Verifier:
        """The check, made when it is first wanted: its model is not for the way to an answer."""
        return Verifier(self._understanding.names, self.generation.passages, Entailment())

    def _answer(
        self, query: Query, decision: Decision, selection: Selection, draft: Draft
    ) -> Answer:
        conflicts: tuple[Conflict, ...] = ()
        if selection.conflict is not None:
            about, passages = selection.conflict
            numbers = tuple(draft.cite(passage) for passage in passages)
            conflicts = (Conflict(about, numbers),)
        return self._bare(
            query,
            decision,
            answer=draft.markdown,
            claims=tuple(draft.claims),
            citations=tuple(draft.citations),
            conflicts=conflicts,
            suggestions=self._suggester.after(query),
        )

    def _refusal(self, query: Query, found: Found, decision: Decision) -> Answer:
        hits = (h.passage for h in found.hits if h.passage.kind is not PassageKind.HEADING)
        # nothing is near a question about something else: one line shows what there is
        shown = 1 if decision.outcome is Outcome.OUT_OF_SCOPE else NEAREST
        close = tuple(itertools.islice(hits, shown))
        return self._bare(
            query,
            decision,
            answer=self._suggester.refusal(decision, has_nearest=bool(close)),
            nearest=nearest(close),
            suggestions=self._suggester.instead(query),
        )

    def _bare(self, query: Query, decision: Decision, **parts: object) -> Answer:
        empty: dict[str, object] = {
            "claims": (), "citations": (), "conflicts": (), "nearest": (), "suggestions": (),
        }  # fmt: skip
        fields = {**empty, **parts}
        return Answer(
            id="",
            question=query.text,
            outcome=decision.outcome,
            missing=decision.missing,
            mode="extractive",
            model=None,
            corpus=self.generation.corpus_sha256,
            notices=self._suggester.notices(query, decision, differ=bool(fields["conflicts"])),
            **fields,  # type: ignore[arg-type]
        )

    def _identity(self, answer: Answer, question: str, history: Sequence[Turn]) -> str:
        """An id that depends on question, history, corpus and configuration alone."""
        key = as_json([answer.corpus, self._encoder.fingerprint, question, list(history)])
        return f"ans_{hashlib.sha256(key.encode()).hexdigest()[:20]}"


def _checked(sentence: str, span: CheckedSpan, citations: tuple[Citation, ...]) -> CheckedSentence:
    return CheckedSentence(
        text=sentence,
        start=span.start,
        end=span.end,
        supported=span.verdict.supported,
        reason=span.verdict.reason,
        citations=citations,
    )


def _found(passage: Passage) -> FoundPassage:
    return FoundPassage(
        document=passage.document,
        title=passage.title,
        section=passage.section,
        text=passage.quote,
        start=passage.start,
        end=passage.end,
        context=passage.context,
        levels=passage.levels,
        url=passage.url,
    )
