"""The checks of an installation, each in words; nothing is built or changed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ladder_qa.budget import TokenBudget
from ladder_qa.doctor import Finding, examine
from ladder_qa.feedback import FeedbackStore, Judgement
from scripted_llm import Reply, ScriptedServer, failing, head, openai_answer
from scripted_redis import ScriptedRedis
from serving_fakes import DOCUMENTS, settings

KEY = "sk-s3cret"


def found(corpus: Path, data: Path, **values: object) -> dict[str, Finding]:
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


SECRET = "s3cret" * 8


@pytest.mark.parametrize(
    ("values", "about", "mark", "words"),
    [
        ({}, "Sign-in", "ok", "nobody is asked who they are; listens on loopback only"),
        ({"allowed_hosts": "ladder.example"}, "Sign-in", "ok", "also by the name ladder.example"),
        ({"auth": "open"}, "Sign-in", "note", "nobody is asked who they are, at any address"),
        (
            {"auth": "token", "jwt_key": SECRET, "jwt_issuer": "me", "jwt_audience": "ladder"},
            "Sign-in",
            "ok",
            "tokens checked by a shared secret (HS256, HS384), of me, for ladder",
        ),
        (
            {"auth": "token", "jwt_key": SECRET, "jwt_issuer": "me"},
            "Sign-in",
            "note",
            "without LADDER_QA_JWT_AUDIENCE the key alone decides",
        ),
        (
            {"auth": "proxy", "proxy_addresses": "10.0.0.5", "proxy_header": "X-User"},
            "Sign-in",
            "ok",
            "by the header X-User from 10.0.0.5/32 alone",
        ),
        ({}, "Other pages", "ok", "calls from no other origin; /embed in frames of this server's"),
        ({"frame_ancestors": "*"}, "Other pages", "note", "of any page anywhere"),
        ({}, "Rates", "ok", "no limit"),
        ({"auth": "open"}, "Rates", "note", "no limit"),
        ({"rate_limit": "9/minute"}, "Rates", "ok", "counted by each process by itself"),
        (
            {"rate_limit": "9/minute", "rate_store": "redis://:s3cret@127.0.0.1:9"},
            "Rates",
            "PROBLEM",
            "Redis does not answer",
        ),
        ({}, "Feedback", "ok", "none yet in "),
        (
            {"feedback_url": "postgresql://me:s3cret@127.0.0.1:9/kept"},
            "Feedback",
            "PROBLEM",
            "see LADDER_QA_FEEDBACK_URL",
        ),
    ],
)
def test_the_doors_are_looked_at_in_words_without_secrets(
    tmp_path: Path, values: dict[str, str], about: str, mark: str, words: str
) -> None:
    finding = found(tmp_path / "corpus", tmp_path / "data", **values)[about]
    assert (finding.mark, words in finding.words) == (mark, True), finding
    assert "s3cret" not in finding.words
    assert not (tmp_path / "data").exists()


def test_a_redis_that_answers_is_in_order(tmp_path: Path) -> None:
    with ScriptedRedis() as server:
        store = f"redis://127.0.0.1:{server.port}"
        values = {"rate_limit": "9/minute", "rate_store": store}
        finding = found(tmp_path / "corpus", tmp_path / "data", **values)["Rates"]
    assert (finding.mark, finding.words) == ("ok", "9/minute, counted in Redis, which answers")


def test_kept_feedback_is_counted(tmp_path: Path) -> None:
    store = FeedbackStore.open(settings(data=tmp_path))
    store.write([Judgement("ans_1", "up"), Judgement("ans_2", "down")])
    store.close()
    finding = found(tmp_path / "corpus", tmp_path)["Feedback"]
    assert finding.words == f"0 answers and 2 verdicts in {tmp_path}, each for 180 days"


def language_model(tmp_path: Path, script: list[Reply], **values: object) -> Finding:
    """The finding about a language model whose server answers after `script`."""
    with ScriptedServer(script) as server:
        given = {"llm": "openai-like/m", "llm_base_url": server.v1, "llm_api_key": KEY} | values
        return found(tmp_path / "corpus", tmp_path / "data", **given)["Language model"]


def test_no_language_model_is_in_order(tmp_path: Path) -> None:
    finding = found(tmp_path / "corpus", tmp_path / "data")["Language model"]
    assert finding == Finding("Language model", "none; answers are made of exact quotes")


def test_a_language_model_that_answers_is_in_order(tmp_path: Path) -> None:
    finding = language_model(tmp_path, [openai_answer("Yes", "length")])
    assert finding == Finding("Language model", "openai-like/m answers")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            failing(401, {"error": {"message": "Incorrect API key provided."}}),
            (
                "does not accept the key (401): see LADDER_QA_LLM_API_KEY. "
                "It says: Incorrect API key provided."
            ),
        ),
        (
            failing(404, {"error": {"message": "The model `m` does not exist."}}),
            (
                "knows no model of this name (404): see LADDER_QA_LLM. "
                "It says: The model `m` does not exist."
            ),
        ),
        (
            failing(404, {"detail": "Not Found"}),
            (
                "has nothing there (404): see LADDER_QA_LLM_BASE_URL, which for this provider "
                "usually has /v1 at its end. It says: Not Found"
            ),
        ),
        (
            [head(content_type="text/html"), b"<!doctype html><title>Router</title>"],
            "sent a web page or a redirect (200): see LADDER_QA_LLM_BASE_URL",
        ),
        ([head(content_type="application/json"), b"{}"], "did not answer with a stream"),
        (
            failing(400, {"error": {"message": "Unsupported value: temperature."}}),
            "does not accept the request (400). It says: Unsupported value: temperature.",
        ),
    ],
)
def test_what_is_wrong_with_a_language_model_is_said_in_words(
    tmp_path: Path, reply: Reply, words: str
) -> None:
    finding = language_model(tmp_path, [reply])
    assert finding.mark == "PROBLEM"
    assert finding.words.startswith("openai-like/m")
    assert words in finding.words
    assert KEY not in finding.words


def test_a_language_model_where_nothing_listens_is_a_problem(tmp_path: Path) -> None:
    finding = language_model(tmp_path, [], llm_base_url="http://127.0.0.1:9/v1")
    assert finding.mark == "PROBLEM"
    assert "openai-like/m at http://127.0.0.1:9/v1 cannot be reached" in finding.words


def test_a_language_model_whose_extra_is_missing_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "llama_index.llms.openai_like", None)
    finding = language_model(tmp_path, [])
    assert finding.mark == "PROBLEM"
    assert "pip install 'ladder-qa[openai-like]'" in finding.words


def test_a_spent_budget_is_no_fault_of_the_installation(tmp_path: Path) -> None:
    TokenBudget(tmp_path / "data", 100).reserve(100)
    finding = language_model(tmp_path, [], llm_daily_tokens=100)
    assert finding.mark == "note"
    assert "LADDER_QA_LLM_DAILY_TOKENS" in finding.words
