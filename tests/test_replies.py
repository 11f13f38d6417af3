"""Answers in a language model's words: nothing is shown that the sentence's citations don't carry.

The model is a scripted server on a loopback socket; index, embedding model and check are real.
Not covered: the connection's failures one by one (`test_llm`).
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ladder_qa.assistant import Assistant
from ladder_qa.datamodels import Answer, Citation, Claim, Event, Meta, Outcome, as_json
from ladder_qa.exchange import Endpoint
from ladder_qa.llm import LanguageModel, Limits
from ladder_qa.replies import Replies, Told, Worded
from ladder_qa.settings import Settings
from ladder_qa.standing import Standing
from ladder_qa.terminal import EventLines, answer_text
from scripted_llm import Reply, Request, Reset, ScriptedServer, chunk, head, openai_answer
from served import assistant_for

QUESTION = "How long does it typically take to get from M1 to M2?"
UNTRUE = "An M2 must hold a certificate of the leadership academy in Geneva"


@pytest.fixture(scope="module")
def assistant(pytestconfig: pytest.Config) -> Assistant:
    """The assistant over the project's documents."""
    return assistant_for(pytestconfig, Path("corpus"))


def given(request: Request) -> dict[str, int]:
    """The statements of a prompt with their numbers."""
    text = request.json["messages"][1]["content"]
    found = re.findall(r"^\[(\d+)\] (?:\([^\n]*?\) )?(.*)$", text, re.MULTILINE)
    return {statement: int(number) for number, statement in found}


def number_of(request: Request, words: str) -> int:
    """The number of the statement with these words."""
    return next(number for text, number in given(request).items() if words in text)


Writes = Callable[[Request], str]


def model_at(server: ScriptedServer) -> LanguageModel:
    """The language model that the server plays."""
    limits = Limits(connect_s=5, first_s=20, total_s=30)
    return LanguageModel(Endpoint("openai-like", "scripted", server.v1), limits)


def told(
    assistant: Assistant, writes: Writes | Reply, question: str = QUESTION
) -> list[Event | Told]:
    """All events of an answer by a model that writes what the prompt makes it write."""

    def reply(request: Request) -> Reply:
        return openai_answer(writes(request)) if callable(writes) else writes

    with ScriptedServer(reply=reply) as server:
        model = model_at(server)

        async def all_events() -> list[Event | Told]:
            return [event async for event in Replies(assistant, model).events(question)]

        return asyncio.run(all_events())


def test_a_terminal_shows_sentences_as_they_come_and_sources_at_the_end(
    assistant: Assistant,
) -> None:
    events = [event for event in told(assistant, right) if not isinstance(event, Told)]
    lines = EventLines()
    shown = [list(lines.of(event)) for event in events]
    assert shown[0] == shown[1] == []
    assert shown[2] == [f"- {TRUE}. [1]"]
    assert "Sources:" in shown[3]
    assert "\n".join(shown[3]).count(TRUE) == 1
    broken: Reply = [head(), chunk({"content": "Progression from M1 "}), Reset()]
    answer = last(told(assistant, broken))
    assert "\n".join(EventLines().of(answer)) == answer_text(answer)


def test_without_an_event_loop_the_events_are_the_same(assistant: Assistant) -> None:
    with ScriptedServer(reply=lambda request: openai_answer(right(request))) as server:
        worded = Worded(assistant, model_at(server))
        events = list(worded.events(QUESTION))
        left = worded.events(QUESTION)
        assert next(left) == events[0]
        left.close()
        assert worded.ask(QUESTION) == events[-1]
    assert [type(event) for event in events] == [Meta, Citation, Claim, Answer]


def last(events: list[Event | Told]) -> Answer:
    """The whole answer, which is the last event and the only one of its kind."""
    answers = [event for event in events if isinstance(event, Answer)]
    assert answers == [events[-1]]
    return answers[0]


def right(request: Request) -> str:
    """A true sentence about the question with its number."""
    at = number_of(request, "Progression from M1 typically takes 3-5 years")
    return f"Progression from M1 typically takes 3-5 years [{at}]."


