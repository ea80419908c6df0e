"""Random changes of a token: `verify` returns the payload of a genuine token, or raises one exception."""

import base64
import hmac
import json
import random
from typing import Any

import pytest

from auth_api.kit.crypto.signing import KeyRing, SignatureRejectedError, SigningKey
from tests.support.keys import ALGORITHMS, private_pem

pytestmark = pytest.mark.engine_independent

SEED = 20260219
SECRET = "a-secret-that-only-the-tests-know-0123456789"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_....==+/ \n\0é\ud83d"


def key_of(algorithm: str) -> SigningKey:
    return SigningKey.from_secret(SECRET) if algorithm == "HS256" else SigningKey.from_pem(private_pem(algorithm))


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def mutated(token: str, chance: random.Random) -> str:
    characters = list(token)
    for _ in range(chance.randint(1, 3)):
        position = chance.randrange(len(characters))
        match chance.randrange(4):
            case 0:
                characters[position] = chance.choice(ALPHABET)
            case 1:
                characters.insert(position, chance.choice(ALPHABET))
            case 2:
                del characters[position]
            case _:
                other = chance.randrange(len(characters))
                characters[position], characters[other] = characters[other], characters[position]
    return "".join(characters)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_mutated_token_is_rejected(algorithm: str) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same tokens every time
    ring = KeyRing(key_of(algorithm))
    genuine = ring.sign({"sub": "7"}, token_type="at+jwt")

    accepted = []
    for token in (mutated(genuine, chance) for _ in range(1500)):
        try:
            ring.verify(token, token_type="at+jwt")
        except SignatureRejectedError:
            continue
        if token != genuine:
            accepted.append(token)

    assert accepted == []


def random_header(kid: str, chance: random.Random) -> dict[str, Any]:
    odd: list[Any] = [None, True, 0, -1, 1.5, "", "x", [], {}, ["b64"], [None], {"a": 1}]
    likely: dict[str, list[Any]] = {
        "alg": ["HS256", "HS256", "HS256", "none", "RS256"],
        "kid": [kid, kid, kid, kid + "x"],
        "typ": ["at+jwt", "at+jwt", "at+jwt", "JWT"],
        "crit": odd,
        "b64": [True, False],
        "jwk": odd,
        "jku": odd,
        "zip": odd,
        "cty": odd,
    }
    chosen = {"alg", "kid", "typ"} | {name for name in likely if chance.random() < 0.1}
    return {
        name: chance.choice(odd if chance.random() < 0.1 else likely[name])
        for name in sorted(chosen)
        if chance.random() < 0.95
    }


def test_validly_signed_token_is_accepted_only_with_the_expected_header() -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same tokens every time
    key = key_of("HS256")
    ring = KeyRing(key)

    outcomes = {True: 0, False: 0}
    for _ in range(3000):
        header = random_header(key.kid, chance)
        content = f"{base64url(json.dumps(header).encode())}.{base64url(b'{}')}"
        token = f"{content}.{base64url(hmac.digest(SECRET.encode(), content.encode(), 'sha256'))}"
        is_expected = {"alg": "HS256", "kid": key.kid, "typ": "at+jwt"}.items() <= header.items()
        try:
            ring.verify(token, token_type="at+jwt")
        except SignatureRejectedError:
            is_accepted = False
        else:
            is_accepted = True
        assert is_accepted == (is_expected and "crit" not in header and "b64" not in header), header
        outcomes[is_accepted] += 1

    assert min(outcomes.values()) > 500
