"""Sets of questions: what the loader reads, and what it refuses by file, line and field."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from evaluation_fakes import (
    GUIDE,
    case,
    gold,
)
from ladder_qa.datamodels import Outcome, Turn
from ladder_qa.evaluation import DatasetError, load_cases
from ladder_qa.evaluation.fields import Part


class TestLoader:
    """`load_cases` gives checked cases, or names file, line and field."""

    GOOD: dict[str, Any] = {  # noqa: RUF012  (never written to)
        "id": "a",
        "question": "How long?",
        "history": [{"role": "user", "content": "Hello"}],
        "kind": "answerable",
        "style": "keywords",
        "outcomes": ["answered", "partial"],
        "gold": [{"fact": 1, "document": GUIDE, "quote": "6 to 12 months"}],
        "key_facts": [["6 to 12 months", "6-12 months"]],
        "forbidden": ["18"],
        "pair": "b",
    }

    def test_all_fields_are_read_and_extra_keys_ignored(self, tmp_path: Path) -> None:
        file = tmp_path / "set.jsonl"
        file.write_text("\n" + json.dumps(self.GOOD) + "\n\n")
        expected = case(
            id="a",
            history=(Turn("user", "Hello"),),
            style="keywords",
            outcomes=(Outcome.ANSWERED, Outcome.PARTIAL),
            gold=(gold("6 to 12 months"),),
            key_facts=(("6 to 12 months", "6-12 months"),),
            forbidden=("18",),
        )
        (read,) = load_cases(file)
        assert expected == dataclasses.replace(read, digest="")

    def test_a_folder_is_all_its_jsonl_files_in_the_order_of_names(self, tmp_path: Path) -> None:
        for name in ("z", "a"):
            (tmp_path / f"{name}.jsonl").write_text(json.dumps(self.GOOD | {"id": name}))
        (tmp_path / "README.md").write_text("not a case")
        assert ["a", "z"] == [one.id for one in load_cases(tmp_path)]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"id": ""}, 'id: has value ""; it must be a text'),
            ({"id": 7}, "id: has value 7"),
            ({"question": None}, "question: has value null"),
            ({"kind": "easy"}, 'kind: has value "easy"; it must be one of answerable, near_miss'),
            ({"outcomes": []}, "outcomes: has value []; it must be a list of at least one of"),
            ({"outcomes": ["refused"]}, 'outcomes: has value ["refused"]'),
            ({"outcomes": "answered"}, 'outcomes: has value "answered"'),
            ({"history": [{"role": "system", "content": "x"}]}, "history[0].role: has value"),
            ({"history": ["x"]}, 'history: has value ["x"]; it must be a list of objects'),
            ({"gold": []}, "gold: is empty; an answerable question has at least one quote"),
            ({"gold": [{"document": "d", "quote": "q"}]}, "gold[0].fact: is missing"),
            ({"gold": [{"fact": True, "document": "d", "quote": "q"}]}, "gold[0].fact: has value"),
            ({"gold": [{"fact": 0, "document": "d", "quote": "q"}]}, "gold[0].fact: has value 0"),
            ({"gold": [{"fact": 1, "document": "d", "quote": " "}]}, "gold[0].quote: has value"),
            ({"key_facts": ["6"]}, "key_facts: has value"),
            ({"key_facts": [[]]}, "key_facts: has value [[]]"),
            ({"forbidden": [""]}, 'forbidden: has value [""]'),
        ],
    )
    def test_a_wrong_field_is_named_with_file_and_line(
        self, tmp_path: Path, change: dict[str, Any], message: str
    ) -> None:
        file = tmp_path / "set.jsonl"
        lines = [json.dumps(self.GOOD), json.dumps(self.GOOD | {"id": "b"} | change)]
        file.write_text("\n".join(lines))
        with pytest.raises(DatasetError, match=re.escape(f"set.jsonl, line 2: {message}")):
            load_cases(file)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"{", "line 1: is not JSON"),
            (b"[]", "line 1: is no JSON object"),
            (b"\n \n", "holds no case"),
            (b'"\xff"', "is not UTF-8 at byte 1"),
        ],
    )
    def test_a_file_that_is_no_set_is_refused(
        self, tmp_path: Path, content: bytes, message: str
    ) -> None:
        file = tmp_path / "set.jsonl"
        file.write_bytes(content)
        with pytest.raises(DatasetError, match=message):
            load_cases(file)

    def test_an_id_may_occur_once_in_all_files(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            (tmp_path / f"{name}.jsonl").write_text(json.dumps(self.GOOD))
        with pytest.raises(DatasetError, match=r"b\.jsonl, line 1: id: 'a' is already at .*a\.jso"):
            load_cases(tmp_path)

    def test_a_missing_file_and_an_empty_folder_are_named(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"none\.jsonl: No such file"):
            load_cases(tmp_path / "none.jsonl")
        with pytest.raises(DatasetError, match=r"no file \*\.jsonl with questions in"):
            load_cases(tmp_path)

    def test_the_split_depends_on_the_id_alone(self) -> None:
        # By sha256sum: "c1" starts with 0xd0, "c6" with 0x6d.
        assert Part.SCORED is case(id="c1").part
        assert Part.DEVELOP is case(id="c6").part
        assert Part.DEVELOP is case(id="c6", question="Another?").part
