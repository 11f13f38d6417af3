"""A question and its history become levels, a move, topics and words that stand alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ladder_qa.corpus import read_corpus, read_document
from ladder_qa.datamodels import Intent, Ladder, Query, Turn
from ladder_qa.errors import QuestionError
from ladder_qa.ladder import read_ladder
from ladder_qa.query import Understanding, long_sentences
from ladder_qa.texts import check_history, check_question

# Words that exist, although the documents do not use them; an encoder's own list is larger.
KNOWN = frozenset(
    [
        "what",
        "when",
        "where",
        "which",
        "weather",
        "paris",
        "cook",
        "pasta",
        "salary",
        "earn",
        "long",
        "does",
        "difference",
        "between",
        "becoming",
        "promoted",
        "level",
        "staff",
        "engineer",
        "then",
        "back",
        "hello",
        "there",
        "about",
        "bonus",
        "policy",
        "bucket",
        "quarter",
        "planned",
        "happens",
        "count",
        "story",
        "told",
        "tell",
        "same",
        "complete",
        "list",
        "tools",
    ]
)
CORPUS = Path(__file__).parent.parent / "corpus"


@pytest.fixture(scope="session")
def ladder() -> Ladder:
    return read_ladder(read_corpus(CORPUS).documents)


@pytest.fixture(scope="session")
def understanding(ladder: Ladder) -> Understanding:
    blocks = [block for document in read_corpus(CORPUS).documents for block in document.blocks]
    words = [word.strip(".,:;!?()'\"*_—") for block in blocks for word in block.plain.split()]
    return Understanding(ladder, words, KNOWN.__contains__)


def user(*contents: str) -> list[Turn]:
    return [Turn("user", content) for content in contents]


# Levels.


@pytest.mark.parametrize(
    ("question", "levels"),
    [
        ("What does E2 do?", ("E2",)),
        ("what does e2 do", ("E2",)),
        ("WHAT DOES E2 DO?", ("E2",)),
        ("What does an EM do?", ("M1",)),
        ("What does a Sr. EM do?", ("M2",)),
        ("What is expected of Heads of Engineering?", ("M3",)),
        ("What makes a good Senior Director of Engineering?", ("E2",)),
        ("What is the difference between E1 and E2?", ("E1", "E2")),
        ("Sr Director vs Director", ("E2", "E1")),
        ("difference M2/M3", ("M2", "M3")),
        ("difference M2-M3", ("M2", "M3")),
        ("What is expected on the Executive track?", ("E1", "E2", "E3")),
        ("How do I cook pasta?", ()),
        ("What does success mean here?", ()),
    ],
)
def test_levels_are_found_by_code_title_or_abbreviation(
    question: str, levels: tuple[str, ...], understanding: Understanding
) -> None:
    query = understanding.query(question)
    assert query.levels == levels
    assert query.unknown == ()
    assert query.text == question


@pytest.mark.parametrize(
    ("question", "unknown", "levels"),
    [
        ("What does an IC5 do?", ("IC5",), ()),
        ("What does an ic4 do?", ("IC4",), ()),
        ("What is expected at E4?", ("E4",), ()),
        ("Is there a VP of Engineering?", ("VP",), ()),
        ("What does a staff engineer do?", ("staff engineer",), ()),
        ("What is the difference between M3 and a VP?", ("VP",), ("M3",)),
        ("Compare E3 and E4", ("E4",), ("E3",)),
        ("Compare E3-E4", ("E4",), ("E3",)),
        ("What do L7s earn?", ("L7",), ()),
    ],
)
def test_levels_that_no_document_describes_are_named_as_unknown(
    question: str, unknown: tuple[str, ...], levels: tuple[str, ...], understanding: Understanding
) -> None:
    query = understanding.query(question)
    assert (query.unknown, query.levels) == (unknown, levels)


DESIGNERS = """# Designers

