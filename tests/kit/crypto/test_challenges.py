"""Challenges of WebAuthn ceremonies: signed, bound, and valid for a limited time."""

import hmac
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from auth_api.kit import base64url
from auth_api.kit.crypto.challenges import ChallengePurpose, Challenges, RejectedChallengeError
from auth_api.kit.crypto.tokens import derive_key

pytestmark = pytest.mark.engine_independent

NEW, OLD = b"the-newer-derivation-secret-0123456789", b"the-older-derivation-secret-0123456789"
CHALLENGES = Challenges([NEW, OLD])
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LOGIN, REGISTRATION = ChallengePurpose.LOGIN, ChallengePurpose.REGISTRATION


def issued(purpose: ChallengePurpose = LOGIN, binding: str = "", challenges: Challenges = CHALLENGES) -> str:
    return challenges.issue(purpose, binding=binding, now=NOW)


def rejected(challenge: str, *, binding: str = "", now: datetime = NOW, challenges: Challenges = CHALLENGES) -> str:
    with pytest.raises(RejectedChallengeError) as caught:
        challenges.verify(challenge, LOGIN, binding=binding, now=now)
    return str(caught.value)


@pytest.mark.parametrize("purpose", ChallengePurpose)
@pytest.mark.parametrize("binding", ["", "user 7, session 11", "ä"])
def test_challenge_is_accepted_for_its_purpose_and_binding(purpose: ChallengePurpose, binding: str) -> None:
    challenge = issued(purpose, binding)

    end = CHALLENGES.verify(challenge, purpose, binding=binding, now=NOW)

    assert end == NOW + timedelta(minutes=5, seconds=30)


def test_challenge_is_random_expiry_purpose_and_signature() -> None:
    """Other versions of the server, which run at the same time, read the same form."""
    data = base64url.decode(issued(REGISTRATION, "user 7"))

    signed, signature = data[:21], data[21:]
    key = derive_key(NEW, b"auth_api challenge v1")
    assert signed[16:] == int(NOW.timestamp() + 300).to_bytes(4) + b"\x04"
    assert signature == hmac.digest(key, signed + b"user 7", "sha256")
    assert len(issued()) == 71


def test_challenges_are_random() -> None:
    assert len({base64url.decode(issued())[:16] for _ in range(100)}) == 100


@pytest.mark.parametrize(("used_for", "issued_for"), list(permutations(ChallengePurpose, 2)))
def test_challenge_of_another_purpose_is_rejected(used_for: ChallengePurpose, issued_for: ChallengePurpose) -> None:
    with pytest.raises(RejectedChallengeError, match="challenge_has_another_purpose"):
        CHALLENGES.verify(issued(issued_for), used_for, binding="", now=NOW)


@pytest.mark.parametrize(("issued_to", "used_by"), [("user 7", "user 8"), ("user 7", ""), ("", "user 7"), ("7", "07")])
def test_challenge_of_another_binding_is_rejected(issued_to: str, used_by: str) -> None:
    assert rejected(issued(binding=issued_to), binding=used_by) == "challenge_forged"


@pytest.mark.parametrize("seconds", [0, 299, 300, 329.999])
def test_challenge_is_accepted_for_5_minutes_and_30_seconds(seconds: float) -> None:
    challenge = issued()

    end = CHALLENGES.verify(challenge, LOGIN, binding="", now=NOW + timedelta(seconds=seconds))

    assert end == NOW + timedelta(seconds=330)


@pytest.mark.parametrize("seconds", [330, 331, 86400])
def test_expired_challenge_is_rejected(seconds: int) -> None:
    assert rejected(issued(), now=NOW + timedelta(seconds=seconds)) == "challenge_expired"


def test_challenge_survives_a_key_rotation_until_its_key_is_removed() -> None:
    challenge = issued(challenges=Challenges([OLD]))

    assert CHALLENGES.verify(challenge, LOGIN, binding="", now=NOW) > NOW
    assert rejected(challenge, challenges=Challenges([NEW])) == "challenge_forged"


def test_newest_key_signs() -> None:
    assert Challenges([NEW]).verify(issued(), LOGIN, binding="", now=NOW) > NOW


def test_challenge_with_any_changed_bit_is_rejected() -> None:
    data = base64url.decode(issued())

    for bit in range(8 * len(data)):
        changed = (int.from_bytes(data) ^ 1 << bit).to_bytes(len(data))
        assert rejected(base64url.encode(changed)) == "challenge_forged"


@pytest.mark.parametrize("length", [0, 1, 20, 21, 52, 54, 1000])
def test_challenge_of_another_length_is_rejected(length: int) -> None:
    data = base64url.decode(issued())

    assert rejected(base64url.encode((data + bytes(1000))[:length])) == "challenge_malformed"


@pytest.mark.parametrize("end", ["=", "==", "\n", "A", " ", "ä"])
def test_challenge_has_one_spelling(end: str) -> None:
    """A second spelling of a used challenge would be a second use."""
    assert rejected(issued() + end) == "challenge_malformed"


def test_last_character_of_a_challenge_has_one_spelling() -> None:
    challenge = issued()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    for character in set(alphabet) - {challenge[-1]}:
        assert rejected(challenge[:-1] + character).startswith("challenge_")
