"""Every algorithm signs and verifies, and the ring finds the right key."""

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
def test_what_it_signs_it_verifies(algorithm: str) -> None:
    ring = KeyRing(key_of(algorithm))

    token = ring.sign(CLAIMS, token_type="at+jwt")

    assert json.loads(ring.verify(token, token_type="at+jwt")) == CLAIMS


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_header_names_algorithm_key_and_type_and_nothing_else(algorithm: str) -> None:
    key = key_of(algorithm)

    token = KeyRing(key).sign(CLAIMS, token_type="at+jwt")

    assert jwt.get_unverified_header(token) == {"alg": algorithm, "kid": key.kid, "typ": "at+jwt"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_others_verify_it_with_the_published_key(algorithm: str) -> None:
    key = key_of(algorithm)
    published: Any = SECRET if key.public_jwk is None else jwt.PyJWK(key.public_jwk)

    token = KeyRing(key).sign(CLAIMS, token_type="at+jwt")

    assert jwt.decode(token, published, algorithms=[algorithm]) == CLAIMS


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_another_type_is_refused(algorithm: str) -> None:
    ring = KeyRing(key_of(algorithm))

    with pytest.raises(SignatureRejectedError):
        ring.verify(ring.sign(CLAIMS, token_type="at+jwt"), token_type="mail+jwt")


@pytest.mark.parametrize("previous", ALGORITHMS)
@pytest.mark.parametrize("current", ALGORITHMS)
def test_the_previous_key_s_signatures_still_count(previous: str, current: str) -> None:
    old = key_of(previous)
    new = SigningKey.from_secret(OTHER_SECRET) if current == previous == "HS256" else key_of(current)
    token = KeyRing(old).sign(CLAIMS, token_type="at+jwt")

    ring = KeyRing(new, [old])

    assert json.loads(ring.verify(token, token_type="at+jwt")) == CLAIMS
    assert jwt.get_unverified_header(ring.sign(CLAIMS, token_type="at+jwt"))["kid"] == new.kid


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_of_a_previous_key_the_public_half_is_enough(algorithm: str) -> None:
    token = KeyRing(key_of(algorithm)).sign(CLAIMS, token_type="at+jwt")

    ring = KeyRing(SigningKey.from_secret(SECRET), [SigningKey.from_pem(public_pem(algorithm))])

    assert json.loads(ring.verify(token, token_type="at+jwt")) == CLAIMS


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_that_left_the_ring_opens_nothing(algorithm: str) -> None:
    token = KeyRing(key_of(algorithm)).sign(CLAIMS, token_type="at+jwt")

    with pytest.raises(SignatureRejectedError):
        KeyRing(SigningKey.from_secret(OTHER_SECRET)).verify(token, token_type="at+jwt")


def test_the_kid_selects_the_key_and_no_other_is_tried() -> None:
    one, two = SigningKey.from_secret(SECRET), SigningKey.from_secret(OTHER_SECRET)
    ring = KeyRing(one, [two])
    claims = b'{"sub":"7"}'

    crossed = jwt.PyJWS().encode(claims, SECRET.encode(), "HS256", {"kid": two.kid, "typ": "at+jwt"})
    straight = jwt.PyJWS().encode(claims, OTHER_SECRET.encode(), "HS256", {"kid": two.kid, "typ": "at+jwt"})

    assert ring.verify(straight, token_type="at+jwt") == claims
    with pytest.raises(SignatureRejectedError):
        ring.verify(crossed, token_type="at+jwt")


def test_the_payload_comes_back_byte_for_byte() -> None:
    """Claims are the caller's business: not even JSON is asked for."""
    key = SigningKey.from_secret(SECRET)
    payload = b"\x00\xff not JSON"

    token = jwt.PyJWS().encode(payload, SECRET.encode(), "HS256", {"kid": key.kid, "typ": "at+jwt"})

    assert KeyRing(key).verify(token, token_type="at+jwt") == payload
