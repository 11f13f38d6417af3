"""What single settings may hold: hosts, origins, URLs, addresses, headers, rates.

Each function gives the value as it is used from then on, or raises ValueError with what is wrong
with it. Not covered: which setting holds what, and the message about it (`settings`).
"""

from __future__ import annotations

import importlib.util
import ipaddress
import re
from urllib.parse import urlsplit

# An origin (RFC 6454): scheme, host and port, nothing after them.
_HOST = r"(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?)"
_ORIGIN = re.compile(rf"https?://{_HOST}(?::\d{{1,5}})?")
# A host source of Content-Security-Policy; the strict form keeps `;` and spaces out of the header.
_ANCESTOR = re.compile(
    r"https?://(\[[0-9a-f:.]+\]|(\*\.)?[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?)(:(\d{1,5}|\*))?"
)
# The path of a base URL, to which a client adds its own parts.
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:%/-]*")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
# Set by browsers and proxies of any kind, so that no value of theirs says who asks.
_NO_IDENTITY = re.compile(
    r"accept|connection|content-\w+|cookie|forwarded|host|origin|referer|transfer-encoding"
    r"|user-agent|x-forwarded-(for|host|port|proto)|x-real-ip",
    re.IGNORECASE,
)
_REDIS = re.compile(
    rf"rediss?://(?:[^\s@/]*@)?{_HOST}(?::\d{{1,5}})?(?:/\d{{1,4}})?", re.IGNORECASE
)

MEMORY = "memory"


def server_url(value: str) -> str:
    """An http or https URL of scheme, host and port alone."""
    url = value.strip().removesuffix("/")
    if not _is_origin(url.casefold(), _ORIGIN):
        raise ValueError("is not the URL of a server")
    return url


def base_url(value: str) -> str:
    """An http or https URL, perhaps with a path, without a slash at its end."""
    url = value.strip().rstrip("/")
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    address = f"{scheme}://{authority}".casefold()
    if not _is_origin(address, _ORIGIN) or not _PATH.fullmatch(path):
        raise ValueError("is not the URL of a language model's server")
    return address + slash + path


def hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    """Names of hosts as the header `Host` has them, without a port."""
    found = tuple(value.casefold() for value in values)
    for value in found:
        if not re.fullmatch(_HOST, value):
            raise ValueError(f"holds {value!r}, which is not the name of a host")
    return found


def origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Origins as browsers send them."""
    found = tuple(value.casefold().removesuffix("/") for value in values)
    for value in found:
        if not _is_origin(value, _ORIGIN):
            raise ValueError(f"holds {value!r}, which is not an origin")
    return found


def ancestors(values: tuple[str, ...]) -> tuple[str, ...]:
    """Sources of `frame-ancestors`."""
    found = tuple(value.casefold().removesuffix("/") for value in values)
    for value in found:
        if value not in ("'self'", "*") and not _is_origin(value, _ANCESTOR):
            raise ValueError(f"holds {value!r}, which is not a source of frames")
    return found


def networks(values: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses and networks; an address is a network of one."""
    found = []
    for value in values:
        try:
            network = ipaddress.ip_network(value)
        except ValueError as error:
            raise ValueError(f"holds {value!r}, which is no address or network") from error
        if network.prefixlen == 0:
            raise ValueError(f"holds {value!r}, which is every address")
        found.append(str(network))
    return tuple(found)


def header(value: str) -> str:
    """The name of a header that can say who asks."""
    name = value.strip()
    if not _HEADER.fullmatch(name):
        raise ValueError("is not the name of a header")
    if _NO_IDENTITY.fullmatch(name):
        raise ValueError("is a header that does not say who asks")
    return name


def rate(value: str) -> str:
    """Rates as the package `limits` writes them."""
    from limits import parse_many  # noqa: PLC0415  (0.1 s, and only where there is a rate)

    try:
        items = parse_many(value)
    except ValueError as error:
        raise ValueError("is not a rate") from error
    if any(item.amount < 1 for item in items):
        raise ValueError("lets nobody ask")
    return value.strip()


def rate_store(value: str) -> str:
    """`memory`, or the URL of a Redis server, which may hold a password."""
    value = value.strip()
    if value.casefold() == MEMORY:
        return MEMORY
    if not _REDIS.fullmatch(value) or not _port_is_right(value):
        raise ValueError("is not the URL of a Redis server")
    _needs("redis", "redis")
    return value


def database(value: str) -> str:
    """The URL of a PostgreSQL database, which may hold a password."""
    url = value.strip()
    parts = urlsplit(url)
    known = parts.scheme in ("postgresql", "postgres") and parts.hostname
    if not known or not parts.path.strip("/") or not _port_is_right(url) or re.search(r"\s", url):
        raise ValueError("is not the URL of a PostgreSQL database")
    _needs("psycopg", "postgresql")
    return url


def _needs(module: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise ValueError(f"needs one more package: pip install 'ladder-qa[{extra}]'")


def _is_origin(value: str, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.fullmatch(value)) and (value.endswith(":*") or _port_is_right(value))


def _port_is_right(value: str) -> bool:
    try:
        return urlsplit(value).port != 0
    except ValueError:  # a port above 65535, or a broken IPv6 address
        return False
