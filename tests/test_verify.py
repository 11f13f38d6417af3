"""The check of sentences: what each rule objects to, and the near sentence that it lets pass."""

from __future__ import annotations

import pytest

from ladder_qa import rules
from ladder_qa.corpus import read_document
from ladder_qa.datamodels import Passage
from ladder_qa.ladder import read_ladder
from ladder_qa.names import LevelNames
from ladder_qa.passages import read_passages
from ladder_qa.verify import Evidence, Verifier, sentence_spans
from serving_fakes import OVERVIEW, PROGRESSION


@pytest.fixture(scope="module")
def passages() -> dict[str, Passage]:
    """The statements of two small documents, by their words."""
    texts = {"overview.md": OVERVIEW, "progression-x1-to-x2.md": PROGRESSION}
    documents = [read_document(path, text.encode()) for path, text in texts.items()]
    return {p.plain: p for p in read_passages(documents, read_ladder(documents))}


@pytest.fixture(scope="module")
def verifier(passages: dict[str, Passage]) -> Verifier:
    """The check over them."""
    texts = {"overview.md": OVERVIEW, "progression-x1-to-x2.md": PROGRESSION}
    documents = [read_document(path, text.encode()) for path, text in texts.items()]
    return Verifier(LevelNames(read_ladder(documents).levels), tuple(passages.values()))


def reason(verifier: Verifier, sentence: str, *evidence: str | Evidence) -> str | None:
    """What is wrong with a sentence beside passages, which may be bare words."""
    given = [Evidence(one) if isinstance(one, str) else one for one in evidence]
    return verifier.verify(sentence, given).reason


