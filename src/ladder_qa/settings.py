"""All settings of the program: one flat, frozen object, read once and passed in.

They come from environment variables with the prefix `LADDER_QA_` and from a `.env` file, the
environment first; a wrong value stops the program with the key, the value and what is allowed.
Not covered: what a setting does, which its own module says; command-line options, which `cli`
lays over the loaded settings.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ladder_qa import values
from ladder_qa.errors import SettingsError
from ladder_qa.keys import LEAST_RSA, LEAST_SECRET, read_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "LADDER_QA_"

LLM_PROVIDERS = ("openai", "anthropic", "ollama", "openai-like")
_NEED_KEY = ("openai", "anthropic")
_LLM_MODEL = re.compile(r"[!-~]+")  # no provider names a model with spaces or beyond ASCII
_KEY = re.compile(r"[!-~]*")  # what an HTTP header can carry without quoting (RFC 9110)


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _if_given(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda value: check(value) if value.strip() else "")


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """Every key of the contract. Build it with `Settings.load`, or with keywords in tests.

    A field's description says what is allowed, for the error message.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    corpus: Path = Field(default=Path("corpus"), description="a folder with Markdown documents")
    data: Path = Field(default=Path(".ladder-qa"), description="a folder that may be written to")
    model: str = Field(
        default="", description="empty (the packaged model), a folder, or a model's name"
    )
    chroma_url: Annotated[str, _if_given(values.server_url)] = Field(
        default="",
        description="empty (embedded), or http://host:port or https://host:port without "
        "user name, password, path or query",
    )
    allowed_origins: Annotated[Names, AfterValidator(values.origins)] = Field(
        default=(), description="origins such as https://intranet.example.com, separated by commas"
    )
    allowed_hosts: Annotated[Names, AfterValidator(values.hosts)] = Field(
        default=(),
        description="names by which this server is asked besides localhost, such as "
        "ladder.example.com, without a port, separated by commas",
    )
    frame_ancestors: Annotated[Names, AfterValidator(values.ancestors)] = Field(
        default=(),
        description="'self', *, or origins such as https://intranet.example.com or "
        "https://*.example.com, separated by commas",
    )
    auth: Literal["none", "token", "proxy", "open"] = Field(
        default="none",
        description="none (listens on loopback only), token (a JSON Web Token with each request), "
        "proxy (a header from a proxy that signs people in), open (no check)",
    )
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="info", description="debug, info, warning, error, critical"
    )

    llm: str = Field(
        default="none",
        description="none, or provider/model, such as openai/gpt-4.1; the providers are "
        + ", ".join(LLM_PROVIDERS),
    )
    llm_base_url: str = Field(
        default="",
        validate_default=True,
        description="empty (the provider's own address), or the http:// or https:// URL of a "
        "server without user name, password, query or fragment; needed for openai-like, whose "
        "URL usually ends in /v1",
    )
    llm_api_key: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        description="a key of visible ASCII characters; needed for openai and anthropic",
    )
    llm_timeout_s: float = Field(
        default=30.0, gt=0, le=600, description="seconds for one answer, above 0 and up to 600"
    )
    llm_daily_tokens: int | None = Field(
        default=None, gt=0, description="empty (no limit), or a whole number above 0"
    )
    jwt_key: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        description=f"a shared secret of {LEAST_SECRET} bytes or more, or a PEM public key (RSA of "
        f"{LEAST_RSA} bits or more, P-256, P-384, P-521, Ed25519 or Ed448); needed for "
        "LADDER_QA_AUTH=token",
    )
    jwt_issuer: str = Field(
        default="", description="empty (any issuer), or what the claim iss of tokens must be"
    )
    jwt_audience: str = Field(
        default="",
        validate_default=True,
        description="empty (tokens without the claim aud), or what that claim must be or hold; "
        "needed with a public key, whose owner signs tokens for other programs too",
    )
    proxy_addresses: Names = Field(
        default=(),
        validate_default=True,
        description="addresses or networks such as 10.0.0.5 or 10.1.0.0/16, separated by commas; "
        "needed for LADDER_QA_AUTH=proxy",
    )
    proxy_header: str = Field(
        default="",
        validate_default=True,
        description="the name of the header in which the proxy says who asks, such as "
        "X-Forwarded-User; needed for LADDER_QA_AUTH=proxy",
    )
    rate_limit: Annotated[str, _if_given(values.rate)] = Field(
        default="",
        description="empty (no limit), or rates such as 30/minute, several separated by ;",
    )
    rate_store: Annotated[str, AfterValidator(values.rate_store)] = Field(
        default=values.MEMORY,
        repr=False,
        description="memory, or redis://host:port/number or rediss://…, with user:password@ before "
        "the host where it wants them",
    )
    feedback_url: Annotated[str, _if_given(values.database)] = Field(
        default="",
        repr=False,
        description="empty (SQLite in the data folder), or postgresql://user:password@host/name",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (the signature is pydantic-settings')
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keywords only: the environment enters through `load`, so that tests give their own."""
        return (init_settings,)

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
    ) -> Self:
        """Settings from `environ` (default: the process's) over `env_file` (None: no file).

        An empty value counts as not set. Raises SettingsError, which names every wrong key.
        """
        real = _prefixed(os.environ if environ is None else environ)
        _refuse_unknown(cls, real)
        merged = {key: value for key, value in _from_file(env_file).items() if key in _keys(cls)}
        merged.update(real)
        given = {key: value for key, value in merged.items() if value.strip()}
        try:
            return cls(**_MappingSource(cls, given)())
        except ValidationError as error:
            raise SettingsError(_message(cls, error, given)) from None

    def with_changes(self, **changes: Any) -> Self:
        """A copy with some values replaced and checked again, as for command-line options.

        Raises SettingsError.
        """
        fields = {name: getattr(self, name) for name in type(self).model_fields} | changes
        try:
            return type(self)(**fields)
        except ValidationError as error:
            shown = {PREFIX + name.upper(): str(value) for name, value in changes.items()}
            raise SettingsError(_message(type(self), error, shown)) from None

    @field_validator("corpus", "data")
    @classmethod
    def _folder(cls, value: Path) -> Path:
        try:
            value = value.expanduser()
        except RuntimeError as error:
            raise ValueError("has an unknown home folder") from error
        if value.exists() and not value.is_dir():
            raise ValueError("is not a folder")
        return value

    @field_validator("log_level", "auth", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.strip().casefold() if isinstance(value, str) else value

    @field_validator("model", mode="after")
    @classmethod
    def _stripped(cls, value: str) -> str:
        return value.strip()

    @field_validator("llm", mode="after")
    @classmethod
    def _language_model(cls, value: str) -> str:
        value = value.strip()
        if value.casefold() == "none":
            return "none"
        provider, _, model = value.partition("/")
        provider = provider.casefold()
        if provider not in LLM_PROVIDERS:
            raise ValueError("names no known provider")
        if not _LLM_MODEL.fullmatch(model):
            raise ValueError("names no model after the provider")
        return f"{provider}/{model}"

    @field_validator("llm_base_url", mode="after")
    @classmethod
    def _llm_server(cls, value: str, info: ValidationInfo) -> str:
        if value.strip():
            return values.base_url(value)
        if _provider(info) == "openai-like":
            raise ValueError("is empty, but openai-like has no address of its own")
        return ""

    @field_validator("llm_api_key", mode="after")
    @classmethod
    def _llm_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        key = value.get_secret_value().strip()
        if not key and _provider(info) in _NEED_KEY:
            raise ValueError(f"is empty, but {_provider(info)} answers only with a key")
        if not _KEY.fullmatch(key):
            raise ValueError("holds characters that no key has")
        return SecretStr(key)

    @field_validator("jwt_key", mode="after")
    @classmethod
    def _jwt_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        text = value.get_secret_value().strip()
        if text:
            read_key(text)
        elif info.data.get("auth") == "token":
            raise ValueError("is empty, but LADDER_QA_AUTH=token checks tokens with it")
        return SecretStr(text)

    @field_validator("jwt_issuer", "jwt_audience", mode="after")
    @classmethod
    def _claim(cls, value: str, info: ValidationInfo) -> str:
        value = value.strip()
        secret = info.data.get("jwt_key")  # none where it is wrong itself
        needed = info.field_name == "jwt_audience" and info.data.get("auth") == "token"
        if needed and not value and secret and read_key(secret.get_secret_value()).public:
            raise ValueError("is empty, but LADDER_QA_JWT_KEY is a public key")
        return value

    @field_validator("proxy_addresses", mode="after")
    @classmethod
    def _networks(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not value and info.data.get("auth") == "proxy":
            raise ValueError("is empty, but LADDER_QA_AUTH=proxy trusts listed addresses only")
        return values.networks(value)

    @field_validator("proxy_header", mode="after")
    @classmethod
    def _header(cls, value: str, info: ValidationInfo) -> str:
        if value.strip():
            return values.header(value)
        if info.data.get("auth") == "proxy":
            raise ValueError("is empty, but LADDER_QA_AUTH=proxy reads who asks from it")
        return ""


# Never repeated in a message: keys, and URLs that usually carry a password.
_SECRET = frozenset({"llm_api_key", "jwt_key", "rate_store", "feedback_url"})


class _MappingSource(EnvSettingsSource):
    """pydantic-settings' own reading of environment variables, over a given mapping."""

    def __init__(self, settings_cls: type[BaseSettings], given: Mapping[str, str]) -> None:
        self._given = given
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {key.lower(): value for key, value in self._given.items()}


def _provider(info: ValidationInfo) -> str:
    """The provider that LLM names; empty where LLM itself is wrong."""
    return str(info.data.get("llm", "")).partition("/")[0]


def _keys(cls: type[Settings]) -> dict[str, str]:
    """Environment key → field name."""
    return {PREFIX + name.upper(): name for name in cls.model_fields}


def _prefixed(environ: Mapping[str, str | None]) -> dict[str, str]:
    return {
        key.upper(): value or "" for key, value in environ.items() if key.upper().startswith(PREFIX)
    }


def _from_file(env_file: Path | None) -> dict[str, str]:
    """The prefixed keys of a `.env` file, `${…}` in values left as it is; none without a file."""
    if env_file is None or not env_file.is_file():
        return {}
    try:
        return _prefixed(dotenv_values(env_file, interpolate=False, encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingsError(
            f"The settings file {str(env_file)!r} cannot be read: {reason}. "
            "Allowed: a UTF-8 text file of KEY=value lines, or no file."
        ) from error


def _refuse_unknown(cls: type[Settings], real: Mapping[str, str]) -> None:
    """An unknown key in the real environment is a mistyped one: it must not go unnoticed."""
    known = _keys(cls)
    for key in real:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
            raise SettingsError(
                f"{key} is not a setting. The nearest one is {near[0]}. "
                f"Allowed: {', '.join(sorted(known))}."
            )


def _message(cls: type[Settings], error: ValidationError, given: Mapping[str, str]) -> str:
    """One line per wrong key: the key, its value unless secret, what is wrong, what is allowed."""
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        name = str(problem["loc"][0])
        key = PREFIX + name.upper()
        field = cls.model_fields.get(name)
        allowed = field.description if field else f"one of {', '.join(sorted(_keys(cls)))}"
        reason = problem["msg"].removeprefix("Value error, ")
        if problem["type"] != "value_error":
            reason = "is not allowed"
        elif name not in _SECRET and "@" in given.get(key, ""):
            reason = "is not allowed"  # a URL's password must not come back through the reason
        lines.append(
            f"{key} has the value {_shown(name, given.get(key, ''))}, which {reason}."
            f" Allowed: {allowed}."
        )
    return "\n".join(lines)


def _shown(name: str, value: str) -> str:
    """`value` as a message may show it: secrets, and user names and passwords in URLs, hidden."""
    if name in _SECRET:
        return "(hidden)"
    if "://" in value and "@" in value:
        return "(hidden: it holds a user name or password)"
    return repr(value)
