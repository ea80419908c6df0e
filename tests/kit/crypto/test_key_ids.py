"""The id of a key (`kid`), and its published members."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth_api.kit.crypto.signing import KeyRing, SigningKey
from tests.support.keys import private_pem, public_pem

pytestmark = pytest.mark.engine_independent

SECRET = "a-secret-that-only-the-tests-know-0123456789"
SHORT_X = 379
"""The private value of a P-256 key whose public x begins with a zero byte."""


def number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="))


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_kid_of_an_rsa_key_is_the_thumbprint_of_rfc_7638() -> None:
    """The example of section 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    key = RSAPublicNumbers(e=65537, n=number(modulus)).public_key()

    kid = SigningKey(algorithm="RS256", verifying=key, signing=None).kid

    assert kid == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_kid_of_an_ed25519_key_is_the_thumbprint_of_rfc_8037() -> None:
    """The example of appendix A.3."""
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="))

    kid = SigningKey(algorithm="EdDSA", verifying=key, signing=None).kid

    assert kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("private_number", [1, SHORT_X])
def test_p256_coordinates_keep_their_leading_zeros(private_number: int) -> None:
    """RFC 7518 section 6.2.1.2: always 32 bytes."""
    private = ec.derive_private_key(private_number, ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    x, y = (base64url(value.to_bytes(32)) for value in (numbers.x, numbers.y))
    thumbprint = hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest()

    key = SigningKey.from_pem(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())

    assert key.public_jwk == {
        "kty": "EC",
        "crv": "P-256",
        "x": x,
        "y": y,
        "kid": base64url(thumbprint),
        "alg": "ES256",
        "use": "sig",
    }


def test_short_x_has_a_leading_zero_byte() -> None:
    numbers = ec.derive_private_key(SHORT_X, ec.SECP256R1()).public_key().public_numbers()

    assert numbers.x < 1 << 248


@pytest.mark.parametrize(
    ("algorithm", "members"),
    [("EdDSA", {"kty", "crv", "x"}), ("ES256", {"kty", "crv", "x", "y"}), ("RS256", {"kty", "n", "e"})],
)
def test_jwk_has_only_public_members(algorithm: str, members: set[str]) -> None:
    jwk = SigningKey.from_pem(private_pem(algorithm)).public_jwk

    assert jwk is not None
    assert jwk.keys() == members | {"kid", "alg", "use"}
    assert (jwk["alg"], jwk["use"]) == (algorithm, "sig")


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_private_and_public_key_have_the_same_kid(algorithm: str) -> None:
    assert SigningKey.from_pem(private_pem(algorithm)).kid == SigningKey.from_pem(public_pem(algorithm)).kid


def test_kid_of_a_secret_is_stable_and_not_its_digest() -> None:
    key = SigningKey.from_secret(SECRET)
    plain_digest = base64url(hashlib.sha256(SECRET.encode()).digest())

    assert len(key.kid) == 16
    assert key.kid == SigningKey.from_secret(SECRET).kid
    assert key.kid != SigningKey.from_secret(SECRET + "x").kid
    assert key.kid != plain_digest[:16]


def test_secret_is_never_published() -> None:
    secret = SigningKey.from_secret(SECRET)
    published = SigningKey.from_pem(private_pem("EdDSA"))

    assert secret.public_jwk is None
    assert KeyRing(secret).public_jwks() == []
    assert SECRET not in json.dumps(KeyRing(published, [secret]).public_jwks())


def test_public_keys_are_published_with_the_signing_key_last() -> None:
    current, first, second = (SigningKey.from_pem(private_pem(name)) for name in ("EdDSA", "ES256", "RS256"))

    keys = KeyRing(current, [first, second]).public_jwks()

    assert [key["kid"] for key in keys] == [first.kid, second.kid, current.kid]


def test_signing_key_that_is_also_a_previous_key_is_published_once_and_signs() -> None:
    current = SigningKey.from_pem(private_pem("EdDSA"))
    its_public_key = SigningKey.from_pem(public_pem("EdDSA"))
    other = SigningKey.from_pem(private_pem("ES256"))

    ring = KeyRing(current, [its_public_key, other])

    assert [key["kid"] for key in ring.public_jwks()] == [other.kid, current.kid]
    assert ring.verify(ring.sign({}, token_type="t"), token_type="t") == b"{}"
