"""A bank's questions hold for the present documents, and the nearest of them tell of a new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ladder_qa.bank import EMPTY_BANK, Bank, BankQuestion, BankSearch, bank_fingerprint, read_bank
from ladder_qa.corpus import read_corpus, read_document
from ladder_qa.errors import CorpusError
from ladder_qa.ladder import read_ladder
from ladder_qa.passages import read_passages

DOCUMENTS = (
    read_document(
        "a.md",
        b"# Trades\n\n## T1: Trainee\n\nLearns the craft. Asks often.\n\n## T2: Master\n\n"
        b"Teaches the craft.\n\n| Move | Time |\n|---|---|\n| T1 to T2 | 2 years |\n",
    ),
    read_document("b.md", b"# Rules\n\nLearns the craft.\n"),
)
LADDER = read_ladder(DOCUMENTS)
PASSAGES = read_passages(DOCUMENTS, LADDER)
IDS = {(passage.document, passage.quote): passage.id for passage in PASSAGES}


def answered(question: str, *gold: tuple[str, str]) -> dict[str, Any]:
    places = [{"doc": document, "quote": quote} for document, quote in gold]
    return {"q": question, "kind": "answered", "gold": places}


def bank_of(folder: Path, *entries: dict[str, Any]) -> Bank:
    questions = folder / "questions"
    questions.mkdir(exist_ok=True)
    text = "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    (questions / "some.jsonl").write_text(text + "\n", encoding="utf-8", newline="")
    return read_bank(folder, PASSAGES, LADDER)


def unit(*rows: tuple[float, ...]) -> NDArray[np.float32]:
    vectors = np.array(rows, dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_a_question_has_the_statements_that_hold_its_quotes_in_their_document(
    tmp_path: Path,
) -> None:
    bank = bank_of(
        tmp_path,
        answered("What does a Trainee do?", ("a.md", "Learns the craft. Asks often.")),
        answered("Who learns?", ("b.md", "Learns the craft.")),
    )
    assert bank == Bank(
        (
            BankQuestion(
                "What does a Trainee do?",
                (IDS["a.md", "Learns the craft."], IDS["a.md", "Asks often."]),
                ("T1",),
            ),
            BankQuestion("Who learns?", (IDS["b.md", "Learns the craft."],), ()),
        ),
        set_aside=(),
    )


def test_a_quoted_table_row_means_its_cells(tmp_path: Path) -> None:
    (question,) = bank_of(tmp_path, answered("T1?", ("a.md", "| T1 to T2 | 2 years |"))).questions
    assert question.passages == (IDS["a.md", "T1 to T2"], IDS["a.md", "2 years"])


def test_an_unanswered_question_has_no_statements(tmp_path: Path) -> None:
    bank = bank_of(tmp_path, {"q": "What does T2 earn?", "kind": "not_answered", "gold": []})
    assert bank.questions == (BankQuestion("What does T2 earn?", (), ("T2",)),)


def test_a_question_whose_quote_is_gone_is_set_aside_and_not_held_to_be_unanswered(
    tmp_path: Path,
) -> None:
    bank = bank_of(
        tmp_path,
        answered("Old?", ("a.md", "Words that are gone.")),
        answered("Elsewhere?", ("c.md", "Learns the craft.")),
        answered("Half?", ("a.md", "Words that are gone."), ("a.md", "Asks often.")),
    )
    assert [question.text for question in bank.questions] == ["Half?"]
    assert bank.set_aside == ("Old?", "Elsewhere?")


def test_no_folder_and_empty_lines_give_no_questions(tmp_path: Path) -> None:
    assert read_bank(tmp_path, PASSAGES, LADDER) == EMPTY_BANK
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "a.jsonl").write_text("\n  \n")
    assert read_bank(tmp_path, PASSAGES, LADDER) == EMPTY_BANK


def test_a_line_separator_inside_a_question_ends_no_line(tmp_path: Path) -> None:
    bank = bank_of(tmp_path, {"q": "One\u2028two\x85three?", "kind": "not_answered", "gold": []})
    assert [question.text for question in bank.questions] == ["One\u2028two\x85three?"]


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        "3",
        '{"kind": "answered", "gold": []}',
        '{"q": "No kind?"}',
        '{"q": "Q?", "kind": "answered", "gold": [{"doc": "a.md"}]}',
        '{"q": "Q?", "kind": "answered", "gold": 3}',
    ],
)
def test_a_bad_line_is_an_error_that_names_its_place(tmp_path: Path, line: str) -> None:
    (tmp_path / "questions").mkdir()
    good = json.dumps(answered("Q?", ("a.md", "Asks often.")))
    (tmp_path / "questions" / "mine.jsonl").write_text(f"{good}\n{line}\n")
    with pytest.raises(CorpusError, match=r"questions/mine\.jsonl, line 2"):
        read_bank(tmp_path, PASSAGES, LADDER)


def test_a_file_that_is_no_text_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "mine.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(CorpusError, match=r"questions/mine\.jsonl"):
        read_bank(tmp_path, PASSAGES, LADDER)


def test_the_fingerprint_tells_any_change_of_the_bank(tmp_path: Path) -> None:
    seen = [bank_fingerprint(tmp_path)]
    bank_of(tmp_path, answered("Q?", ("a.md", "Asks often.")))
    seen.append(bank_fingerprint(tmp_path))
    (tmp_path / "questions" / "some.jsonl").rename(tmp_path / "questions" / "other.jsonl")
    seen.append(bank_fingerprint(tmp_path))
    assert len(set(seen)) == 3
    (tmp_path / "questions" / "notes.txt").write_text("x")
    assert bank_fingerprint(tmp_path) == seen[-1]


def test_the_bank_that_comes_with_the_corpus_holds_for_it_as_a_whole(corpus_folder: Path) -> None:
    documents = read_corpus(corpus_folder).documents
    ladder = read_ladder(documents)
    passages = read_passages(documents, ladder)
    bank = read_bank(corpus_folder, passages, ladder)
    files = (corpus_folder / "questions").glob("*.jsonl")
    assert len(bank.questions) == sum(path.read_text("utf-8").count("\n") for path in files)
    assert bank.set_aside == ()
    known = {passage.id for passage in passages}
    assert all(set(question.passages) <= known for question in bank.questions)
    assert any(not question.passages for question in bank.questions)


# Asking. Vectors of three axes stand for what an encoder would give.

QUESTIONS = (
    BankQuestion("about T1", ("p1",), ("T1",)),
    BankQuestion("about T2", ("p2", "p3"), ("T2",)),
    BankQuestion("not_answered", (), ()),
)
SEARCH = BankSearch(Bank(QUESTIONS, ()), unit((1, 0, 0), (0, 1, 0), (0, 0, 1)))


def test_the_nearest_questions_tell_their_statements_and_how_near_they_are() -> None:
    asked = SEARCH.ask(unit((1, 0, 0)), ())
    assert asked is not None
    assert asked.nearest == pytest.approx(1.0)
    similarities = {identity: vote.similarity for identity, vote in asked.votes.items()}
    assert similarities == pytest.approx({"p1": 1.0, "p2": 0.0, "p3": 0.0})
    assert asked.votes["p1"].share > 0.99
    assert asked.votes["p2"].share == asked.votes["p3"].share < 0.01
    assert asked.answered > 0.99
    assert asked.share > 0.99


def test_beside_an_unanswered_question_the_share_answered_is_small() -> None:
    asked = SEARCH.ask(unit((0.2, 0, 1)), ())
    assert asked is not None
    assert asked.answered < 0.01
    assert asked.share < 0.01


def test_a_question_about_another_level_counts_for_less() -> None:
    near = unit((1, 1, 0))
    plain, wanted = SEARCH.ask(near, ()), SEARCH.ask(near, ("T2",))
    assert plain is not None
    assert wanted is not None
    assert plain.votes["p1"].similarity == pytest.approx(plain.votes["p2"].similarity)
    assert wanted.votes["p2"].similarity == pytest.approx(plain.votes["p2"].similarity)
    assert wanted.votes["p1"].similarity < wanted.votes["p2"].similarity
    assert wanted.votes["p1"].share < plain.votes["p1"].share


def test_of_a_long_question_the_nearest_sentence_counts() -> None:
    asked = SEARCH.ask(unit((0.5, 0.5, 0.5), (0, 1, 0)), ())
    assert asked is not None
    assert asked.nearest == pytest.approx(1.0)
    assert max(asked.votes, key=lambda one: asked.votes[one].share) == "p2"


def test_a_question_can_be_left_out_to_judge_the_bank_by_itself() -> None:
    asked = SEARCH.ask(unit((1, 0, 0)), (), leave_out=0)
    assert asked is not None
    assert asked.nearest == pytest.approx(0.0)
    assert asked.votes["p1"].share < 0.01


def test_without_a_bank_there_is_nothing_to_ask() -> None:
    assert BankSearch(EMPTY_BANK, None).ask(unit((1, 0, 0)), ()) is None