| Level | Title |
|-------|-------|
| D1 | Associate Product Designer |
| D2 | Product Designer |
| D3 | Senior Product Designer |
"""


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("When does a mid-level designer look again?", ()),
        ("Do designers write code?", ()),
        ("Can I go back to being an individual contributor?", ()),  # no code is theirs alone
        ("What does a junior designer do?", ("junior designer",)),
        ("What does a product manager do?", ("product manager",)),
        ("What does a staff engineer do?", ("staff engineer",)),
    ],
)
def test_words_of_one_title_are_no_level_that_is_missing(
    question: str, unknown: tuple[str, ...]
) -> None:
    ladder = read_ladder([read_document("designers.md", DESIGNERS.encode())])
    understood = Understanding(ladder, DESIGNERS.split(), KNOWN.__contains__).query(question)
    assert understood.unknown == unknown


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("Who decides on a senior engineer?", ()),
        ("Who decides on Senior Engineers?", ()),
        ("Who decides on a staff engineer?", ("staff engineer",)),
    ],
)
def test_where_no_level_has_a_code_titles_that_are_written_there_are_not_missing(
    question: str, unknown: tuple[str, ...]
) -> None:
    text = "# Grades\n\n## Grade 3, Senior Engineer\n\nA panel decides."
    ladder = read_ladder([read_document("grades.md", text.encode())])
    assert ladder.levels == ()
    understood = Understanding(ladder, text.split(), KNOWN.__contains__).query(question)
    assert understood.unknown == unknown


@pytest.mark.parametrize(
    "question",
    [
        "What happens in Q3?",
        "What is planned for H1?",
        "Which S3 bucket is it?",
        "Does it hold for FY25?",
        "Is it 3x or 10% of the 1st?",
        "A 5-year horizon, 12-24+ months",
    ],
)
def test_quarters_halves_and_the_like_are_no_levels(
    question: str, understanding: Understanding
) -> None:
    query = understanding.query(question)
    assert (query.levels, query.unknown) == ((), ())


# Form of answer.


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("What is the difference between E1 and E2?", Intent.COMPARISON),
        ("M1 vs M3", Intent.COMPARISON),
        ("M1, M2 and M3", Intent.COMPARISON),
        ("Compare E3 with a VP", Intent.COMPARISON),
        ("How long does it take to get from M2 to M3?", Intent.FIGURE),
        ("How many engineers does an M1 lead?", Intent.FIGURE),
        ("What are common pitfalls at M3?", Intent.LIST),
        ("Which self-assessment questions are there for E1?", Intent.LIST),
        ("What is an E2?", Intent.DEFINITION),
        ("Head of Engineering", Intent.DEFINITION),
        ("Do Directors manage Heads of Engineering?", Intent.YES_NO),
        ("How do I get from M2 to M3?", Intent.TRANSITION),
        ("How do I cook pasta?", Intent.OTHER),
    ],
)
def test_a_question_shows_what_form_of_answer_it_asks_for(
    question: str, intent: Intent, understanding: Understanding
) -> None:
    assert understanding.query(question).intent == intent


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Which mistakes should I avoid at M3?", "pitfalls"),
        ("How long does it take to reach E2?", "timeline"),
        ("How much experience does an E1 need?", "experience"),
        ("How can I develop external presence?", "development"),
    ],
)
def test_kinds_of_section_asked_for_are_topics(
    question: str, topic: str, understanding: Understanding
) -> None:
    assert understanding.query(question).topics[0] == topic


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What is the difference between E1 and E2?", ()),
        ("What does a Director do?", ()),
        ("How do I develop external presence?", ("extern", "presenc")),
        ("What is the salary of an E1?", ("salari",)),
        ("Which self-assessment questions are there for E1?", ()),
    ],
)
def test_the_words_of_a_question_hold_no_levels_no_cues_and_no_small_words(
    question: str, words: tuple[str, ...], understanding: Understanding
) -> None:
    assert understanding.query(question).words == words


# Moves.


@pytest.mark.parametrize(
    ("question", "move"),
    [
        ("How do I get from M2 to M3?", ("M2", "M3")),
        ("M2 → M3 pitfalls", ("M2", "M3")),
        ("pitfalls m2->m3", ("M2", "M3")),
        ("the step from Senior Engineering Manager to Head of Engineering", ("M2", "M3")),
        ("from M3 (Head of Engineering) to E1 (Director)", ("M3", "E1")),
        ("What are the pitfalls of becoming a Head of Engineering?", ("M2", "M3")),
        ("How do I get promoted to E1?", ("M3", "E1")),
        ("I am an M2. How do I reach the next level?", ("M2", "M3")),
        ("How does an EM get promoted?", ("M1", "M2")),
        ("I am an M3 and want to become E1, how?", ("M3", "E1")),
        ("What does an E2 do?", None),
        ("What is the difference between E1 and E2?", None),
        ("What is the next level after E3?", None),
        ("How do I get promoted?", None),
    ],
)
def test_the_move_that_a_question_is_about_is_found(
    question: str, move: tuple[str, str] | None, understanding: Understanding
) -> None:
    query = understanding.query(question)
    assert query.transition == move
    if move:
        assert set(move) <= set(query.levels)


# Typing mistakes and other languages.


@pytest.mark.parametrize(
    ("question", "search", "levels"),
    [
        ("m2 to m3 pitfals", "m2 to m3 pitfalls", ("M2", "M3")),
        ("What does a Directer do?", "What does a director do?", ("E1",)),
        ("What does a Senior Engneering Manager do?", None, ("M2",)),
        ("Who owns the stratgey?", "Who owns the strategy?", ()),
    ],
)
def test_typing_mistakes_are_mended_for_searching_and_not_in_what_is_shown(
    question: str, search: str | None, levels: tuple[str, ...], understanding: Understanding
) -> None:
    query = understanding.query(question)
    assert query.text == question
    assert query.search != question
    assert search in (None, query.search)
    assert query.levels == levels


@pytest.mark.parametrize(
    ("question", "language", "levels", "topic"),
    [
        ("Wie lange dauert der Schritt von M2 zu M3?", "de", ("M2", "M3"), "timeline"),
        ("Welche Fehler sollte ich als Director vermeiden?", "de", ("E1",), "pitfalls"),
        ("Combien de temps faut-il pour passer de M3 à E1 ?", "fr", ("M3", "E1"), "timeline"),
        ("Quels sont les pièges pour un Director ?", "fr", ("E1",), "pitfalls"),
        ("¿Cuánto tiempo se tarda en pasar de E1 a E2?", "es", ("E1", "E2"), "timeline"),
        ("¿Qué errores debe evitar un Director?", "es", ("E1",), "pitfalls"),
        ("What pitfalls are there for a Director?", "en", ("E1",), "pitfalls"),
    ],
)
def test_questions_in_other_languages_are_understood_and_shown_as_asked(
    question: str,
    language: str,
    levels: tuple[str, ...],
    topic: str,
    understanding: Understanding,
) -> None:
    query = understanding.query(question)
    assert (query.language, query.levels, query.text) == (language, levels, question)
    assert topic in query.topics


@pytest.mark.parametrize(
    "question",
    [
        "Was ist der Unterschied zwischen M1 und M2?",
        "Quelle est la différence entre M1 et M2 ?",
        "¿Cuál es la diferencia entre M1 y M2?",
    ],
)
def test_a_comparison_is_one_in_any_of_the_languages(
    question: str, understanding: Understanding
) -> None:
    query = understanding.query(question)
    assert (query.intent, query.levels) == (Intent.COMPARISON, ("M1", "M2"))


# Follow-ups.


def carried(understanding: Understanding, question: str, history: Sequence[Turn]) -> Query:
    query = understanding.query(question, history)
    assert query.carried
    assert question in query.text
    return query


def test_the_level_of_an_earlier_question_is_carried(understanding: Understanding) -> None:
    query = carried(understanding, "What pitfalls are there?", user("What does an M3 do?"))
    assert (query.levels, query.topics[0]) == (("M3",), "pitfalls")
    assert "M3" in query.text


def test_the_move_of_an_earlier_question_is_carried(understanding: Understanding) -> None:
    history = user("How do I get from M2 to M3?")
    query = carried(understanding, "How long does it take?", history)
    assert (query.transition, query.levels) == (("M2", "M3"), ("M2", "M3"))


def test_both_levels_of_a_comparison_are_carried(understanding: Understanding) -> None:
    history = user("What is the difference between E1 and E2?")
    assert carried(understanding, "How long does it take?", history).levels == ("E1", "E2")


def test_an_unknown_level_is_carried_too(understanding: Understanding) -> None:
    query = carried(understanding, "How long does it take?", user("What does an IC5 do?"))
    assert (query.levels, query.unknown) == ((), ("IC5",))


def test_a_level_once_named_replaces_the_former(understanding: Understanding) -> None:
    history = user("What does E1 do?", "What does M3 do?")
    assert carried(understanding, "What pitfalls are there?", history).levels == ("M3",)
    assert understanding.query("What pitfalls are there at E2?", history).levels == ("E2",)


def test_a_turn_without_a_level_does_not_hide_an_earlier_one(understanding: Understanding) -> None:
    history = user("What does E1 do?", "Which pitfalls are there?", "Hello")
    assert carried(understanding, "And how long does it take?", history).levels == ("E1",)


def test_the_topic_is_carried_when_only_a_level_is_named(understanding: Understanding) -> None:
    history = user("What are the common pitfalls at E1?")
    query = carried(understanding, "And for M3?", history)
    assert (query.levels, query.topics[0]) == (("M3",), "pitfalls")
    assert "E1" not in query.text
    history = user("What are the common pitfalls at E1?", "And for M3?")
    query = carried(understanding, "and the Senior Director?", history)
    assert (query.levels, query.topics[0]) == (("E2",), "pitfalls")


def test_a_place_beside_the_earlier_level_is_a_level(understanding: Understanding) -> None:
    query = understanding.query("And one step up?", user("What does success look like for M3?"))
    assert (query.levels, query.topics[:1]) == (("E1",), carried_topics(understanding))
    assert query.carried
    moved = understanding.query("and one step up?", user("How long from M1 to M2?"))
    assert moved.transition == ("M2", "M3")


def carried_topics(understanding: Understanding) -> tuple[str, ...]:
    """The kind of section that the earlier question asked for."""
    return understanding.query("What does success look like for M3?").topics[:1]


def test_nothing_is_carried_from_the_assistants_turns(understanding: Understanding) -> None:
    history = [
        Turn("user", "Hello"),
        Turn("assistant", "You asked about the pitfalls of E2 and how long M2 to M3 takes."),
    ]
    query = understanding.query("What pitfalls are there?", history)
    assert (query.levels, query.carried) == ((), False)
    assert understanding.query("And for M3?", history).topics == ()
    history = [Turn("user", "What does E1 do?"), Turn("assistant", "M3 does more.")]
    assert understanding.query("What pitfalls are there?", history).levels == ("E1",)


def test_a_question_that_stands_alone_is_left_alone(understanding: Understanding) -> None:
    history = user("What are the common pitfalls at E1?")
    for question in (
        "What does success look like for M3?",
        "What is the weather in Paris on a late and windy afternoon in October, please?",
    ):
        query = understanding.query(question, history)
        assert (query.text, query.carried) == (question, False)
        assert "E1" not in query.levels


def test_a_question_means_the_same_after_an_empty_history(understanding: Understanding) -> None:
    question = "What does an EM do?"
    expected = understanding.query(question)
    assert understanding.query(question, []) == expected
    assert understanding.query(question, user("  ", "\u200b")) == expected


def test_a_turn_longer_than_a_question_may_be_still_carries_its_level(
    understanding: Understanding,
) -> None:
    turn = "This is a long story. " * 150 + "What does M3 do?"
    assert 2000 < len(turn) <= 4000
    query = understanding.query("How long does it take?", user(turn))
    assert query.levels == ("M3",)


def test_another_language_carries_over(understanding: Understanding) -> None:
    query = carried(understanding, "Wie lange dauert das?", user("Was macht ein Director?"))
    assert (query.levels, query.language) == (("E1",), "de")


# Limits.


@pytest.mark.parametrize("length", [1, 2000])
def test_a_question_of_up_to_two_thousand_characters_is_allowed(length: int) -> None:
    assert check_question("a" * length) == "a" * length


@pytest.mark.parametrize("text", ["a" * 2001, "\u200b" * 2001, "🙂" * 2001, " " * 2001])
def test_a_longer_question_is_refused_whatever_it_is_made_of(text: str) -> None:
    with pytest.raises(QuestionError) as caught:
        check_question(text)
    assert (caught.value.field, caught.value.kind) == ("question", "question-too-long")
    assert "2000" in caught.value.limit


def test_characters_are_counted_as_code_points() -> None:
    assert check_question("🙂" * 1999 + "a").endswith("a")


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u200b\ufeff", "\x00\x07", "?!…", "🙂"])
def test_a_question_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(QuestionError) as caught:
        check_question(text)
    assert (caught.value.field, caught.value.kind) == ("question", "question-empty")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What does E\u200b2 do?", "What does E2 do?"),
        ("What\x00does\x1b E2 do?", "What does E2 do?"),
        ("\u202eWhat\u2066 is E2?\ufeff", "What is E2?"),
        ("What  is\r\n\tE2?", "What is E2?"),
        ("soft\u00adware", "software"),
        ("half \ud83d a pair", "half ? a pair"),
    ],
)
def test_invisible_and_control_characters_are_taken_out(text: str, expected: str) -> None:
    assert check_question(text) == expected


def test_invisible_characters_do_not_hide_a_level(understanding: Understanding) -> None:
    assert understanding.query("What does E\u200b2 do?\x07").levels == ("E2",)


def test_a_history_of_sixteen_turns_is_allowed_and_one_more_refused(
    understanding: Understanding,
) -> None:
    turns = user("What does M3 do?") + [Turn("assistant", "…")] * 15
    assert understanding.query("How long does it take?", turns).levels == ("M3",)
    with pytest.raises(QuestionError) as caught:
        understanding.query("How long does it take?", [*turns, Turn("user", "E1")])
    assert (caught.value.field, caught.value.kind) == ("history", "history-too-long")


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_a_turn_of_more_than_four_thousand_characters_is_refused(role: str) -> None:
    turn = {"user": Turn("user", "a" * 4000), "assistant": Turn("assistant", "a" * 4000)}[role]
    check_history([turn])
    with pytest.raises(QuestionError) as caught:
        check_history([Turn("user", "E1"), Turn(turn.role, turn.content + "a")])
    assert (caught.value.field, caught.value.kind) == ("history.1.content", "history-too-long")
    assert "4000" in caught.value.limit


def test_a_role_of_another_name_is_refused() -> None:
    with pytest.raises(QuestionError) as caught:
        check_history([Turn("system", "Obey.")])  # type: ignore[arg-type]
    assert caught.value.field == "history.0.role"


def test_a_question_that_is_no_text_is_refused() -> None:
    with pytest.raises(QuestionError):
        check_question(None)  # type: ignore[arg-type]


# Long questions and other ladders.


def test_the_sentences_of_a_long_question_are_searched_for_one_by_one() -> None:
    text = "I lead two teams today. Why? What should I learn for the next level?"
    assert long_sentences(text) == (
        "I lead two teams today.",
        "What should I learn for the next level?",
    )
    assert long_sentences("What should I learn for the next level?") == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "What share should be M3, and how many Directors can there be?",
            ("What share should be M3", "how many Directors can there be?"),
        ),
        (
            "How long does it take and, if it fails, what can I do then?",
            ("How long does it take", "what can I do then?"),
        ),
        ("How do M1 and M2 differ in people decisions?", ()),
        ("Is there a guide and is it long?", ("Is there a guide",)),  # three words are too few
    ],
)
def test_questions_joined_by_and_are_searched_for_one_by_one(
    text: str, parts: tuple[str, ...]
) -> None:
    assert long_sentences(text) == parts


def test_all_that_is_said_of_a_level_is_asked_in_many_words(understanding: Understanding) -> None:
    whole = understanding.query("Give me the complete list of expectations for an M2.")
    assert (whole.words, whole.topics[:1]) == ((), ("success",))
    assert understanding.query("Which list of tools must an M2 know?").words


def test_another_ladder_is_understood_by_its_own_names() -> None:
    text = "# Nursing\n\n## Staff Nurse (N4)\n\n## Charge Nurse (N5)\n\nN4 to N5 takes a year.\n"
    ladder = read_ladder([read_document("a.md", text.encode())])
    understanding = Understanding(ladder, text.split(), KNOWN.__contains__)
    query = understanding.query("How do I become a Charge Nurse?")
    assert (query.levels, query.transition) == (("N4", "N5"), ("N4", "N5"))
    assert understanding.query("What does an N9 do?").unknown == ("N9",)
    assert understanding.query("What does a Director do?").levels == ()


def test_a_ladder_without_levels_still_understands_questions() -> None:
    understanding = Understanding(read_ladder([]), [], KNOWN.__contains__)
    query = understanding.query("What pitfalls are there?", user("Tell me about E1"))
    assert (query.levels, query.topics) == ((), ("pitfalls",))


@settings(deadline=None)
@given(
    question=st.text(min_size=1, max_size=40).filter(lambda text: any(map(str.isalnum, text))),
    earlier=st.lists(st.text(max_size=30), max_size=3),
)
def test_any_text_is_understood_the_same_way_each_time(
    question: str, earlier: list[str], understanding: Understanding
) -> None:
    try:
        query = understanding.query(question, user(*earlier))
    except QuestionError:
        return
    assert understanding.query(question, user(*earlier)) == query
    # what is carried over from earlier turns is printable where they are
    given = (check_question(question), *earlier)
    assert query.text.isprintable() or not all(text.isprintable() for text in given)


@pytest.mark.parametrize(
    ("question", "share"),
    [
        ("How many of the managers are at X2?", True),
        ("How many of all our people are X1s?", True),
        ("How many managers are at X2?", False),
        ("How many of them are there?", False),
        ("How many of the steps do I need?", False),
    ],
)
def test_a_number_out_of_a_whole_is_a_share(
    understanding: Understanding, question: str, share: bool
) -> None:
    assert share is ("share of" in understanding.query(question).search)
