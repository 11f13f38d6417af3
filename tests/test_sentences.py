"""Sentences end where a reader says they do, and each span is an exact, trimmed slice."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ladder_qa.sentences import split_sentences


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


CASES = {
    "two sentences": (
        "Time is needed. It is not enough.",
        ["Time is needed.", "It is not enough."],
    ),
    "no stop at the end": ("As you progress, this changes", ["As you progress, this changes"]),
    "quoted questions go on mid-sentence": (
        'It changes from "Am I X?" to "Am I Y?" At M1, you learn.',
        ['It changes from "Am I X?" to "Am I Y?"', "At M1, you learn."],
    ),
    "single quotes go on mid-sentence": (
        "It changes from 'Am I X?' to 'Am I Y?'",
        ["It changes from 'Am I X?' to 'Am I Y?'"],
    ),
    "several questions inside quotes": (
        'From "Am I X? Do I Y?" to "Am I Z?" Then on.',
        ['From "Am I X? Do I Y?" to "Am I Z?"', "Then on."],
    ),
    "a stop inside closing quotes": (
        "E2 isn't 'Director with more domains.' It's different.",
        ["E2 isn't 'Director with more domains.'", "It's different."],
    ),
    "typographic quotes": ("Say “maybe.” Or «si.» End.", ["Say “maybe.”", "Or «si.»", "End."]),
    "a word in quotes": (
        "If you answer 'yes' to most, go on. It's not a 'better' one. Stop.",
        ["If you answer 'yes' to most, go on.", "It's not a 'better' one.", "Stop."],
    ),
    "a stop inside brackets": (
        "We do it (see below.) Then we go.",
        ["We do it (see below.)", "Then we go."],
    ),
    "brackets in mid-sentence": (
        "Leads (e.g. Foo. Bar) the team. Next.",
        ["Leads (e.g. Foo. Bar) the team.", "Next."],
    ),
    "bold closing after the stop": (
        "**Promotions are earned, not given based on time.** Time at level is necessary.",
        ["**Promotions are earned, not given based on time.**", "Time at level is necessary."],
    ),
    "italics closing after the stop": (
        "*Note: it depends on circumstances.* More.",
        ["*Note: it depends on circumstances.*", "More."],
    ),
    "marks around two sentences belong to neither": (
        "**A one. B two.** C three.",
        ["A one.", "B two.", "C three."],
    ),
    "titles and common abbreviations": (
        "Ask Dr. Smith, e.g. about pay, i.e. No. 5 or approx. 3 vs. others. Good.",
        ["Ask Dr. Smith, e.g. about pay, i.e. No. 5 or approx. 3 vs. others.", "Good."],
    ),
    "seniority and companies": (
        "Sr. Engineers at Acme Inc. agree. Others do not.",
        ["Sr. Engineers at Acme Inc. agree.", "Others do not."],
    ),
    "etc. inside and at the end": (
        "Reviews, talks, etc. are fine. Tools etc. The rest.",
        ["Reviews, talks, etc. are fine.", "Tools etc.", "The rest."],
    ),
    "U.S. inside and at the end": (
        "By U.S. law it is so. We moved to the U.S. The team grew.",
        ["By U.S. law it is so.", "We moved to the U.S.", "The team grew."],
    ),
    "initials": ("J. R. Smith wrote it. It helps.", ["J. R. Smith wrote it.", "It helps."]),
    "decimals, versions and file names": (
        "It takes 3.5 years. See v1.2.3. Update node.js. Done.",
        ["It takes 3.5 years.", "See v1.2.3.", "Update node.js.", "Done."],
    ),
    "a number starts a sentence": (
        "6-10+ years of experience. 3-5+ years in management.",
        ["6-10+ years of experience.", "3-5+ years in management."],
    ),
    "numbered steps in a line": ("1. Do this. 2. Do that.", ["1. Do this.", "2. Do that."]),
    "ellipses": (
        "Then came back... and stayed. Well… The end.",
        ["Then came back... and stayed.", "Well…", "The end."],
    ),
    "more than one stop": ("Wow!! Really?! Yes.", ["Wow!!", "Really?!", "Yes."]),
    "a link's address and words": (
        "See [the guide. It is long.](http://a.b/c.d) Next.",
        ["See [the guide. It is long.](http://a.b/c.d)", "Next."],
    ),
    "a bare address": (
        "See https://x.y/z.html. Then go. Or www.a.b? Yes.",
        ["See https://x.y/z.html.", "Then go.", "Or www.a.b?", "Yes."],
    ),
    "a code span": ("Use `a. B! C?` now. Next.", ["Use `a. B! C?` now.", "Next."]),
    "footnote references": (
        "Is it normal?[^1] Yes.[2] Fine.",
        ["Is it normal?[^1]", "Yes.[2]", "Fine."],
    ),
    "inline HTML": ("<em>Go.</em> Now. One<br>Two", ["<em>Go.</em>", "Now.", "One", "Two"]),
    "a sign in front belongs to what follows": (
        "✅ Does X. ❌ Does not. 🎉",
        ["✅ Does X.", "❌ Does not. 🎉"],
    ),
    "an emoji right behind the stop": ("We did it!🎉 Next.", ["We did it!🎉", "Next."]),
    "Chinese and Japanese": (
        "这是第一句。这是第二句！“真的吗？”他说。好。",
        ["这是第一句。", "这是第二句！", "“真的吗？”他说。", "好。"],
    ),
    "Cyrillic": ("Это М1. Другой уровень.", ["Это М1.", "Другой уровень."]),
    "line breaks are white space": (
        "One\r\ngoes on. Two\nas well.",
        ["One\r\ngoes on.", "Two\nas well."],
    ),
    "hard line breaks end it": (
        "**Level:** 3     \n**Title:** Senior",
        ["**Level:** 3", "**Title:** Senior"],
    ),
    "quote marks of a block quote": (
        "First.\n> Second goes\n> on. Third.",
        ["First.", "Second goes\n> on.", "Third."],
    ),
    "nothing to say": ("... – !", []),
    "empty": ("", []),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_sentences_end_where_a_reader_says(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


@settings(max_examples=300)
@given(st.text(alphabet="aA1.?! \n>*_`'\"()[]<:/。“”\u200b\u2028é🎉\\", max_size=60))
def test_spans_are_in_order_trimmed_and_lose_no_letter(text: str) -> None:
    spans = split_sentences(text)
    behind = 0
    for start, end in spans:
        assert behind <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        behind = end
    kept = "".join(text[start:end] for start, end in spans)
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


@pytest.mark.parametrize(
    "unit",
    ["A. ", "[a](", '"A. ', "'A. ", "(A. ", "`a ", "**a. ", "<a ", "http://a.", ". \n> ", "x[y]"],
)
def test_time_grows_with_the_length_and_not_with_its_square(unit: str) -> None:
    """Four times the text takes less than twelve times as long (sixteen would be its square)."""

    def seconds(text: str) -> float:
        start = time.process_time()
        split_sentences(text)
        return time.process_time() - start

    small, large = unit * 2_000, unit * 8_000
    shortest = max(min(seconds(small) for _ in range(3)), 0.002)
    assert min(seconds(large) for _ in range(3)) < 12 * shortest
