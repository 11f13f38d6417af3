"""Tokens as identity providers give them out, and as those who forge them do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER, AUDIENCE = "https://id.example", "ladder"
SECRET, OTHER_SECRET = "right secret" * 4, "wrong secret" * 4
PAIR, OTHER_PAIR = (rsa.generate_private_key(65537, 2048) for _ in range(2))
PUBLIC = PAIR.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

BY_SECRET: dict[str, Any] = {
    "auth": "token",
    "jwt_key": SECRET,
    "jwt_issuer": ISSUER,
    "jwt_audience": AUDIENCE,
}
BY_PUBLIC_KEY = {**BY_SECRET, "jwt_key": PUBLIC}


def claims(**changes: Any) -> dict[str, Any]:
    """Right claims for an hour; None takes one out."""
    now = int(time.time())
    right = {"sub": "ann@example.com", "iss": ISSUER, "aud": AUDIENCE, "exp": now + 3600}
    return {name: value for name, value in {**right, **changes}.items() if value is not None}


def signed(key: Any = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    """A signed token."""
    return jwt.encode(claims(**changes), key, algorithm)


def forged(header: dict[str, Any], key: bytes = b"", **changes: Any) -> str:
    """A token that a library would not make: any header, signed with `key` by HMAC, or not."""
    parts = [_encoded(json.dumps(value).encode()) for value in (header, claims(**changes))]
    text = ".".join(parts)
    signature = hmac.new(key, text.encode(), hashlib.sha256).digest() if key else b""
    return f"{text}.{_encoded(signature)}"


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


NOW = int(time.time())
# What no server of these settings may let in, whatever key it has.
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "expired": {"exp": NOW - 120},
    "without an end": {"exp": None},
    "an end that is no time": {"exp": "soon"},
    "not valid yet": {"nbf": NOW + 86_400, "exp": NOW + 90_000},
    "of another issuer": {"iss": "https://elsewhere.example"},
    "of no issuer": {"iss": None},
    "for another program": {"aud": "payroll"},
    "for other programs": {"aud": ["payroll", "wiki"]},
    "for no program": {"aud": None},
    "of nobody": {"sub": None},
    "of an empty name": {"sub": " "},
}
