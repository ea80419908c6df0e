"""When a verifier reads the public keys, and which it uses."""

import asyncio
import json
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from auth_api_sdk.testing import TestIssuer
from auth_api_sdk.verification.keys import KeyRing
from tests.sdk.python.verification.conftest import BenchFactory
from tests.sdk.python.verification.test_claims import signed

pytestmark = pytest.mark.engine_independent

KEY: Final = TestIssuer()._keys[0].public  # noqa: SLF001


def known(*documents: Any) -> set[str]:
    """Return the ids of the keys of a key set that are used."""
    ring = KeyRing()
    ring.replace({"keys": list(documents)}, None, 0.0)
    return set(ring.keys)


def jwk(text: str, **members: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return {**document, "kid": "k", **members}


def test_key_sets_are_read_with_care() -> None:
    elliptic = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key())
    other_curve = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key())
    good_rsa = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key())
    small_rsa = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key())  # noqa: S505 - to be refused

    for used in ({**KEY, "kid": "k"}, jwk(elliptic), jwk(good_rsa), jwk(good_rsa, use="sig", alg="RS256")):
        assert known(used) == {"k"}
    refused: list[Any] = [
        {**json.loads(OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate())), "kid": "k"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k"},
        {**KEY, "kid": 7},
        {**KEY, "kid": "k", "use": "enc"},
        {**KEY, "kid": "k", "alg": "ES256"},
        {**KEY, "kid": "k", "x": "short"},
        {**KEY, "kid": "k", "crv": "Ed448"},
        jwk(other_curve),
        jwk(small_rsa),
        jwk(good_rsa, alg="PS256"),
        {**KEY, "kid": "k", "kty": []},
        {**KEY, "kid": "k", "crv": {}},
        "no key",
        {},
    ]
    for document in refused:
        assert known(document, KEY) == {KEY["kid"]}, document


@pytest.mark.parametrize("document", [[], {}, {"keys": 7}, None, "text"])
def test_document_without_a_key_set_is_an_error(document: Any) -> None:
    with pytest.raises(ValueError, match="key set"):
        KeyRing().replace(document, None, 0.0)


async def test_thousand_unknown_keys_in_ten_seconds_cause_one_request(bench: BenchFactory) -> None:
    given = bench()
    assert await given.verdict(given.issuer.token()) == "accepted"
    given.source.asked.clear()

    verdicts = []
    for number in range(100):
        group = [signed(given.issuer, {"kid": f"unknown-{number}-{each}"}) for each in range(10)]
        verdicts += await asyncio.gather(*map(given.verdict, group))
        given.clock.now += 0.09

    assert set(verdicts) == {"TOKEN_INVALID"}
    assert given.source.asked == ["keys"]


async def test_unknown_key_is_not_asked_for_again_within_a_minute(bench: BenchFactory) -> None:
    given = bench()
    token = signed(given.issuer, {"kid": "unknown"}, exp=given.clock() + 9000)
    for _ in range(5):
        assert await given.verdict(token) == "TOKEN_INVALID"
        given.clock.now += 11

    assert given.source.asked == ["keys"]
    given.clock.now += 10
    await given.verdict(token)
    assert given.source.asked == ["keys", "keys"]


async def test_new_key_is_accepted_at_its_first_use(bench: BenchFactory) -> None:
    given = bench()
    old = given.issuer.token()
    assert await given.verdict(old) == "accepted"

    given.issuer.rotate_keys()

    assert await given.verdict(given.issuer.token()) == "accepted"
    assert await given.verdict(old) == "accepted"
    assert given.source.asked == ["keys", "keys"]


async def test_key_set_without_a_key_loses_none(bench: BenchFactory, caplog: pytest.LogCaptureFixture) -> None:
    given = bench()
    token = given.issuer.token(expires_in=90_000)
    assert await given.verdict(token) == "accepted"
    given.source.keys_document = {"keys": []}

    await given.pass_time(600)

    assert await given.verdict(token) == "accepted"
    assert "The public keys cannot be read: the key set has no key" in caplog.text
    await given.pass_time(24 * 3600, step=3600)
    assert await given.verdict(token) == "unavailable"


async def test_requests_wait_together_for_the_first_keys(bench: BenchFactory) -> None:
    given = bench()

    verdicts = await asyncio.gather(*(given.verdict(given.issuer.token()) for _ in range(50)))

    assert (set(verdicts), given.source.asked) == ({"accepted"}, ["keys"])


