"""Settings are read once, checked as a whole, and refused with key, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ladder_qa.errors import SettingsError
from ladder_qa.settings import Settings

CONTRACT_KEYS = {
    *("CORPUS", "DATA", "MODEL", "CHROMA_URL", "ALLOWED_ORIGINS", "FRAME_ANCESTORS", "LOG_LEVEL"),
    "ALLOWED_HOSTS",
    *("LLM", "LLM_BASE_URL", "LLM_API_KEY", "LLM_TIMEOUT_S", "LLM_DAILY_TOKENS"),
    *("AUTH", "JWT_KEY", "JWT_ISSUER", "JWT_AUDIENCE", "PROXY_ADDRESSES", "PROXY_HEADER"),
    *("RATE_LIMIT", "RATE_STORE", "FEEDBACK_URL"),
}


NETWORKS = ("10.0.0.5/32", "10.1.0.0/16", "::1/128")
REDIS = "rediss://:Pa55@r.example:6380/2"
DATABASE = "postgresql://me:Pa55@db.example/kept"


# An Ed25519 key, made for this test; its other half is thrown away.
PUBLIC = (
    "-----BEGIN PUBLIC KEY-----\\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\\n"
    "-----END PUBLIC KEY-----"
)


def load(**values: str) -> Settings:
    return Settings.load({f"LADDER_QA_{key}": value for key, value in values.items()}, None)


def refusal(**values: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**values)
    return str(caught.value)


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = Settings.load({}, None)
    assert (settings.corpus, settings.data) == (Path("corpus"), Path(".ladder-qa"))
    assert (settings.model, settings.llm, settings.auth) == ("", "none", "none")
    assert (settings.chroma_url, settings.allowed_origins, settings.frame_ancestors) == ("", (), ())


def test_every_key_of_the_contract_is_known() -> None:
    assert {name.upper() for name in Settings.model_fields} == CONTRACT_KEYS


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("CORPUS", "ladder", "corpus", Path("ladder")),
        ("CORPUS", "~/ladder", "corpus", Path.home() / "ladder"),
        ("CHROMA_URL", "http://localhost:8000/", "chroma_url", "http://localhost:8000"),
        ("CHROMA_URL", "https://[::1]", "chroma_url", "https://[::1]"),
        (
            "ALLOWED_ORIGINS",
            "https://A.example, http://b.example:81/",
            "allowed_origins",
            ("https://a.example", "http://b.example:81"),
        ),
        ("ALLOWED_HOSTS", "Ladder.example,[::1]", "allowed_hosts", ("ladder.example", "[::1]")),
        (
            "FRAME_ANCESTORS",
            "'self',https://*.example.com:*",
            "frame_ancestors",
            ("'self'", "https://*.example.com:*"),
        ),
        ("AUTH", "Open", "auth", "open"),
        ("LOG_LEVEL", "WARNING", "log_level", "warning"),
        ("LLM", "none", "llm", "none"),
        ("RATE_STORE", "memory", "rate_store", "memory"),
        ("RATE_LIMIT", "", "rate_limit", ""),
        ("MODEL", "  ", "model", ""),
        ("LLM", " None ", "llm", "none"),
        ("LLM", "Ollama/hf.co/some/Model:Q4_K_M", "llm", "ollama/hf.co/some/Model:Q4_K_M"),
        ("LLM_BASE_URL", "HTTP://Localhost:8080/V1/", "llm_base_url", "http://localhost:8080/V1"),
        ("LLM_BASE_URL", "https://gateway.example", "llm_base_url", "https://gateway.example"),
        ("LLM_TIMEOUT_S", "0.5", "llm_timeout_s", 0.5),
        ("LLM_DAILY_TOKENS", "200000", "llm_daily_tokens", 200_000),
        ("LLM_DAILY_TOKENS", "", "llm_daily_tokens", None),
        ("PROXY_ADDRESSES", "10.0.0.5, 10.1.0.0/16,::1", "proxy_addresses", NETWORKS),
        ("PROXY_HEADER", " X-Forwarded-User ", "proxy_header", "X-Forwarded-User"),
        ("RATE_LIMIT", "30/minute;500 per day", "rate_limit", "30/minute;500 per day"),
        ("RATE_STORE", " Memory ", "rate_store", "memory"),
        ("RATE_STORE", "rediss://:Pa55@r.example:6380/2", "rate_store", REDIS),
        ("FEEDBACK_URL", "postgresql://me:Pa55@db.example/kept", "feedback_url", DATABASE),
        ("JWT_AUDIENCE", " ladder ", "jwt_audience", "ladder"),
    ],
)
def test_an_allowed_value_is_read(key: str, value: str, field: str, expected: object) -> None:
    assert getattr(load(**{key: value}), field) == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("AUTH", "basic"),
        ("LOG_LEVEL", "loud"),
        ("CHROMA_URL", "localhost:8000"),
        ("CHROMA_URL", "http://localhost:99999"),
        ("CHROMA_URL", "http://localhost/path"),
        ("CHROMA_URL", "ftp://localhost"),
        ("ALLOWED_ORIGINS", "intranet.example"),
        ("ALLOWED_ORIGINS", "https://a.example/path"),
        ("ALLOWED_ORIGINS", "https://a.example;script-src *"),
        ("ALLOWED_HOSTS", "https://ladder.example"),
        ("ALLOWED_HOSTS", "ladder.example:443"),
        ("ALLOWED_HOSTS", "*.example"),
        ("ALLOWED_HOSTS", "ladder.example/x"),
        ("FRAME_ANCESTORS", "https://a.example; script-src *"),
        ("FRAME_ANCESTORS", "https://a.example\nX-Header: 1"),
        ("DATA", __file__),
        ("LLM", "gpt-4o"),
        ("LLM", "azure/gpt-4o"),
        ("LLM", "ollama/"),
        ("LLM", "ollama/a model"),
        ("LLM_BASE_URL", "localhost:8080"),
        ("LLM_BASE_URL", "ftp://localhost"),
        ("LLM_BASE_URL", "http://localhost:99999/v1"),
        ("LLM_BASE_URL", "http://localhost/v1?key=x"),
        ("LLM_BASE_URL", "http://localhost/v1#x"),
        ("LLM_TIMEOUT_S", "0"),
        ("LLM_TIMEOUT_S", "601"),
        ("LLM_TIMEOUT_S", "nan"),
        ("LLM_TIMEOUT_S", "soon"),
        ("LLM_DAILY_TOKENS", "0"),
        ("LLM_DAILY_TOKENS", "1.5"),
        ("PROXY_ADDRESSES", "proxy.example"),
        ("PROXY_ADDRESSES", "10.0.0.1/8"),
        ("PROXY_ADDRESSES", "0.0.0.0/0"),
        ("PROXY_HEADER", "X User"),
        ("PROXY_HEADER", "X_User"),
        ("PROXY_HEADER", "X-Forwarded-For"),
        ("PROXY_HEADER", "cookie"),
        ("RATE_LIMIT", "often"),
        ("RATE_LIMIT", "10/fortnight"),
        ("RATE_LIMIT", "0/minute"),
        ("RATE_LIMIT", "10/minute and more"),
    ],
)
def test_a_wrong_value_is_refused_with_key_value_and_what_is_allowed(key: str, value: str) -> None:
    message = refusal(**{key: value})
    assert f"LADDER_QA_{key} has the value {value!r}" in message
    assert f"Allowed: {Settings.model_fields[key.lower()].description}" in message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("LLM_API_KEY", "s3cret with spaces"),
        ("JWT_KEY", "s3cret"),
        ("JWT_KEY", "-----BEGIN PUBLIC KEY-----s3cret"),
        ("RATE_STORE", "redis://user:s3cret@host/not-a-number"),
        ("RATE_STORE", "redis://user:s3cret@host:99999"),
        ("RATE_STORE", "s3cret"),
        ("FEEDBACK_URL", "mysql://user:s3cret@host/db"),
        ("FEEDBACK_URL", "postgresql://user:s3cret@host"),
        ("FEEDBACK_URL", "postgresql://user:s3cret@host:99999/db"),
        ("CHROMA_URL", "http://user:s3cret@host"),
        ("ALLOWED_ORIGINS", "https://user:s3cret@host"),
        ("LLM_BASE_URL", "https://user:s3cret@host"),
    ],
)
def test_a_secret_is_never_repeated(key: str, value: str) -> None:
    message = refusal(**{key: value})
    assert f"LADDER_QA_{key}" in message
    assert "s3cret" not in message


@pytest.mark.parametrize("llm", ["openai/gpt-4.1", "anthropic/claude-sonnet-4-5"])
def test_a_provider_that_needs_a_key_is_refused_without_one(llm: str) -> None:
    message = refusal(LLM=llm)
    provider = llm.partition("/")[0]
    assert (
        f"LADDER_QA_LLM_API_KEY has the value (hidden), which is empty, but {provider}" in message
    )
    assert "Allowed: " in message
    assert load(LLM=llm, LLM_API_KEY=" key\n").llm_api_key.get_secret_value() == "key"


def test_openai_like_is_refused_without_an_address_and_needs_no_key() -> None:
    message = refusal(LLM="openai-like/m")
    assert "LADDER_QA_LLM_BASE_URL has the value '', which is empty, but openai-like" in message
    assert load(LLM="openai-like/m", LLM_BASE_URL="http://localhost/v1").llm == "openai-like/m"


def test_all_wrong_values_are_named_at_once() -> None:
    message = refusal(AUTH="basic", LOG_LEVEL="loud")
    assert message.count("\n") == 1
    assert "LADDER_QA_AUTH" in message
    assert "LADDER_QA_LOG_LEVEL" in message


@pytest.mark.parametrize(
    ("key", "nearest"), [("CORPS", "LADDER_QA_CORPUS"), ("CHROMA_ULR", "LADDER_QA_CHROMA_URL")]
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(key: str, nearest: str) -> None:
    assert f"LADDER_QA_{key} is not a setting. The nearest one is {nearest}." in refusal(
        **{key: "x"}
    )


def test_a_key_of_another_program_is_ignored() -> None:
    assert Settings.load({"PATH": "x", "CORPUS": "y"}, None) == Settings()


def test_the_env_file_is_read_under_the_environment_and_its_other_keys_are_ignored(
    tmp_path: Path,
) -> None:
    file = tmp_path / ".env"
    file.write_text("OTHER=1\nLADDER_QA_AUTH=open\nLADDER_QA_CORPUS=a\nLADDER_QA_DATA='${X} b'\n")
    settings = Settings.load({"LADDER_QA_CORPUS": "z", "X": "1"}, file)
    assert (settings.auth, settings.corpus, settings.data) == ("open", Path("z"), Path("${X} b"))


def test_an_empty_environment_value_takes_back_what_the_env_file_says(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LADDER_QA_CHROMA_URL=http://localhost:1\n")
    assert Settings.load({"LADDER_QA_CHROMA_URL": ""}, file).chroma_url == ""


def test_a_wrong_value_in_the_env_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LADDER_QA_AUTH=basic\n")
    with pytest.raises(SettingsError, match="LADDER_QA_AUTH has the value 'basic'"):
        Settings.load({}, file)


def test_an_env_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"LADDER_QA_AUTH=\xff\xfe\n")
    with pytest.raises(SettingsError, match="UTF-8"):
        Settings.load({}, file)


def test_a_missing_env_file_is_no_error(tmp_path: Path) -> None:
    assert Settings.load({}, tmp_path / "none") == Settings()


def test_keywords_are_not_mixed_with_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADDER_QA_AUTH", "open")
    assert Settings().auth == "none"
    assert Settings.load(env_file=None).auth == "open"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().auth = "open"


def test_changes_make_a_checked_copy(tmp_path: Path) -> None:
    assert Settings().with_changes(corpus=tmp_path).corpus == tmp_path
    with pytest.raises(SettingsError, match="LADDER_QA_AUTH has the value 'basic'"):
        Settings().with_changes(auth="basic")


def test_secrets_are_not_shown_when_settings_are_printed() -> None:
    settings = load(JWT_KEY="s3cret" * 8, RATE_STORE="redis://:s3cret@r", FEEDBACK_URL=DATABASE)
    assert "s3cret" not in repr(settings)
    assert "Pa55" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "key", "reason"),
    [
        ({"AUTH": "token"}, "JWT_KEY", "is empty, but LADDER_QA_AUTH=token checks"),
        ({"AUTH": "token", "JWT_KEY": PUBLIC}, "JWT_AUDIENCE", "JWT_KEY is a public key"),
        ({"AUTH": "proxy", "PROXY_HEADER": "X-User"}, "PROXY_ADDRESSES", "listed addresses only"),
        ({"AUTH": "proxy", "PROXY_ADDRESSES": "::1"}, "PROXY_HEADER", "reads who asks from it"),
    ],
)
def test_a_kind_of_sign_in_is_refused_without_what_it_needs(
    given: dict[str, str], key: str, reason: str
) -> None:
    message = refusal(**given)
    assert message.startswith(f"LADDER_QA_{key} has the value ")
    assert reason in message
    assert f"Allowed: {Settings.model_fields[key.lower()].description}" in message


def test_each_kind_of_sign_in_is_read_with_what_it_needs() -> None:
    secret = load(AUTH="token", JWT_KEY="x" * 32)
    assert secret.jwt_key.get_secret_value() == "x" * 32
    assert load(AUTH="token", JWT_KEY=PUBLIC, JWT_AUDIENCE="ladder").auth == "token"
    assert load(AUTH="proxy", PROXY_ADDRESSES="::1", PROXY_HEADER="X-User").auth == "proxy"


@pytest.mark.parametrize(
    ("key", "value", "module", "extra"),
    [
        ("RATE_STORE", "redis://r.example", "redis", "redis"),
        ("FEEDBACK_URL", DATABASE, "psycopg", "postgresql"),
    ],
)
def test_a_package_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, module: str, extra: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert f"pip install 'ladder-qa[{extra}]'" in refusal(**{key: value})