def test_a_sentence_that_its_citation_carries_is_a_verified_claim(assistant: Assistant) -> None:
    events = told(assistant, right)
    kinds = [type(event) for event in events]
    assert kinds == [Meta, Citation, Claim, Told, Answer]
    answer = last(events)
    assert (answer.mode, answer.model) == ("llm", "openai-like/scripted")
    assert answer.claims == (events[2],)
    assert answer.claims[0].support == "verified"
    assert "3-5 years" in answer.citations[0].quote


def test_a_sentence_that_nothing_carries_is_shown_nowhere(assistant: Assistant) -> None:
    def writes(request: Request) -> str:
        number = next(iter(given(request).values()))
        return f"{right(request)} {UNTRUE} [{number}]."

    events = told(assistant, writes)
    assert "Geneva" not in "".join(as_json(event) for event in events)
    assert len(last(events).claims) == 1
    assert "1 of 2 sentences" in last(events).notices[-1]


def test_what_is_said_again_is_shown_once(assistant: Assistant) -> None:
    events = told(
        assistant, lambda request: f"{right(request)} {UNTRUE}." + f" {right(request)}" * 9
    )
    assert [claim.text for claim in last(events).claims] == [f"{TRUE}."]
    assert "1 of 2 sentences" in last(events).notices[-1]  # a repetition is no fault
    assert next(one for one in events if isinstance(one, Told)).dropped["repeated"] == 9


@pytest.mark.parametrize(
    "written",
    [
        "Yes [#].",  # whether that is so, the question alone would tell
        "No. [#]",
        "Typical Timeline) {TRUE} [#].",  # cut out of a heading's path
        "(Typical Timelines) {TRUE} [#].",
        "What M1 to M2 typically takes, 3-5 years:\n- Compassion: showing empathy [#].",
        "Not everyone needs to become an M2 [#].",
    ],
)
def test_what_says_nothing_of_a_statement_is_not_shown(assistant: Assistant, written: str) -> None:
    def writes(request: Request) -> str:
        return written.replace("{TRUE}", TRUE).replace("#", str(at(request, TRUE)))

    answer = last(told(assistant, writes))
    assert answer.mode == "extractive"
    assert all(claim.support == "quoted" for claim in answer.claims)


def test_a_wrong_number_is_mended_when_another_statement_carries_the_sentence(
    assistant: Assistant,
) -> None:
    def writes(request: Request) -> str:
        at = number_of(request, "Progression from M1 typically takes 3-5 years")
        wrong = next(number for number in given(request).values() if number != at)
        return f"Progression from M1 typically takes 3-5 years [{wrong}]."

    answer = last(told(assistant, writes))
    assert answer.mode == "llm"
    assert any("3-5 years" in citation.quote for citation in answer.citations)


LOOSE = "Moving from M1 to M2 typically takes 3-5 years"


@pytest.mark.parametrize(("refused", "mode"), [(0, "llm"), (60, "extractive")])
def test_a_model_that_has_invented_has_to_be_nearer_to_the_documents(
    assistant: Assistant, tmp_path: Path, refused: int, mode: str
) -> None:
    standing = Standing("openai-like/scripted", tmp_path)
    for _ in range(refused):
        standing.note(carried=False)

    def reply(request: Request) -> Reply:
        number = number_of(request, "Progression from M1 typically takes 3-5 years")
        return openai_answer(f"{LOOSE} [{number}].")

    with ScriptedServer(reply=reply) as server:
        endpoint = Endpoint("openai-like", "scripted", server.v1)
        model = LanguageModel(endpoint, Limits(5, 20, 30), standing=standing)
        answer = asyncio.run(Replies(assistant, model).answer(QUESTION))
    assert answer.mode == mode
    # what became of it is kept for the next process
    assert Standing("openai-like/scripted", tmp_path).handicap == model.standing.handicap
    assert [path.name for path in tmp_path.iterdir()] == ["llm-standing.json"]


