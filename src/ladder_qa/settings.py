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
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ladder_qa.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "LADDER_QA_"

# An origin (RFC 6454): scheme, host and port, nothing after them.
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?)(:\d{1,5})?")
# A host source of Content-Security-Policy; the strict form keeps `;` and spaces out of the header.
_ANCESTOR = re.compile(
    r"https?://(\[[0-9a-f:.]+\]|(\*\.)?[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?)(:(\d{1,5}|\*))?"
)
# The path of a base URL, to which a client adds its own parts.
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:%/-]*")
_NOT_OFFERED = "not_offered"  # key in a field's `json_schema_extra`

LLM_PROVIDERS = ("openai", "anthropic", "ollama", "openai-like")
_NEED_KEY = ("openai", "anthropic")
_LLM_MODEL = re.compile(r"[!-~]+")  # no provider names a model with spaces or beyond ASCII
_KEY = re.compile(r"[!-~]*")  # what an HTTP header can carry without quoting (RFC 9110)

Names = Annotated[tuple[str, ...], NoDecode]


def _later(allowed: str) -> Any:
    """A field that the contract names and this version accepts only with its default value."""
    return Field(default="", description=allowed, json_schema_extra={_NOT_OFFERED: True})


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
    chroma_url: str = Field(
        default="",
        description="empty (embedded), or http://host:port or https://host:port without "
        "user name, password, path or query",
    )
    allowed_origins: Names = Field(
        default=(), description="origins such as https://intranet.example.com, separated by commas"
    )
    frame_ancestors: Names = Field(
        default=(),
        description="'self', *, or origins such as https://intranet.example.com or "
        "https://*.example.com, separated by commas",
    )
    auth: Literal["none", "token", "proxy", "open"] = Field(
        default="none", description="none (listens on loopback only), open (no check)"
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
        default=SecretStr(""), description="empty", json_schema_extra={_NOT_OFFERED: True}
    )
    jwt_issuer: str = _later("empty")
    jwt_audience: str = _later("empty")
    proxy_addresses: str = _later("empty")
    proxy_header: str = _later("empty")
    rate_limit: str = _later("empty (no limit)")
    rate_store: str = Field(
        default="memory", description="memory", json_schema_extra={_NOT_OFFERED: True}
    )
    feedback_url: str = _later("empty (SQLite in the data folder)")

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
        values = _MappingSource(cls, given)()
        try:
            return cls(**values)
        except ValidationError as error:
            raise SettingsError(_message(cls, error, given)) from None

    def with_changes(self, **changes: Any) -> Self:
        """A copy with some values replaced and checked again, as for command-line options.

        Raises SettingsError.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields} | changes
        try:
            return type(self)(**values)
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

    @field_validator("log_level", "auth", "rate_store", mode="before")
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
        url = value.strip().rstrip("/")
        if not url:
            if _provider(info) == "openai-like":
                raise ValueError("is empty, but openai-like has no address of its own")
            return ""
        scheme, _, rest = url.partition("://")
        authority, slash, path = rest.partition("/")
        origin = f"{scheme}://{authority}".casefold()
        if not _is_origin(origin, _ORIGIN) or not _PATH.fullmatch(path):
            raise ValueError("is not the URL of a language model's server")
        return origin + slash + path

    @field_validator("llm_api_key", mode="after")
    @classmethod
    def _llm_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        key = value.get_secret_value().strip()
        if not key and _provider(info) in _NEED_KEY:
            raise ValueError(f"is empty, but {_provider(info)} answers only with a key")
        if not _KEY.fullmatch(key):
            raise ValueError("holds characters that no key has")
        return SecretStr(key)

    @field_validator("chroma_url", mode="after")
    @classmethod
    def _server(cls, value: str) -> str:
        url = value.strip().removesuffix("/")
        if url and not _is_origin(url.casefold(), _ORIGIN):
            raise ValueError("is not the URL of a Chroma server")
        return url

    @field_validator("allowed_origins", "frame_ancestors", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_origins", mode="after")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        origins = tuple(origin.casefold().removesuffix("/") for origin in value)
        for origin in origins:
            if not _is_origin(origin, _ORIGIN):
                raise ValueError(f"holds {origin!r}, which is not an origin")
        return origins

    @field_validator("frame_ancestors", mode="after")
    @classmethod
    def _ancestors(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        sources = tuple(source.casefold().removesuffix("/") for source in value)
        for source in sources:
            if source not in ("'self'", "*") and not _is_origin(source, _ANCESTOR):
                raise ValueError(f"holds {source!r}, which is not a source of frames")
        return sources

    @field_validator("auth", mode="after")
    @classmethod
    def _offered_auth(cls, value: str) -> str:
        if value in ("token", "proxy"):
            raise ValueError(_DOES_NOT_OFFER)
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _offered(cls, value: Any, info: Any) -> Any:
        field = cls.model_fields[info.field_name]
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get(_NOT_OFFERED) and value != field.default:
            raise ValueError(_DOES_NOT_OFFER)
        return value


_DOES_NOT_OFFER = "is known, but this version does not offer it"
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


def _is_origin(value: str, pattern: re.Pattern[str]) -> bool:
    if not pattern.fullmatch(value):
        return False
    if value.endswith(":*"):
        return True
    try:
        return urlsplit(value).port != 0
    except ValueError:  # a port above 65535, or a broken IPv6 address
        return False


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
        elif _DOES_NOT_OFFER not in reason and "@" in given.get(key, ""):
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
