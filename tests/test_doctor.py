"""The checks of an installation, each in words; nothing is built or changed."""

from __future__ import annotations

from pathlib import Path

from ladder_qa.doctor import Finding, examine
from serving_fakes import DOCUMENTS, settings


def found(corpus: Path, data: Path, **values: str) -> dict[str, Finding]:
    return {
        finding.about: finding for finding in examine(settings(corpus=corpus, data=data, **values))
    }


def write_corpus(folder: Path) -> Path:
    folder.mkdir()
    for path, text in DOCUMENTS.items():
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def test_an_installation_without_an_index_is_told_what_to_do(tmp_path: Path) -> None:
    data = tmp_path / "data"
    findings = found(write_corpus(tmp_path / "corpus"), data)
    assert findings["Corpus"].mark == "ok"
    assert findings["Corpus"].words.startswith("2 documents")
    assert findings["Model"].mark == "ok"
    assert findings["Index"].mark == "PROBLEM"
    assert "ladder-qa ingest" in findings["Index"].words
    assert not data.exists()


def test_a_missing_corpus_and_a_refused_file_are_problems(tmp_path: Path) -> None:
    assert found(tmp_path / "none", tmp_path / "data")["Corpus"].mark == "PROBLEM"
    corpus = write_corpus(tmp_path / "corpus")
    (corpus / "bad.md").write_bytes(b"\xff\xfe")
    refused = found(corpus, tmp_path / "data")["Refused file"]
    assert refused.mark == "PROBLEM"
    assert refused.words.startswith("bad.md: not UTF-8")


def test_a_chroma_server_that_does_not_answer_is_a_problem(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    findings = found(corpus, tmp_path / "data", chroma_url="http://127.0.0.1:9")
    assert findings["Chroma server"].mark == "PROBLEM"
    assert "http://127.0.0.1:9" in findings["Chroma server"].words


def test_a_damaged_pointer_is_a_problem(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "CURRENT").write_text("nonsense", encoding="utf-8")
    assert found(write_corpus(tmp_path / "corpus"), data)["Index"].mark == "PROBLEM"