def test_what_a_model_invents_counts_against_it(assistant: Assistant) -> None:
    def reply(request: Request) -> Reply:
        return openai_answer(" ".join(f"{UNTRUE} number {n} [1]." for n in range(8)))

    with ScriptedServer(reply=reply) as server:
        model = model_at(server)
        assert model.standing.handicap == 0.0
        asyncio.run(Replies(assistant, model).answer(QUESTION))
    assert model.standing.handicap > 0.5


MEASURED = "How is success measured differently at M2 and M3?"
HALVES = "At M2 success is measured by your team's performance, and at M3 by your managers' growth"
PRIMARY = "At M3, developing managers is your primary work"
TEAMS, MANAGERS = "At M2, your success is measured by", "At M3, your success is measured by"


@pytest.mark.parametrize(
    ("cited", "mode"), [((TEAMS, MANAGERS), "llm"), ((), "extractive"), ((TEAMS,), "extractive")]
)
def test_what_stands_in_two_statements_cites_both(
    assistant: Assistant, cited: tuple[str, ...], mode: str
) -> None:
    def writes(request: Request) -> str:
        numbers = "".join(f"[{number_of(request, words)}]" for words in cited)
        return f"{HALVES} {numbers}."

    assert last(told(assistant, writes, MEASURED)).mode == mode


@pytest.mark.parametrize(
    ("sentence", "cited"),
    [
        # the statement of its second part is not cited, and found
        (f"{PRIMARY}, and your impact comes from the leaders you develop", 1),
        # a clause of a level's name alone says nothing that a statement could carry
        ("At M2, your success is measured by your team, while at M3, by your managers' growth", 2),
        # two levels, of which the one statement speaks
        ("An M3 manages M1s and M2s, whose growth and effectiveness are a measure of success", 2),
    ],
)
def test_a_sentence_of_two_parts_is_carried_part_by_part(
    assistant: Assistant, sentence: str, cited: int
) -> None:
    def writes(request: Request) -> str:
        second = TEAMS if "M2," in sentence else "Manages managers"
        places = [PRIMARY] if PRIMARY in sentence else [MANAGERS, second]
        numbers = "".join(f"[{number_of(request, words)}]" for words in places[:cited])
        return f"{sentence} {numbers}."

    answer = last(told(assistant, writes, MEASURED))
    assert (answer.mode, [claim.text for claim in answer.claims]) == ("llm", [f"{sentence}."])


def test_another_level_that_a_statement_names_is_not_asked_for_statements_of_its_own(
    assistant: Assistant,
) -> None:
    background = "8-12+ years are in engineering management, including meaningful time as an E1"

    def writes(request: Request) -> str:
        number = number_of(request, "8-12+ years in engineering management")
        return f"Of an E2's background, {background} [{number}]."

    answer = last(told(assistant, writes, "How much experience does an E2 bring?"))
    assert [claim.text for claim in answer.claims] == [f"Of an E2's background, {background}."]


ONWARD = "You operate primarily through others"


@pytest.mark.parametrize(
    ("before", "gap", "shown"),
    [(MANAGERS, " ", 2), (TEAMS, " ", 1), (MANAGERS, "\n\n", 1), (MANAGERS, "\n- ", 1)],
)
def test_a_sentence_without_a_level_goes_on_about_the_one_before_it(
    assistant: Assistant, before: str, gap: str, shown: int
) -> None:
    def writes(request: Request) -> str:
        first = next(text for text in given(request) if before in text).rstrip(".")
        numbers = number_of(request, before), number_of(request, ONWARD)
        return f"{first} [{numbers[0]}].{gap}{ONWARD} [{numbers[1]}]."

    answer = last(told(assistant, writes, MEASURED))
    assert (answer.mode, len(answer.claims)) == ("llm", shown)


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        (TEAMS, 2),  # of a level that was asked about, though of something else
        ("At E1, you own a domain and operate as an executive participant", 1),
    ],
)
def test_what_is_carried_is_shown_if_it_is_about_a_level_asked_about(
    assistant: Assistant, statement: str, shown: int
) -> None:
    said = next(p.plain for p in assistant.generation.passages if statement in p.plain).rstrip(".")

    def writes(request: Request) -> str:
        number = next((n for text, n in given(request).items() if statement in text), 1)
        return f"{right(request)} {said} [{number}]."

    assert len(last(told(assistant, writes)).claims) == shown


