"""Nobody learns from a login whether an account exists: not by the answer, and not by the work it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.statements import recorded

ANSWERS = ("timestamp", "request_id")
"""What differs between any two envelopes."""


class CountingArgon2:
    """Stands before argon2 and counts."""

    def __init__(self, argon2: Any) -> None:
        self._argon2 = argon2
        self.parameters: list[str] = []

    def verify(self, stored: str, password: bytes) -> bool:
        self.parameters.append(stored.rsplit("$", 2)[0])
        return bool(self._argon2.verify(stored, password))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._argon2, name)


@contextmanager
def counted(hasher: PasswordHasher) -> Iterator[CountingArgon2]:
    argon2 = hasher._argon2  # noqa: SLF001 - where the work is done
    counting = CountingArgon2(argon2)
    hasher._argon2 = counting  # type: ignore[assignment]  # noqa: SLF001 - as above
    try:
        yield counting
    finally:
        hasher._argon2 = argon2  # noqa: SLF001 - as above


async def attempt(actor: Actor, **fields: str) -> ApiResponse:
    return await actor.call("POST", "/api/auth/login", token="", json={"password": PASSWORD, **fields})


def constant_part(response: ApiResponse) -> Any:
    body = {name: value for name, value in response.json.items() if name not in ANSWERS}
    headers = {name: value for name, value in response.response.headers.items() if name != "x-request-id"}
    return response.status, list(response.json), body, headers


@pytest.mark.parametrize(
    "unknown", [{"username": "eve"}, {"email": "eve@example.com"}, {"username": "eve@example.com"}], ids=str
)
async def test_unknown_account_and_wrong_password_get_one_answer(
    user_factory: UserFactory, unknown: dict[str, str]
) -> None:
    ada = await user_factory()

    wrong = await attempt(ada, username="ada", password="Wrong-Horse-7-Staple")
    nobody = await attempt(ada, **unknown)

    assert constant_part(nobody) == constant_part(wrong)
    assert len(nobody.response.content) == len(wrong.response.content)


@pytest.mark.parametrize("marker", ["!", "$argon2id$v=19$damaged", "plain text", ""])
async def test_an_account_without_a_usable_password_is_like_a_wrong_password(
    user_factory: UserFactory, services: Services, marker: str
) -> None:
    ada = await user_factory()
    wrong = await attempt(ada, username="ada", password="Wrong-Horse-7-Staple")
    await UserRow.update({UserRow.hashed_password: marker}, force=True)

    with counted(services.hasher) as argon2:
        responses = [await attempt(ada, username="ada", password=password) for password in (PASSWORD, "!", "")]

    assert [constant_part(response) for response in responses] == [constant_part(wrong)] * 3
    assert len(argon2.parameters) >= 3


async def test_every_refusal_costs_one_hash_of_one_cost(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    disabled = await user_factory(username="disabled1")
    await UserRow.update({UserRow.is_active: False}).where(UserRow.username == disabled.username)

    costs = []
    for fields in (
        {"username": "ada", "password": "Wrong-Horse-7-Staple"},
        {"username": "eve"},
        {"email": "eve@example.com"},
        {"username": disabled.username, "password": "Wrong-Horse-7-Staple"},
        {"username": disabled.username},
        {"email": "malformed"},
        {"username": "-"},
        {"username": "ada", "password": "\x00"},
    ):
        with counted(services.hasher) as argon2:
            await attempt(ada, **fields)
        costs.append(argon2.parameters)

    assert costs == [costs[0]] * 8
    assert len(costs[0]) == 1


async def test_every_refusal_asks_the_database_the_same(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()

    asked = []
    for fields in ({"username": "ada", "password": "Wrong-Horse-7-Staple"}, {"username": "eve"}):
        with recorded(services.database.engine) as statements:
            await attempt(ada, **fields)
        asked.append(list(statements))

    assert asked[0] == asked[1]
    assert [statement.split()[0] for statement in asked[0]] == ["SELECT", "INSERT"]