async def test_outage_of_ten_minutes_refuses_no_good_token(bench: BenchFactory) -> None:
    given = bench(has_feed=True)
    await given.pass_time(2)
    given.source.is_down = True
    given.source.asked.clear()

    for _ in range(60):
        await given.pass_time(10)
        assert await given.verdict(given.issuer.token()) in {"accepted", "stale"}

    attempts = given.source.asked.count("keys")
    assert 5 <= attempts <= 15, "it tries again after 1, 2, 4 … 60 s"
    given.source.is_down = False
    await given.pass_time(61)
    assert await given.verdict(given.issuer.token()) == "accepted"


async def test_outage_is_never_a_rejection(bench: BenchFactory) -> None:
    given = bench()
    given.source.is_down = True
    assert await given.verdict(given.issuer.token()) == "unavailable"
    assert await given.verdict(given.issuer.token()) == "unavailable"
    assert given.source.asked == ["keys"]  # the next attempt follows after a second

    given.clock.now += 1
    given.source.is_down = False
    assert await given.verdict(given.issuer.token()) == "accepted"
    given.source.is_down = True
    given.issuer.rotate_keys()
    assert await given.verdict(given.issuer.token()) == "unavailable"  # the new key may exist


async def test_keys_are_forgotten_after_a_day_without_an_answer(bench: BenchFactory) -> None:
    given = bench()
    token = given.issuer.token(expires_in=200_000)
    assert await given.verdict(token) == "accepted"
    given.source.is_down = True

    given.clock.now += 24 * 3600 - 1
    assert await given.verdict(token) == "accepted"
    given.clock.now += 1
    assert await given.verdict(token) == "unavailable"


@pytest.mark.parametrize(("max_age", "due"), [(None, 240), (1, 48), (600, 480), (10**9, 69_120)])
async def test_keys_are_read_again_at_four_fifths_of_their_life(
    bench: BenchFactory, max_age: float | None, due: float
) -> None:
    given = bench()
    given.source.max_age = max_age
    await given.pass_time(1)
    read_at = given.clock.now

    given.clock.now = read_at + due - 1
    await given.engine.read_what_is_due()
    assert given.source.asked == ["keys"]
    given.clock.now = read_at + due
    await given.engine.read_what_is_due()
    assert given.source.asked == ["keys", "keys"]


async def test_malformed_key_set_is_an_outage(bench: BenchFactory) -> None:
    given = bench()
    given.source.keys_document = ["no key set"]

    assert await given.verdict(given.issuer.token()) == "unavailable"


async def test_key_set_that_raises_any_error_is_read_again_only_after_a_pause(
    bench: BenchFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth_api_sdk.verification.keys._public_key", lambda document: document[7])
    given = bench()
    await given.engine.start()
    for _ in range(50):
        await given.engine.read_what_is_due()

    assert given.source.asked == ["keys"]


async def test_issuer_without_public_keys_is_a_configuration_error(bench: BenchFactory) -> None:
    given = bench()
    given.source.keys_document = {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k"}]}

    assert await given.verdict(given.issuer.token()) == "ConfigurationError"


async def test_unknown_keys_of_an_attacker_do_not_delay_a_new_key_for_a_minute(bench: BenchFactory) -> None:
    given = bench()
    assert await given.verdict(given.issuer.token()) == "accepted"
    assert await given.verdict(signed(given.issuer, {"kid": "unknown"})) == "TOKEN_INVALID"
    given.issuer.rotate_keys()
    token = given.issuer.token()
    assert await given.verdict(token) == "TOKEN_INVALID"  # the keys were read less than 10 s ago

    given.clock.now += 10
    assert await given.verdict(token) == "accepted"


async def test_token_of_a_withdrawn_key_is_refused_although_it_was_accepted(bench: BenchFactory) -> None:
    given = bench()
    token = given.issuer.token()
    assert await given.verdict(token) == "accepted"

    given.issuer.rotate_keys()
    del given.issuer._keys[1]  # noqa: SLF001
    await given.pass_time(300, step=10)

    assert await given.verdict(token) == "TOKEN_INVALID"


def test_memory_of_unknown_keys_is_bounded() -> None:
    ring = KeyRing()
    for number in range(1000):
        ring.mark_unknown(f"unknown-{number}", 0.0)

    assert len(ring._unknown) == 128  # noqa: SLF001
    assert ring.may_ask_for("unknown-0", 1.0)
    assert not ring.may_ask_for("unknown-999", 20.0)