@pytest.mark.parametrize(
    ("sentence", "passage", "expected"),
    [
        ("The move typically takes 3-5+ years.", "It typically takes 3-5+ years to move.", None),
        (
            "The move typically takes 2-4+ years.",
            "It typically takes 3-5+ years to move.",
            "number",
        ),
        (
            "The move typically takes 3-5+ months.",
            "It typically takes 3-5+ years to move.",
            "number",
        ),
        ("The move takes 3-5+ years.", "It typically takes 3-5+ years to move.", "hedge"),
        ("The move usually takes 3-5+ years.", "It typically takes 3-5+ years to move.", None),
        ("Scale does not define the level.", "Scale does not define the level itself.", None),
        ("Scale defines the level.", "Scale does not define the level itself.", "negation"),
        ("Scale does not set the pace.", "Scale sets the pace.", "negation"),
        ("You give ownership, not just tasks.", "Giving ownership, not just tasks", None),
        ("You must lead several teams.", "You lead several teams.", "hedge"),
        ("All leaders stay.", "Many leaders stay.", "hedge"),
        ("Many leaders stay.", "Many leaders stay.", None),
        ("Satisfaction comes from mastery.", "Satisfaction comes from mastery, not titles.", None),
        ("Satisfaction comes from mastery and pay.", "Satisfaction comes from mastery.", "extra"),
        ("Promotion requires board approval.", "Promotion requires sustained results.", "extra"),
        ("The canteen opens at noon.", "Promotion requires sustained results.", "not_found"),
        ("It goes from depth to breadth.", "The shift is from depth to breadth.", None),
        ("It goes from breadth to depth.", "The shift is from depth to breadth.", "relation"),
        # a rewording leaves words of the passage over, an addition does not
        ("Scouts select fresh routes.", "Scouts choose new routes.", None),
        ("Scouts choose new routes and get bonuses.", "Scouts choose new routes.", "extra"),
        (
            "Scouts choose routes, maps and horses.",
            "Scouts choose routes, maps and boats.",
            "extra",
        ),
        # what is denied, and contraries
        ("The climb is hard.", "The climb is easy.", "negation"),
        ("The climb is not easy.", "The climb is hard.", None),
        ("The climb is not hard.", "The climb is easy.", None),
        ("Rank measures skill, not age.", "Rank measures skill, not age.", None),
        ("Rank measures age, not skill.", "Rank measures skill, not age.", "negation"),
        ("It comes from age, not just skill.", "It comes from skill, not just age.", "relation"),
        # how sure
        ("You will be ready.", "You may be ready.", "hedge"),
        ("You might be ready.", "You may be ready.", None),
        ("Promotion is guaranteed after two years.", "Promotion needs two years.", "hedge"),
        ("Mainly, scouts map rivers.", "Scouts primarily map rivers.", None),
        ("Scouts map rivers.", "Scouts primarily map rivers.", "hedge"),
        # how many
        ("Most scouts leave.", "Many scouts leave.", "hedge"),
        ("Many scouts leave.", "Most scouts leave.", None),
        ("Few scouts leave.", "Many scouts leave.", "hedge"),
        ("Every senior scout maps rivers.", "All senior scouts map rivers.", None),
        ("Scouts only map rivers.", "Scouts map rivers.", "extra"),
        # who does what to whom, when, and why
        ("Leaders mentor scouts.", "Leaders mentor scouts.", None),
        ("Scouts mentor leaders.", "Leaders mentor scouts.", "relation"),
        ("Scouts are mentored by leaders.", "Leaders mentor scouts.", None),
        (
            "Scouts map rivers after they get boats.",
            "Scouts map rivers before they get boats.",
            "relation",
        ),
        ("Skill matters more than age.", "Skill matters as much as age.", "relation"),
        ("The scout reports to the HQ board.", "The scout works with the board.", "extra"),
        # what an amount measures
        ("It takes 10 years of professional experience.", "10 years of professional work", None),
        ("10 years in management", "10 years of professional experience", "relation"),
        ("6 years ahead", "You plan 6 years ahead", None),
        # each of two amounts measures its own
        (
            "10 years of professional work and 5 years in management",
            "10 years of professional work, 5 years in management",
            None,
        ),
        (
            "5 years of professional work and 10 years in management",
            "10 years of professional work, 5 years in management",
            "relation",
        ),
        ("10 years of work, 5 of them at sea", "10 years of work, including 5 years at sea", None),
        (
            "10 years of work, 6 of them at sea",
            "10 years of work, including 5 years at sea",
            "number",
        ),
        # one denial may stand for another, and none may change sides
        ("No. Scouts map rivers.", "Scouts map rivers.", None),
        ("No scouts map rivers.", "Scouts map rivers.", "negation"),
        ("Scouts prefer boats to horses.", "Scouts prefer boats over horses.", None),
        ("Scouts prefer horses to boats.", "Scouts prefer boats over horses.", "negation"),
        ("Scouts prefer to map rivers.", "Scouts prefer to map rivers.", None),
        ("Scouts find rivers dull rather than calm.", "Scouts find rivers dull, not calm.", None),
        (
            "Scouts at sea find rivers calm rather than dull in winter.",
            "Scouts at sea find rivers dull rather than calm in winter.",
            "negation",
        ),
        ("Teach skill rather than age alone.", "Teach skill, not just age.", None),
        ("Teach skill rather than age.", "Teach skill and age.", "negation"),
        ("Scouts don't map rivers at all.", "Scouts don't map rivers.", None),
        ("All scouts map rivers.", "Some scouts map rivers.", "hedge"),
        ("Leaders hire a few cooks.", "Leaders hire a few cooks.", None),
        ("Leaders hire a few cooks.", "Leaders hire (and possibly a few) cooks.", "hedge"),
        ("Leaders possibly hire a few cooks.", "Leaders hire (and possibly a few) cooks.", None),
    ],
)
def test_each_rule_has_two_edges(
    verifier: Verifier, sentence: str, passage: str, expected: str | None
) -> None:
    assert reason(verifier, sentence, passage) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("At X1, a scout looks ahead.", None),
        ("A Scout looks ahead.", None),
        ("At X2, one looks ahead.", "level"),
        ("A Guide looks ahead.", "level"),
        ("At X9, one looks ahead.", "level"),  # nobody speaks of it
    ],
)
def test_a_sentence_is_about_the_level_of_its_passage(
    verifier: Verifier, passages: dict[str, Passage], sentence: str, expected: str | None
) -> None:
    assert reason(verifier, sentence, Evidence.of(passages["A scout looks ahead."])) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Two things count: boats and maps.", None),
        ("Three things count: boats and maps.", "number"),
        ("Two scouts count boats and maps.", "number"),  # the passages speak of scouts
    ],
)
def test_a_number_in_words_may_count_the_statements_themselves(
    verifier: Verifier, sentence: str, expected: str | None
) -> None:
    given = ["Scouts count boats.", "Scouts count maps."]
    verdict = verifier.verify(sentence, [Evidence(one) for one in given])
    assert (verdict.reason == "number") is (expected == "number")


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("In the X1-to-X2 guide, a guide brings people home.", None),
        ("At X1, a scout brings people home.", "level"),
    ],
)
def test_the_name_of_a_move_is_nobody_that_a_sentence_is_about(
    verifier: Verifier, sentence: str, expected: str | None
) -> None:
    section = ("Progression Guide: X1 to X2", "The Core Shift")
    evidence = Evidence("A guide brings people home.", section=section, levels=("X2",))
    assert reason(verifier, sentence, evidence) == expected


