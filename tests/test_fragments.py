"""Text fragments: as few words as make the cited ones the only such place in a document.

Not covered: that browsers find them; `test_web_addresses.py` asks one.
"""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from ladder_qa.corpus import read_document
from ladder_qa.fragments import EDGE_WORDS, LONG_CHARACTERS, PageText


def directive(text: str, raw: str, nth: int = 0) -> str:
    """The directive, decoded, for the nth place of `raw` in the blocks of a document."""
    document = read_document("d.md", text.encode())
    places = [
        (block, at)
        for block in document.blocks
        for at in range(len(block.span.text))
        if block.span.text.startswith(raw, at)
    ]
    block, at = places[nth]
    return unquote(PageText(document).directive(block, block.span.text[:at], raw))


def test_words_that_stand_once_are_named_alone() -> None:
    assert "a scout looks ahead" == directive("# H\n\na scout looks ahead\n", "a scout looks ahead")


def test_words_that_stand_again_are_named_with_a_neighbour() -> None:
    text = "- Alpha\n- it takes three years\n- Beta\n- it takes three years\n"
    assert "Alpha-,it takes three years" == directive(text, "it takes three years")
    assert "Beta-,it takes three years" == directive(text, "it takes three years", 1)


def test_the_neighbour_may_be_the_one_after() -> None:
    text = "- it takes three years\n- Alpha\n- it takes three years\n- Beta\n"
    assert "it takes three years,-Alpha" == directive(text, "it takes three years")
    assert "Alpha-,it takes three years" == directive(text, "it takes three years", 1)


def test_neighbours_of_several_words_are_named_where_one_is_not_enough() -> None:
    text = "in the first year. It all takes time. in the next year. It all takes time.\n"
    assert "next year.-,It all takes time." == directive(text, "It all takes time.", 1)


def test_few_words_are_never_named_alone() -> None:
    """They also stand in the head and the navigation of a page."""
    text = "| Level | Place |\n|---|---|\n| X1 | Documents |\n"
    assert "X1-,Documents" == directive(text, "Documents")


def test_case_accents_and_kinds_of_quotes_make_no_difference() -> None:
    text = "- Alpha\n- It’s a Café here\n- Beta\n- it's a cafe here\n"
    assert "Beta-,it's a cafe here" == directive(text, "it's a cafe here")


def test_words_inside_other_words_are_another_thing() -> None:
    assert "one two three" == directive("- lone two threes\n- one two three\n", "one two three", 1)


def test_long_words_are_named_by_their_ends() -> None:
    words = [f"word{number}" for number in range(60)]
    text = " ".join(words)
    assert len(text) > LONG_CHARACTERS
    ends = (" ".join(words[:EDGE_WORDS]), " ".join(words[-EDGE_WORDS:]))
    assert ",".join(ends) == directive(text, text)


def test_a_break_parts_the_words() -> None:
    text = "| A | B |\n|---|---|\n| one two three<br>four five six | x |\n"
    assert "one two three,four five six" == directive(text, "one two three<br>four five six")


def test_a_place_that_nothing_tells_apart_has_no_directive() -> None:
    """The wrong words would be worse than none; the first place is found all the same."""
    text = "- a b c\n- same same same\n- a b c\n- same same same\n- a b c\n- same same same\n"
    assert "same same same" in directive(text, "same same same")
    assert "" == directive(text, "same same same", 1)


@pytest.mark.parametrize("mark", ["-", ",", "&", "#", "%", "ä", "😀"])
def test_signs_with_a_meaning_are_escaped(mark: str) -> None:
    document = read_document("d.md", f"one{mark} two three four\n".encode())
    block = document.blocks[0]
    value = PageText(document).directive(block, "", block.span.text)
    assert value.isascii()
    assert not set("-,&#") & set(value)
    assert unquote(value) == block.plain


def test_emphasis_and_typing_of_a_document_do_not_show() -> None:
    text = "Be **bold\nand** [clear](x.md) in `it`. Be *brief* and clear in it.\n"
    assert "Be brief and clear in it." == directive(text, "Be *brief* and clear in it.")
    assert "Be bold and clear in it." == directive(text, "Be **bold\nand** [clear](x.md) in `it`.")
