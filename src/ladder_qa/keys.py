"""The key that tokens are checked with: what kind it is, and so which algorithms it may check.

A public key is never taken for a shared secret, which would let anybody who knows it sign tokens.
Not covered: checking a token (`web.auth`); fetching keys, which this program never does.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

    PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey

LEAST_SECRET = 32  # bytes: RFC 7518, section 3.2, for HS256
LEAST_RSA = 2048  # bits: RFC 7518, section 3.3

_HMAC = ((32, "HS256"), (48, "HS384"), (64, "HS512"))  # a key is as long as the hash, or longer
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_KEY_TEXTS = ("-----BEGIN", "ssh-", "ecdsa-", "{", "[")  # PEM, OpenSSH, JSON Web Key (Set)


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key and the algorithms that it may check; `public` for one half of a pair."""

    value: PublicKey | bytes = field(repr=False)
    algorithms: tuple[str, ...]
    public: bool


def read_key(text: str) -> TokenKey:
    r"""The key that a setting holds: a PEM public key, or a shared secret.

    A line end in a PEM may be written `\n`, as files of settings do. Raises ValueError, whose
    message holds nothing of the key.
    """
    text = text.strip()
    if text.startswith("-----BEGIN"):
        return _public(text.replace("\\n", "\n"))
    if text.startswith(_KEY_TEXTS):
        raise ValueError("is a key in another format than PEM")
    secret = text.encode()
    algorithms = tuple(name for least, name in _HMAC if len(secret) >= least)
    if not algorithms:
        raise ValueError(f"is a shared secret of {len(secret)} bytes")
    return TokenKey(secret, algorithms, public=False)


def _public(text: str) -> TokenKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  (0.1 s)
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    if "PRIVATE KEY" in text:
        raise ValueError("is a private key, which belongs to whoever signs the tokens")
    try:
        with warnings.catch_warnings():  # about keys that are refused below
            warnings.simplefilter("ignore")
            key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("is not a readable PEM public key") from error
    return _paired(key)


def _paired(key: PublicKeyTypes) -> TokenKey:
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa  # noqa: PLC0415

    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < LEAST_RSA:
            raise ValueError(f"is an RSA key of {key.key_size} bits")
        return TokenKey(key, _RSA, public=True)
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return TokenKey(key, (_CURVES[key.curve.name],), public=True)
    if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
        return TokenKey(key, ("EdDSA",), public=True)
    raise ValueError("is a public key of a kind that signs no tokens")
