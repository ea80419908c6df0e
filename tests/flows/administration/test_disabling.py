"""Operators find, disable and enable users."""

import pytest

from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.errors import UserNotFoundException
from auth_api.users.identifiers import parse_identifier
from tests.conftest import UserFactory
from tests.support import operators
from tests.support.faults import fault
from tests.support.rows import audit_actions, user_rows


@pytest.mark.parametrize("name", ["ada", "ADA", "ada@example.com", "Ada@Example.com"])
async def test_user_is_found_by_username_or_email(user_factory: UserFactory, services: Services, name: str) -> None:
    ada = await user_factory()

    found = await services.core.users.find(name)

    assert (found.id, found.username) == ((await ada.profile())["id"], "ada")


@pytest.mark.parametrize("name", ["eve", "eve@example.com", "", "-", "\x00", "ﬁona"])
async def test_unknown_name_raises_user_not_found(services: Services, name: str) -> None:
    with pytest.raises(UserNotFoundException):
        await services.core.users.find(name)


async def test_disabling_ends_all_sessions_and_is_recorded_once(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    await ada.log_in()

    assert [await operators.disable(services, "ada") for _ in range(2)] == [True, False]

    assert {row["ended_reason"] for row in await SessionRow.select()} == {"account_disabled"}
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.log_in()).outcome == (403, "ACCOUNT_DISABLED")
    assert (await audit_actions()).count("account:disabled") == 1


async def test_enabling_permits_logins_and_is_recorded_once(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    await operators.disable(services, "ada")
    await ada.log_in()

    assert [await operators.enable(services, "ada") for _ in range(2)] == [True, False]

    assert (await ada.log_in()).status == 200
    assert (await audit_actions()).count("account:enabled") == 1


async def test_disabling_and_enabling_update_the_timestamp(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    timestamps = [(await user_rows())[0]["updated_at"]]

    for change in (operators.disable, operators.enable, operators.enable):
        await change(services, "ada")
        timestamps.append((await user_rows())[0]["updated_at"])

    assert timestamps[0] < timestamps[1] < timestamps[2] == timestamps[3]


async def test_disabling_is_rolled_back_if_the_event_cannot_be_stored(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()

    async with fault(services.core.database.engine, "refuse", "INSERT", "audit_logs"):
        with pytest.raises(Exception, match="fault"):
            await operators.disable(services, "ada")

    assert (await ada.profile())["is_active"] is True


async def test_repr_of_credentials_omits_the_hash(user_factory: UserFactory, services: Services) -> None:
    await user_factory()

    found = await services.core.users.find_credentials(parse_identifier(email=None, username="ada"))

    assert found is not None
    assert repr(found) == f"Credentials({found.user.id})"