def test_one_statement_of_a_level_says_of_whom_the_next_one_speaks(verifier: Verifier) -> None:
    of_guides = Evidence("Coach the scouts on boats.", levels=("X2",))
    beside = Evidence("Give them hard rivers.", levels=("X2",))
    sentence = "The scouts get coached on boats and get hard rivers."
    assert verifier.verify(sentence, [of_guides, beside]).reason != "level"
    assert verifier.verify("X1s get hard rivers.", [beside]).reason == "level"


def test_a_row_of_a_table_carries_both_sides_and_not_the_reverse(
    verifier: Verifier, passages: dict[str, Passage]
) -> None:
    cells = [Evidence.of(passages[words]) for words in
             ("Finds a way & goes", "Brings along")]  # fmt: skip
    right = "A Scout finds a way and goes, while a Guide brings along."
    swapped = "A Guide finds a way and goes, while a Scout brings along."
    assert reason(verifier, right, *cells) is None
    assert reason(verifier, swapped, *cells) == "level"


def test_what_introduces_a_list_counts(verifier: Verifier, passages: dict[str, Passage]) -> None:
    item = Evidence.of(passages["Want quiet days"])
    assert reason(verifier, "The track is right for you if you want quiet days.", item) is not None
    assert reason(verifier, "The track may not be right if you want quiet days.", item) is None


def test_every_statement_carries_itself(verifier: Verifier, passages: dict[str, Passage]) -> None:
    for words, passage in passages.items():
        # what completes a lead that denies is no statement without it
        lead = [span.text for span in passage.context if span.text.endswith("you:")]
        sentence = f"{lead[0]} {words}" if lead else words
        assert reason(verifier, sentence, Evidence.of(passage)) is None, words


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Growth of ≤10% a year: normal.", True),
        ("Growth of 10% a year: normal.", False),
        ("Growth of ≤10% a year (normal)", True),
    ],
)
def test_word_for_word_is_so_in_each_sign(
    verifier: Verifier, sentence: str, *, expected: bool
) -> None:
    given = [Evidence("Growth of ≤10% a year: normal")]
    assert rules.quoted(verifier._read(sentence, given)) is expected


def test_the_fewest_passages_that_carry_a_sentence_are_named(verifier: Verifier) -> None:
    evidence = [
        Evidence("Teams share goals."),
        Evidence("Leaders build trust."),
        Evidence("Scouts map rivers."),
    ]
    single = verifier.best("Leaders build trust.", 5, evidence)
    assert (single.start, single.end, single.carried_by) == (5, 25, (1,))
    both = verifier.best("Leaders build trust, and teams share goals.", 0, evidence)
    assert both.carried_by == (0, 1)
    # one part, whose words stand in two places
    assert not verifier.best("Leaders share rivers.", 0, evidence).verdict.supported
    assert verifier.best("Leaders build trust.", 0, []).verdict.reason == "not_found"


def test_sentences_of_a_text_are_exact_slices_without_list_marks() -> None:
    text = "# Head\n\n- First one. Second one?\n  2. third\n> quoted.\n\n***\n"
    assert [text[a:b] for a, b in sentence_spans(text)] == [
        "Head", "First one.", "Second one?", "third", "quoted.",
    ]  # fmt: skip


def test_a_sentence_that_nothing_carries_names_no_passage(verifier: Verifier) -> None:
    span = verifier.best("Scouts map stars.", 7, [Evidence("Scouts map rivers.")])
    assert (span.start, span.end, span.verdict.supported, span.carried_by) == (7, 24, False, ())
    assert verifier.best("Scouts map stars.", 0, []).verdict.reason == "not_found"


def test_verdicts_do_not_depend_on_the_order_of_passages(verifier: Verifier) -> None:
    one, two = Evidence("Teams share goals."), Evidence("Leaders build trust.")
    sentence = "Leaders build trust, and teams share goals."
    assert verifier.verify(sentence, [one, two]) == verifier.verify(sentence, [two, one])
