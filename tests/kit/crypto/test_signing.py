"""Every algorithm signs and verifies, and `kid` selects the key of the ring."""

import json
from typing import Any

import jwt
import pytest

from auth_api.kit.crypto.signing import KeyRing, SignatureRejectedError, SigningKey
from tests.support.keys import ALGORITHMS, private_pem, public_pem

pytestmark = pytest.mark.engine_independent

CLAIMS = {"sub": "7", "name": "Ädä"}
SECRET = "a-secret-that-only-the-tests-know-0123456789"
OTHER_SECRET = "another-secret-that-only-the-tests-know-0123"


def key_of(algorithm: str) -> SigningKey:
    return SigningKey.from_secret(SECRET) if algorithm == "HS256" else SigningKey.from_pem(private_pem(algorithm))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_ring_verifies_its_own_token(algorithm: str) -> None:
    ring = KeyRing(key_of(algorithm))

    token = ring.sign(CLAIMS, token_type="at+jwt")

    assert json.loads(ring.verify(token, token_type="at+jwt")) == CLAIMS


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_header_has_only_algorithm_kid_and_type(algorithm: str) -> None:
    key = key_of(algorithm)

    token = KeyRing(key).sign(CLAIMS, token_type="at+jwt")

    assert jwt.get_unverified_header(token) == {"alg": algorithm, "kid": key.kid, "typ": "at+jwt"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_published_key_verifies_the_token(algorithm: str) -> None:
    key = key_of(algorithm)
    published: Any = SECRET if key.public_jwk is None else jwt.PyJWK(key.public_jwk)

    token = KeyRing(key).sign(CLAIMS, token_type="at+jwt")

    assert jwt.decode(token, published, algorithms=[algorithm]) == CLAIMS


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_token_of_another_type_is_rejected(algorithm: str) -> None:
    ring = KeyRing(key_of(algorithm))

    with pytest.raises(SignatureRejectedError):
        ring.verify(ring.sign(CLAIMS, token_type="at+jwt"), token_type="mail+jwt")


@pytest.mark.parametrize("previous", ALGORITHMS)
@pytest.mark.parametrize("current", ALGORITHMS)
def test_token_of_the_previous_key_is_accepted(previous: str, current: str) -> None:
    old = key_of(previous)
    new = SigningKey.from_secret(OTHER_SECRET) if current == previous == "HS256" else key_of(current)
    token = KeyRing(old).sign(CLAIMS, token_type="at+jwt")

    ring = KeyRing(new, [old])

    assert json.loads(ring.verify(token, token_type="at+jwt")) == CLAIMS
    assert jwt.get_unverified_header(ring.sign(CLAIMS, token_type="at+jwt"))["kid"] == new.kid


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_public_key_of_the_previous_key_suffices(algorithm: str) -> None:
    token = KeyRing(key_of(algorithm)).sign(CLAIMS, token_type="at+jwt")

    ring = KeyRing(SigningKey.from_secret(SECRET), [SigningKey.from_pem(public_pem(algorithm))])

    assert json.loads(ring.verify(token, token_type="at+jwt")) == CLAIMS


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_token_of_a_removed_key_is_rejected(algorithm: str) -> None:
    token = KeyRing(key_of(algorithm)).sign(CLAIMS, token_type="at+jwt")

    with pytest.raises(SignatureRejectedError):
        KeyRing(SigningKey.from_secret(OTHER_SECRET)).verify(token, token_type="at+jwt")


def test_only_the_key_that_kid_names_is_tried() -> None:
    one, two = SigningKey.from_secret(SECRET), SigningKey.from_secret(OTHER_SECRET)
    ring = KeyRing(one, [two])
    claims = b'{"sub":"7"}'

    signed_by_another = jwt.PyJWS().encode(claims, SECRET.encode(), "HS256", {"kid": two.kid, "typ": "at+jwt"})
    signed_by_named = jwt.PyJWS().encode(claims, OTHER_SECRET.encode(), "HS256", {"kid": two.kid, "typ": "at+jwt"})

    assert ring.verify(signed_by_named, token_type="at+jwt") == claims
    with pytest.raises(SignatureRejectedError):
        ring.verify(signed_by_another, token_type="at+jwt")


def test_payload_is_returned_unchanged() -> None:
    """The caller checks the claims: the payload need not even be JSON."""
    key = SigningKey.from_secret(SECRET)
    payload = b"\x00\xff not JSON"

    token = jwt.PyJWS().encode(payload, SECRET.encode(), "HS256", {"kid": key.kid, "typ": "at+jwt"})

    assert KeyRing(key).verify(token, token_type="at+jwt") == payload
