"""Keys for tokens: what kind they are decides the algorithms, and a public key is no secret."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ladder_qa.keys import read_key

Pair = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | dsa.DSAPrivateKey
)


def pem(key: Pair) -> str:
    """The public half."""
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("key", "algorithms"),
    [
        (ec.generate_private_key(ec.SECP256R1()), ("ES256",)),
        (ec.generate_private_key(ec.SECP384R1()), ("ES384",)),
        (ec.generate_private_key(ec.SECP521R1()), ("ES512",)),
        (ed25519.Ed25519PrivateKey.generate(), ("EdDSA",)),
        (ed448.Ed448PrivateKey.generate(), ("EdDSA",)),
        (
            rsa.generate_private_key(65537, 2048),
            ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_public_key_checks_what_its_kind_signs_and_never_hmac(
    key: Pair, algorithms: tuple[str, ...]
) -> None:
    found = read_key(pem(key))
    assert (found.algorithms, found.public) == (algorithms, True)


def test_line_ends_of_a_pem_may_be_written_out() -> None:
    text = pem(ed25519.Ed25519PrivateKey.generate())
    assert read_key(text.replace("\n", "\\n")).public


@pytest.mark.parametrize(
    ("length", "algorithms"),
    [(32, ("HS256",)), (48, ("HS256", "HS384")), (64, ("HS256", "HS384", "HS512"))],
)
def test_a_shared_secret_checks_hashes_no_longer_than_itself(
    length: int, algorithms: tuple[str, ...]
) -> None:
    found = read_key("s" * length)
    assert (found.algorithms, found.public) == (algorithms, False)


PRIVATE = ed25519.Ed25519PrivateKey.generate().private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
SSH = ed25519.Ed25519PrivateKey.generate().public_key()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("s" * 31, "shared secret of 31 bytes"),
        (PRIVATE.decode(), "private key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "not a readable PEM"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "not a readable PEM"),
        (SSH.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(), "another format"),
        (json.dumps({"kty": "oct", "k": "s" * 40}), "another format"),
        (json.dumps([{"kty": "RSA", "n": "s" * 40}]), "another format"),
        (pem(rsa.generate_private_key(65537, 1024)), "RSA key of 1024 bits"),
        (pem(ec.generate_private_key(ec.SECP256K1())), "signs no tokens"),
        (pem(dsa.generate_private_key(1024)), "signs no tokens"),
    ],
    ids=lambda value: value[:30].replace("\n", " "),
)
def test_what_is_no_key_for_tokens_is_refused_without_showing_it(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        read_key(text)
    assert "ssss" not in str(caught.value)


def test_a_key_is_not_shown_when_it_is_printed() -> None:
    assert "ssss" not in repr(read_key("s" * 32))