def test_where_most_is_not_carried_the_quotes_are_served(assistant: Assistant) -> None:
    answer = last(told(assistant, lambda r: f"{right(r)} {UNTRUE} [1]. {UNTRUE} today [2]."))
    assert (answer.mode, answer.model) == ("extractive", None)
    expected = [claim.text for claim in assistant.ask(QUESTION).claims]
    assert [claim.text for claim in answer.claims] == expected
    assert "Too little" in answer.notices[-1]


def test_a_stream_that_breaks_off_leaves_no_half_answer(assistant: Assistant) -> None:
    events = told(assistant, [head(), chunk({"content": "Progression from M1 "}), Reset()])
    assert last(events).claims == assistant.ask(QUESTION).claims
    assert "broke off" in last(events).notices[-1]
    assert [event.failure for event in events if isinstance(event, Told)] == ["cut"]


def test_a_model_that_finds_nothing_does_not_take_the_answer_away(assistant: Assistant) -> None:
    answer = last(told(assistant, lambda _: "NOT STATED"))
    assert (answer.mode, answer.outcome) == ("extractive", Outcome.ANSWERED)


@pytest.mark.parametrize(
    "question",
    ["What are the pitfalls from M1 to M2?", "What does an E4 do?", "How do I bake bread?"],
)
def test_no_model_is_asked_what_structure_refuses(assistant: Assistant, question: str) -> None:
    with ScriptedServer() as server:  # strict: any request fails the test
        model = LanguageModel(Endpoint("openai-like", "m", server.v1), Limits(5, 20, 30))
        answer = asyncio.run(Replies(assistant, model).answer(question))
    assert answer == assistant.ask(question)


def test_a_pronoun_whose_sentence_was_dropped_goes_with_it(assistant: Assistant) -> None:
    def writes(request: Request) -> str:
        at = number_of(request, "Progression from M1 typically takes 3-5 years")
        said = right(request)
        return f"{UNTRUE} [{at}]. It typically takes 3-5 years [{at}]. {said} {said}"

    answer = last(told(assistant, writes))
    assert all(not claim.text.startswith("It ") for claim in answer.claims)


def test_documents_and_question_stand_between_boundaries_they_cannot_know(
    assistant: Assistant,
) -> None:
    seen: list[str] = []

    def writes(request: Request) -> str:
        seen.append(request.json["messages"][1]["content"])
        assert request.json["messages"][0]["role"] == "system"
        return right(request)

    told(assistant, writes)
    told(assistant, writes)
    boundaries = [text.partition("\n")[0] for text in seen]
    assert boundaries[0] != boundaries[1]
    assert [text.count(mark) for text, mark in zip(seen, boundaries, strict=True)] == [3, 3]
    assert QUESTION in seen[0]


def test_no_address_but_the_model_is_contacted(assistant: Assistant) -> None:
    contacted: list[object] = []
    watching = True

    def watch(event: str, details: tuple[object, ...]) -> None:  # a hook stays to the process's end
        if watching and event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
            contacted.append(details[1] if event != "socket.getaddrinfo" else details[:2])

    with ScriptedServer(reply=lambda request: openai_answer(right(request))) as server:
        worded = Worded(assistant, model_at(server))
        sys.addaudithook(watch)
        try:
            assert worded.ask(QUESTION).mode == "llm"
        finally:
            watching = False
        assert contacted
        assert {str(address) for address in contacted} == {f"('127.0.0.1', {server.port})"}


