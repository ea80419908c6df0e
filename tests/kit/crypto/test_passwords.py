"""Which password belongs to which hash, and what the answer costs."""

from collections.abc import Iterator
from typing import Any

import argon2
import pytest
from argon2.exceptions import VerifyMismatchError

from auth_api.kit.crypto.passwords import UNUSABLE, PasswordHasher
from auth_api.kit.crypto.policy import HashingPolicy

pytestmark = pytest.mark.engine_independent

CHEAP = HashingPolicy(memory_kib=64, iterations=1)
OTHER_PEOPLES_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("another password")


class Work:
    """Counts the derivations that argon2 really does: a hash that it cannot read costs it none."""

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
    made = PasswordHasher(CHEAP)
    yield made
    made.close()


def counted(hasher: PasswordHasher) -> Work:
    counting = Work(hasher._argon2)  # noqa: SLF001 - the work is counted, as its time would be a matter of luck
    hasher._argon2 = counting  # type: ignore[assignment]  # noqa: SLF001 - as above
    return counting


@pytest.fixture
def work(hasher: PasswordHasher) -> Work:
    return counted(hasher)


async def test_a_password_belongs_to_its_own_hash_alone(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("Correct-Horse-7-Staple")

    assert await hasher.verify("Correct-Horse-7-Staple", stored) is True
    assert await hasher.verify("Correct-Horse-8-Staple", stored) is False


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [("caf\u00e9", "cafe\u0301"), ("cafe\u0301", "caf\u00e9"), ("\u1112\u1161\u11ab", "\ud55c"), ("\u212b", "\u00c5")],
    ids=["composed", "decomposed", "hangul", "singleton"],
)
async def test_one_character_typed_in_two_ways_is_one_password(hasher: PasswordHasher, chosen: str, typed: str) -> None:
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
    ids=["ligature", "full width", "case", "blank behind", "blank before", "nul", "behind nul", "long", "empty"],
)
async def test_nothing_else_is_folded_trimmed_or_cut(hasher: PasswordHasher, chosen: str, typed: str) -> None:
    assert await hasher.verify(typed, await hasher.hash(chosen)) is False


NO_HASH = {
    "no account": None,
    "no password": UNUSABLE,
    "nothing": "",
    "a text": "not a hash",
    "the password itself": "Correct-Horse-7-Staple",
    "a text that is not ASCII": "pässwörd",
    "a hash of bcrypt": "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "a hash of scrypt": "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
    "the name alone": "$argon2id$",
    "a hash cut short": OTHER_PEOPLES_HASH[:-20],
    "a hash without its digest": OTHER_PEOPLES_HASH.rpartition("$")[0],
    "a hash with a broken salt": OTHER_PEOPLES_HASH.replace("p=1$", "p=1$*"),
    "a hash with something behind": OTHER_PEOPLES_HASH + "$",
    "a hash that is not ASCII": OTHER_PEOPLES_HASH + "ö",
    "a hash with impossible parameters": OTHER_PEOPLES_HASH.replace("m=64", "m=0"),
    "a hash of an unknown version": OTHER_PEOPLES_HASH.replace("v=19", "v=99"),
}


@pytest.mark.parametrize("stored", NO_HASH.values(), ids=NO_HASH)
async def test_what_is_no_hash_costs_the_work_of_one_and_matches_nothing(
    hasher: PasswordHasher, work: Work, stored: str | None
) -> None:
    """Otherwise the time of the answer would tell which accounts exist."""
    assert await hasher.verify("Correct-Horse-7-Staple", stored) is False
    assert work.derivations == 1


@pytest.mark.parametrize(("typed", "matches"), [("another password", True), ("wrong", False)])
async def test_a_hash_costs_one_derivation_right_or_wrong(
    hasher: PasswordHasher, work: Work, typed: str, matches: bool
) -> None:
    assert await hasher.verify(typed, OTHER_PEOPLES_HASH) is matches
    assert work.derivations == 1


@pytest.mark.parametrize("typed", ["", UNUSABLE, "!!"])
async def test_no_password_opens_an_account_that_has_none(hasher: PasswordHasher, typed: str) -> None:
    assert await hasher.verify(typed, UNUSABLE) is False


async def test_the_decoy_is_no_account_s_password(hasher: PasswordHasher) -> None:
    other = PasswordHasher(CHEAP)
    other.close()

    assert hasher._decoy != other._decoy  # noqa: SLF001 - nothing public depends on what it is
    assert await hasher.verify("", None) is False


async def test_a_hash_is_salted_argon2id_of_the_policy_s_cost(hasher: PasswordHasher) -> None:
    first, second = await hasher.hash("same"), await hasher.hash("same")

    assert first != second
    assert first.startswith("$argon2id$v=19$m=64,t=1,p=1$")


def test_the_usual_cost_is_that_of_owasp() -> None:
    usual = HashingPolicy()

    assert (usual.memory_kib, usual.iterations, usual.parallelism) == (19456, 2, 1)


TODAY = HashingPolicy(memory_kib=128, iterations=2)

MADE_WITH = {
    "the same": (HashingPolicy(memory_kib=128, iterations=2), False),
    "less memory": (HashingPolicy(memory_kib=64, iterations=2), True),
    "fewer iterations": (HashingPolicy(memory_kib=128, iterations=1), True),
    "less of one and more of the other": (HashingPolicy(memory_kib=256, iterations=1), True),
    "more memory": (HashingPolicy(memory_kib=256, iterations=2), False),
    "more iterations": (HashingPolicy(memory_kib=128, iterations=3), False),
}


@pytest.mark.parametrize(("policy", "outdated"), MADE_WITH.values(), ids=MADE_WITH)
async def test_a_hash_of_another_cost_is_still_good_and_due_for_a_new_one_if_it_cost_less(
    policy: HashingPolicy, outdated: bool
) -> None:
    then, today = PasswordHasher(policy), PasswordHasher(TODAY)
    stored = await then.hash("secret")

    assert await today.verify("secret", stored) is True
    assert today.needs_rehash(stored) is outdated
    then.close()
    today.close()


@pytest.mark.parametrize(("policy", "outdated"), MADE_WITH.values(), ids=MADE_WITH)
async def test_a_wrong_password_costs_at_least_today_s_work_whatever_the_hash_cost(
    policy: HashingPolicy, outdated: bool
) -> None:
    """A quicker answer would tell which accounts are old."""
    then, today = PasswordHasher(policy), PasswordHasher(TODAY)
    stored = await then.hash("secret")
    work = counted(today)

    assert await today.verify("wrong", stored) is False
    assert work.derivations == (2 if outdated else 1)
    then.close()
    today.close()


def test_a_hash_of_the_weaker_kind_is_due_for_a_new_one(hasher: PasswordHasher) -> None:
    stored = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, type=argon2.Type.I).hash("secret")

    assert hasher.needs_rehash(stored) is True
