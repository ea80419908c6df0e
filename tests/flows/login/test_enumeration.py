"""A login does not reveal whether an account exists: neither by its response nor by its work."""

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

VARYING_FIELDS = ("timestamp", "request_id")
"""Fields that differ between any two responses."""


class CountingArgon2:
    """Wraps argon2 and records the parameters of each verification."""

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
    argon2 = hasher._argon2  # noqa: SLF001 - the library that does the work
    counting = CountingArgon2(argon2)
    hasher._argon2 = counting  # type: ignore[assignment]  # noqa: SLF001 - as above
    try:
        yield counting
    finally:
        hasher._argon2 = argon2  # noqa: SLF001 - as above


async def attempt(actor: Actor, **fields: str) -> ApiResponse:
    return await actor.call("POST", "/api/auth/login", token="", json={"password": PASSWORD, **fields})


def constant_part(response: ApiResponse) -> Any:
    body = {name: value for name, value in response.json.items() if name not in VARYING_FIELDS}
    headers = {name: value for name, value in response.response.headers.items() if name != "x-request-id"}
    return response.status, list(response.json), body, headers


@pytest.mark.parametrize(
    "unknown", [{"username": "eve"}, {"email": "eve@example.com"}, {"username": "eve@example.com"}], ids=str
)
async def test_unknown_account_and_wrong_password_get_the_same_response(
    user_factory: UserFactory, unknown: dict[str, str]
) -> None:
    ada = await user_factory()

    wrong = await attempt(ada, username="ada", password="Wrong-Horse-7-Staple")
    missing = await attempt(ada, **unknown)

    assert constant_part(missing) == constant_part(wrong)
    assert len(missing.response.content) == len(wrong.response.content)


@pytest.mark.parametrize("stored_hash", ["!", "$argon2id$v=19$damaged", "plain text", ""])
async def test_account_without_a_usable_password_is_like_a_wrong_password(
    user_factory: UserFactory, services: Services, stored_hash: str
) -> None:
    ada = await user_factory()
    wrong = await attempt(ada, username="ada", password="Wrong-Horse-7-Staple")
    await UserRow.update({UserRow.hashed_password: stored_hash}, force=True)

    with counted(services.core.hasher) as argon2:
        responses = [await attempt(ada, username="ada", password=password) for password in (PASSWORD, "!", "")]

    assert [constant_part(response) for response in responses] == [constant_part(wrong)] * 3
    assert len(argon2.parameters) >= 3


async def test_failed_logins_cost_one_hash_of_the_same_cost(user_factory: UserFactory, services: Services) -> None:
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
        with counted(services.core.hasher) as argon2:
            await attempt(ada, **fields)
        costs.append(argon2.parameters)

    assert costs == [costs[0]] * 8
    assert len(costs[0]) == 1


async def test_failed_logins_send_the_same_statements(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()

    asked = []
    for fields in ({"username": "ada", "password": "Wrong-Horse-7-Staple"}, {"username": "eve"}):
        with recorded(services.core.database.engine) as statements:
            await attempt(ada, **fields)
        asked.append(list(statements))

    assert asked[0] == asked[1]
    assert [statement.split()[0] for statement in asked[0]] == ["SELECT", "INSERT"]
