"""Opaque tokens, and the derivation of their successors."""

import base64
import hashlib
import hmac
import re

import pytest

from auth_api.kit.crypto.tokens import (
    REFRESH_TOKEN,
    SECRET_KINDS,
    SuccessorDerivation,
    digest,
    new_salt,
    new_token,
)

pytestmark = pytest.mark.engine_independent

SECRET = b"a-derivation-secret-of-the-tests-0123456789"
SALT = "00112233445566778899aabbccddeeff"
RAW = "rt_" + "A" * 43


def test_token_is_a_prefix_and_256_random_bits() -> None:
    token = new_token(REFRESH_TOKEN)

    assert re.fullmatch(r"rt_[A-Za-z0-9_-]{43}", token.raw)
    assert len(base64.urlsafe_b64decode(token.raw.removeprefix("rt_") + "=")) * 8 == 256


def test_kinds_of_secrets_are_told_apart_by_their_prefixes() -> None:
    prefixes = [kind.prefix for kind in SECRET_KINDS]

    assert all(re.fullmatch(r"([a-z]+_)+", prefix) for prefix in prefixes)
    assert len(set(prefixes)) == len(prefixes)


def test_kinds_of_secrets_have_at_least_128_random_bits() -> None:
    """ASVS 5.0 V7.2.3."""
    assert min(kind.random_bytes for kind in SECRET_KINDS) * 8 >= 128


def test_digest_of_a_token_is_its_sha256() -> None:
    token = new_token(REFRESH_TOKEN)

    assert token.digest == hashlib.sha256(token.raw.encode()).hexdigest()
    assert token.digest == digest(token.raw)


def test_tokens_are_unique() -> None:
    assert len({new_token(REFRESH_TOKEN).raw for _ in range(1000)}) == 1000


def test_salt_is_128_random_bits_in_hex() -> None:
    salts = {new_salt() for _ in range(100)}

    assert len(salts) == 100
    assert all(re.fullmatch(r"[0-9a-f]{32}", salt) for salt in salts)


def test_successor_is_the_hmac_of_token_and_salt_with_an_hkdf_key() -> None:
    extracted = hmac.digest(bytes(32), SECRET, "sha256")
    key = hmac.digest(extracted, b"auth_api refresh v1\x01", "sha256")  # RFC 5869 with one block
    expected = hmac.digest(key, RAW.encode() + bytes.fromhex(SALT), "sha256")

    successor = SuccessorDerivation([SECRET]).successor(RAW, SALT)

    assert successor.raw == "rt_" + base64.urlsafe_b64encode(expected).rstrip(b"=").decode()
    assert successor.digest == digest(successor.raw)


def test_successor_is_the_same_after_a_restart() -> None:
    assert SuccessorDerivation([SECRET]).successor(RAW, SALT) == SuccessorDerivation([SECRET]).successor(RAW, SALT)


@pytest.mark.parametrize(
    ("secret", "raw", "salt"),
    [(SECRET + b"x", RAW, SALT), (SECRET, RAW[:-1] + "B", SALT), (SECRET, RAW, SALT[:-1] + "e")],
    ids=["key", "token", "salt"],
)
def test_successor_depends_on_key_token_and_salt(secret: bytes, raw: str, salt: str) -> None:
    successor = SuccessorDerivation([SECRET]).successor(RAW, SALT)

    assert SuccessorDerivation([secret]).successor(raw, salt).raw != successor.raw


def test_successor_keeps_the_prefix_and_has_a_successor() -> None:
    derivation = SuccessorDerivation([SECRET])

    second = derivation.successor("ot_a_b", SALT)
    third = derivation.successor(second.raw, SALT)

    assert (second.raw[:3], third.raw[:3]) == ("ot_", "ot_")
    assert len({"ot_a_b", second.raw, third.raw}) == 3


def test_each_secret_derives_a_candidate_newest_first() -> None:
    new, old = b"the-new-secret", b"the-old-secret"

    candidates = list(SuccessorDerivation([new, old]).candidates(RAW, SALT))

    assert candidates == [
        SuccessorDerivation([new]).successor(RAW, SALT),
        SuccessorDerivation([old]).successor(RAW, SALT),
    ]
    assert SuccessorDerivation([new, old]).successor(RAW, SALT) == candidates[0]
