"""Signing in: a request → a principal, an opaque id of who asks, or a problem (401).

`token` checks a JSON Web Token, `proxy` trusts a header of listed addresses. Names and tokens are
never logged or stored: an id is a keyed hash.
Not covered: who may see what (everybody who is signed in sees all documents); giving out tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ladder_qa.keys import read_key
from ladder_qa.web.peers import Peers
from ladder_qa.web.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Scope

    from ladder_qa.settings import Settings

SignIn = Callable[["Scope"], str]
"""A request's principal. Raises Problem (401)."""

LEEWAY_S = 30  # by which the clocks of the server and of the tokens' issuer may differ
MOST_TOKEN = 8192  # bytes; servers in front of this one seldom let more through
MOST_NAME = 512  # bytes of the proxy's header

REALM = 'realm="ladder_qa"'

# Nothing of the documents or of anybody is in these: probes, and what a page is built of.
_PUBLIC = re.compile(
    r"/livez|/readyz|/widget\.js|/widget/[A-Za-z0-9_-]+\.js|/static/[^/]+|/problems/[^/]+"
)


def is_public(path: str) -> bool:
    """Whether an address needs no signing in."""
    return bool(_PUBLIC.fullmatch(path))


def sign_in(settings: Settings, peers: Peers) -> SignIn | None:
    """How requests of the settings' kind sign in; None: nobody is asked who they are."""
    if settings.auth == "token":
        return _by_token(settings)
    if settings.auth == "proxy":
        return _by_proxy(settings, peers)
    return None


def _by_token(settings: Settings) -> SignIn:
    import jwt  # noqa: PLC0415  (0.15 s, and only with tokens)

    secret = settings.jwt_key.get_secret_value()
    key = read_key(secret)
    required = ["exp", "sub", *(["iss"] if settings.jwt_issuer else [])]
    opaque = opaque_ids(settings)

    def principal(scope: Scope) -> str:
        token = _bearer(scope)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.value,
                algorithms=key.algorithms,
                issuer=settings.jwt_issuer or None,
                audience=settings.jwt_audience or None,
                leeway=LEEWAY_S,
                options={"require": required},
            )
        except jwt.ExpiredSignatureError:
            raise _bad_token("The token has expired.") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            # Not which part of it is wrong: that would help whoever forges one.
            raise _bad_token("The token is not valid here.") from None
        subject = str(claims["sub"])
        if not subject.strip():
            raise _bad_token("The token is not valid here.")
        return opaque("token", str(claims.get("iss", "")), subject)

    return principal


def _by_proxy(settings: Settings, peers: Peers) -> SignIn:
    wanted = settings.proxy_header.casefold().encode()
    opaque = opaque_ids(settings)
    challenge = {"WWW-Authenticate": f"Proxy {REALM}"}

    def principal(scope: Scope) -> str:
        values = _values(scope, wanted)
        # Two of them are the proxy's and one that got past it: nobody knows which.
        if not peers.is_proxy(scope) or len(values) != 1 or not 0 < len(values[0]) <= MOST_NAME:
            words = "This server is reached through the proxy that signs people in."
            raise Problem("sign-in-needed", words, challenge)
        return opaque("proxy", values[0].decode("latin-1"))

    return principal


def _values(scope: Scope, wanted: bytes) -> list[bytes]:
    return [value.strip() for name, value in scope["headers"] if name.lower() == wanted]


def _bearer(scope: Scope) -> str:
    values = _values(scope, b"authorization")
    if not values:
        challenge = {"WWW-Authenticate": f"Bearer {REALM}"}
        raise Problem("sign-in-needed", _no_token(scope), challenge)
    scheme, _, token = values[0].decode("latin-1").partition(" ")
    token = token.strip()
    if len(values) > 1 or scheme.casefold() != "bearer" or not 0 < len(token) <= MOST_TOKEN:
        raise _bad_token("The header `Authorization` must be `Bearer` and one token.")
    return token


def _no_token(scope: Scope) -> str:
    if scope["path"].startswith("/api/"):
        return "This call needs the header `Authorization: Bearer` with a token."
    return (
        "This page needs a token, which a browser does not send with a page. Ask in the widget on "
        "your company's own page. (For those who run this server: pages can be read with "
        "LADDER_QA_AUTH=proxy.)"
    )


def _bad_token(words: str) -> Problem:
    challenge = {"WWW-Authenticate": f'Bearer {REALM}, error="invalid_token"'}
    return Problem("sign-in-needed", words, challenge)


def opaque_ids(settings: Settings) -> Callable[..., str]:
    """Names → an id of them. All replicas have the same key, so that they count together."""
    shared = settings.jwt_key.get_secret_value() + settings.rate_store
    key = hashlib.sha256(shared.encode()).digest()

    def digest(*parts: str) -> str:
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(key, text, hashlib.sha256).hexdigest()[:32]

    return digest