def test_a_secret_is_not_in_what_is_sent_but_in_the_header(pytestconfig: pytest.Config) -> None:
    settings = Settings.load(
        {
            "LADDER_QA_LLM": "openai-like/m",
            "LADDER_QA_LLM_BASE_URL": "http://127.0.0.1:9/v1",
            "LADDER_QA_LLM_API_KEY": "sk-hidden",
        },
        env_file=None,
    )
    assert "sk-hidden" not in repr(settings)


def at(request: Request, words: str) -> int:
    """The number of a statement, or of the first one where it was not given."""
    return next((n for text, n in given(request).items() if words in text), 1)


TRUE = "Progression from M1 typically takes 3-5 years"


@pytest.mark.parametrize(
    "sentence",
    [
        f"{TRUE} &lt;!-- but the CEO waives this for friends, who get a bonus --&gt; [#].",
        f"{TRUE} `<!-- after which pay doubles -->` [#].",
        f"{TRUE} &lt;img src=x onerror=alert(1)&gt; [#].",
        "Progression from M1 typically takes \\[3-5 years\\](https://evil.example/pay) [#].",
        f"{TRUE} !\\[\\](https://evil.example/pixel.png) [#].",
        f"{TRUE} (www.evil.example) [#].",
        f"{TRUE}, is that so? [#]",
        f"{TRUE} \U0001f4b0 [#].",
        "The second level typically takes 3-5 years [#].",
        "Most M1s become M2s in exactly 3-5 years [#][2][3][4][5].",
    ],
)
def test_what_the_check_cannot_read_is_shown_nowhere(assistant: Assistant, sentence: str) -> None:
    def writes(request: Request) -> str:
        return f"{sentence.replace('#', str(at(request, TRUE)))}\n\n{right(request)}"

    answer = last(told(assistant, writes))
    assert [claim.text for claim in answer.claims] == [f"{TRUE}."]


def test_a_sentence_without_a_level_is_about_the_one_that_was_asked_about(
    assistant: Assistant,
) -> None:
    question = "How long does it typically take to get from M2 to M3?"

    def writes(request: Request) -> str:
        number = at(request, "Progression from M1 typically takes 3-5 years")
        return f"Progression typically takes 3-5 years [{number}]."

    answer = last(told(assistant, writes, question))
    assert answer == replace(assistant.ask(question), notices=answer.notices)


def test_levels_swapped_in_a_comparison_are_shown_nowhere(assistant: Assistant) -> None:
    def writes(request: Request) -> str:
        one, two = at(request, "Owns a specific domain"), at(request, "General management across")
        return f"E1 has general management across domains, while E2 owns a domain [{one}][{two}]."

    answer = last(told(assistant, writes, "What is the difference between E1 and E2?"))
    assert answer.mode == "extractive"


@pytest.mark.parametrize("opening", ["Yes, ", "No. ", "Correct: "])
def test_a_yes_that_no_statement_carries_is_taken_off(assistant: Assistant, opening: str) -> None:
    answer = last(told(assistant, lambda request: opening + right(request)))
    assert [claim.text for claim in answer.claims] == [f"{TRUE}."]


def test_an_item_carries_what_introduces_its_list(assistant: Assistant) -> None:
    def writes(request: Request) -> str:
        return f"An M1 is never able to do this:\n- {right(request)}"

    assert last(told(assistant, writes)).mode == "extractive"


def test_quotes_after_claims_that_were_sent_go_on_with_their_numbers(
    assistant: Assistant,
) -> None:
    events = told(assistant, lambda r: f"{right(r)} {UNTRUE} [1]. {UNTRUE} today [2].")
    answer = last(events)
    sent = {event.number: event for event in events if isinstance(event, Citation)}
    assert events[0] == Meta(answer.id, "llm", "openai-like/scripted", answer.corpus)
    for citation in answer.citations:
        assert sent[citation.number] == citation
    assert re.findall(r"\[(\d+)\]", answer.answer) == [
        str(number) for claim in answer.claims for number in claim.citations
    ]
