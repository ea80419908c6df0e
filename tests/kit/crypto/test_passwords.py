"""Which passwords a stored hash accepts, and how much work a verification costs."""

from collections.abc import Iterator
from typing import Any

import argon2
import pytest
from argon2.exceptions import VerifyMismatchError

from auth_api.kit.crypto.passwords import UNUSABLE_HASH, PasswordHasher
from auth_api.kit.crypto.policy import HashingPolicy

pytestmark = pytest.mark.engine_independent


def patient(*, memory_kib: int, iterations: int) -> HashingPolicy:
    """Return a policy with this cost whose hashes may wait, however busy the machine is."""
    return HashingPolicy(memory_kib=memory_kib, iterations=iterations, queue_timeout=600)


CHEAP = patient(memory_kib=64, iterations=1)
OTHER_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("another password")


class Work:
    """Counts the derivations that argon2 computes: an unreadable hash costs it none."""

    def __init__(self, real: argon2.PasswordHasher) -> None:
        self._real = real
        self.derivations = 0

    def verify(self, stored: str, password: bytes) -> bool:
        try:
            result = self._real.verify(stored, password)
        except VerifyMismatchError:
            self.derivations += 1
            raise
        self.derivations += 1
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    hasher = PasswordHasher(CHEAP)
    yield hasher
    hasher.close()


def counted(hasher: PasswordHasher) -> Work:
    counting = Work(hasher._argon2)  # noqa: SLF001 - counted, as a measured time would vary
    hasher._argon2 = counting  # type: ignore[assignment]  # noqa: SLF001 - as above
    return counting


@pytest.fixture
def work(hasher: PasswordHasher) -> Work:
    return counted(hasher)


async def test_password_matches_only_its_own_hash(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("Correct-Horse-7-Staple")

    assert await hasher.verify("Correct-Horse-7-Staple", stored) is True
    assert await hasher.verify("Correct-Horse-8-Staple", stored) is False


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [("caf\u00e9", "cafe\u0301"), ("cafe\u0301", "caf\u00e9"), ("\u1112\u1161\u11ab", "\ud55c"), ("\u212b", "\u00c5")],
    ids=["composed", "decomposed", "hangul", "singleton"],
)
async def test_password_matches_in_another_unicode_normal_form(hasher: PasswordHasher, chosen: str, typed: str) -> None:
    assert await hasher.verify(typed, await hasher.hash(chosen)) is True


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        ("\ufb01re", "fire"),
        ("\uff21da", "Ada"),
        ("secret", "Secret"),
        ("secret", "secret "),
        ("secret", " secret"),
        ("secret", "secret\0"),
        ("a\0b", "a\0c"),
        ("x" * 1000 + "a", "x" * 1000 + "b"),
        ("secret", ""),
    ],
    ids=["ligature", "full width", "case", "trailing space", "leading space", "nul", "after nul", "long", "empty"],
)
async def test_password_is_not_folded_trimmed_or_truncated(hasher: PasswordHasher, chosen: str, typed: str) -> None:
    assert await hasher.verify(typed, await hasher.hash(chosen)) is False


NOT_A_HASH = {
    "unknown user": None,
    "no password": UNUSABLE_HASH,
    "empty": "",
    "text": "not a hash",
    "the password": "Correct-Horse-7-Staple",
    "non-ASCII text": "pässwörd",
    "bcrypt hash": "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "scrypt hash": "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
    "only the name": "$argon2id$",
    "truncated hash": OTHER_HASH[:-20],
    "hash without digest": OTHER_HASH.rpartition("$")[0],
    "hash with a broken salt": OTHER_HASH.replace("p=1$", "p=1$*"),
    "hash with a suffix": OTHER_HASH + "$",
    "non-ASCII hash": OTHER_HASH + "ö",
    "hash with impossible parameters": OTHER_HASH.replace("m=64", "m=0"),
    "hash of an unknown version": OTHER_HASH.replace("v=19", "v=99"),
}


@pytest.mark.parametrize("stored", NOT_A_HASH.values(), ids=NOT_A_HASH)
async def test_value_that_is_not_a_hash_costs_one_derivation_and_matches_nothing(
    hasher: PasswordHasher, work: Work, stored: str | None
) -> None:
    """Otherwise the response time would reveal which users exist."""
    assert await hasher.verify("Correct-Horse-7-Staple", stored) is False
    assert work.derivations == 1


@pytest.mark.parametrize(("typed", "matches"), [("another password", True), ("wrong", False)])
async def test_hash_costs_one_derivation_for_any_password(
    hasher: PasswordHasher, work: Work, typed: str, matches: bool
) -> None:
    assert await hasher.verify(typed, OTHER_HASH) is matches
    assert work.derivations == 1


@pytest.mark.parametrize("typed", ["", UNUSABLE_HASH, "!!"])
async def test_unusable_password_matches_no_password(hasher: PasswordHasher, typed: str) -> None:
    assert await hasher.verify(typed, UNUSABLE_HASH) is False


async def test_decoy_is_random(hasher: PasswordHasher) -> None:
    other = PasswordHasher(CHEAP)
    other.close()

    assert hasher._decoy != other._decoy  # noqa: SLF001 - nothing public depends on what it is
    assert await hasher.verify("", None) is False


async def test_hash_is_salted_argon2id_with_the_cost_of_the_policy(hasher: PasswordHasher) -> None:
    first, second = await hasher.hash("same"), await hasher.hash("same")

    assert first != second
    assert first.startswith("$argon2id$v=19$m=64,t=1,p=1$")


def test_default_cost_is_that_of_owasp() -> None:
    policy = HashingPolicy()

    assert (policy.memory_kib, policy.iterations, policy.parallelism) == (19456, 2, 1)


CURRENT_POLICY = patient(memory_kib=128, iterations=2)

OTHER_POLICIES = {
    "the same": (patient(memory_kib=128, iterations=2), False),
    "less memory": (patient(memory_kib=64, iterations=2), True),
    "fewer iterations": (patient(memory_kib=128, iterations=1), True),
    "fewer iterations, more memory": (patient(memory_kib=256, iterations=1), True),
    "more memory": (patient(memory_kib=256, iterations=2), False),
    "more iterations": (patient(memory_kib=128, iterations=3), False),
}


@pytest.mark.parametrize(("policy", "is_cheaper"), OTHER_POLICIES.values(), ids=OTHER_POLICIES)
async def test_hash_of_another_cost_matches_and_needs_a_rehash_if_it_is_cheaper(
    policy: HashingPolicy, is_cheaper: bool
) -> None:
    old, current = PasswordHasher(policy), PasswordHasher(CURRENT_POLICY)
    stored = await old.hash("secret")

    assert await current.verify("secret", stored) is True
    assert current.needs_rehash(stored) is is_cheaper
    old.close()
    current.close()


@pytest.mark.parametrize(("policy", "is_cheaper"), OTHER_POLICIES.values(), ids=OTHER_POLICIES)
async def test_wrong_password_costs_at_least_the_current_work(policy: HashingPolicy, is_cheaper: bool) -> None:
    """A quicker response would reveal old accounts."""
    old, current = PasswordHasher(policy), PasswordHasher(CURRENT_POLICY)
    stored = await old.hash("secret")
    work = counted(current)

    assert await current.verify("wrong", stored) is False
    assert work.derivations == (2 if is_cheaper else 1)
    old.close()
    current.close()


def test_argon2i_hash_needs_a_rehash(hasher: PasswordHasher) -> None:
    stored = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, type=argon2.Type.I).hash("secret")

    assert hasher.needs_rehash(stored) is True
