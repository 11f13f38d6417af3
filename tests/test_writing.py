"""A stream of text → sentences: the same ones however the stream was cut.

Not covered: whether a sentence is true (`test_replies`, `test_verify`).
"""

from __future__ import annotations

import itertools

import pytest

from ladder_qa.writing import Sentence, Sentences


def cut(text: str, *places: int) -> list[Sentence]:
    """The sentences of a text that arrives in pieces."""
    sentences = Sentences()
    found: list[Sentence] = []
    for start, end in itertools.pairwise((0, *places, len(text))):
        found += sentences.feed(text[start:end])
    return found + list(sentences.end())


TEXTS = [
    "X1 leads [1, 2]. [3] X2 leads.",
    "**X1**: leads teams [1]. **X2** leads more [2].",
    "An X1:\n- leads [1].\n- **hires** [2][3].\n\nDone. [4]",
    "# Head\nText here [1]. More [2] text. [3]",
    "1. First item [1].\n2. Second, e.g. this [2].\n",
    "**X1**\nleads [1].",
    "Yes, it does [1]. No.\r\nNext one [2].\r\n",
    "It takes 3.5 years [1]. Then 4 [2].",
    "| a | b |\n|---|---|\n| X1 leads [1]. | x |",
    'She said "no." [1] Then left [2].',
    "**X1 leads [1].** *X2 leads [2].* X3 [3].",
    "A (see [1]). B [2].[3] C.",
    "A range [2-4]. Nothing cited.",
]


@pytest.mark.parametrize("text", TEXTS)
def test_sentences_do_not_depend_on_how_the_stream_was_cut(text: str) -> None:
    whole = cut(text)
    for place in range(1, len(text)):
        assert cut(text, place) == whole, text[:place]
    assert cut(text, *range(1, len(text))) == whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X1 leads [1, 2]. [3] X2 leads.", [("X1 leads.", (1, 2)), ("X2 leads.", (3,))]),
        ("X1 leads. [2] X2 leads.", [("X1 leads.", (2,)), ("X2 leads.", ())]),
        ("It takes 3.5 years [1]. Then 4 [2].", [("It takes 3.5 years.", (1,)), ("Then 4.", (2,))]),
        ("A range [2-4].", [("A range.", (2, 3, 4))]),
        ("# Head\nText [1].", [("Text.", (1,))]),
        ("No, it does not [1].", [("It does not.", (1,))]),
        ("No. [1] It does not [2].", [("It does not.", (1, 2))]),
        ("Yes!", []),
        ("Yes - it does [1].", [("It does.", (1,))]),
        ("No manager leads [1].", [("No manager leads.", (1,))]),
        ("No-one leads [1].", [("No-one leads.", (1,))]),
        ("Right people lead [1].", [("Right people lead.", (1,))]),
        ("An X1:\n- leads [1].\n- hires [2].", [("An X1: leads.", (1,)), ("An X1: hires.", (2,))]),
        ("**X1 leads [1].**", [("X1 leads.", (1,))]),
    ],
)
def test_marks_and_markup_are_taken_off(text: str, expected: list[tuple[str, object]]) -> None:
    assert [(sentence.text, sentence.numbers) for sentence in cut(text)] == expected


def test_a_sentence_is_given_out_with_its_last_character() -> None:
    sentences = Sentences()
    assert list(sentences.feed("X1 leads [1]")) == []
    assert [sentence.text for sentence in sentences.feed(".")] == ["X1 leads."]


def test_the_sign_that_nothing_is_stated_is_known() -> None:
    assert cut("NOT STATED.")[0].says_nothing
    assert not cut("It is NOT STATED there.")[0].says_nothing
