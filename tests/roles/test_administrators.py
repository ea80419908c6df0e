"""The last active administrator cannot be removed, however many requests try it at the same time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from auth_api.roles.built_in import ADMINISTRATOR, BUILT_IN_ROLES
from auth_api.roles.errors import LastAdministratorException
from auth_api.roles.permissions import is_administrative
from auth_api.roles.service import RoleService
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.roles import give_role
from tests.support.rows import user_rows

ROLES = RoleService()


def disabling(services: Services, user_id: int) -> Callable[[], Awaitable[object]]:
    """Return an act that disables a user."""

    async def act() -> object:
        return await services.core.users.set_active(user_id, active=False)

    return act


async def disable(services: Services, user_id: int) -> None:
    await services.core.database.transaction(lambda: ROLES.keep_administrator(user_id, disabling(services, user_id)))


async def test_last_administrator_stays(user_factory: UserFactory, services: Services) -> None:
    actor = await user_factory()
    user_id = await give_role(actor.username, ADMINISTRATOR)

    with pytest.raises(LastAdministratorException):
        await disable(services, user_id)

    assert (await services.core.users.find(actor.username)).is_active


async def test_disabled_administrator_does_not_count(user_factory: UserFactory, services: Services) -> None:
    first, second, third = [await give_role((await user_factory()).username, ADMINISTRATOR) for _ in range(3)]

    await disable(services, first)
    await disable(services, second)
    await disable(services, first)  # changes nothing
    with pytest.raises(LastAdministratorException):
        await disable(services, third)


async def test_other_users_can_be_disabled_without_an_administrator(
    user_factory: UserFactory, services: Services
) -> None:
    actor = await user_factory()
    user_id = await give_role(actor.username, "support")

    await disable(services, user_id)

    assert not (await services.core.users.find(actor.username)).is_active


async def test_administrators_who_disable_each_other_leave_one(user_factory: UserFactory, services: Services) -> None:
    """Without the lock of the role, both transactions see the other administrator."""
    for _ in range(10):
        pair = [await give_role((await user_factory()).username, ADMINISTRATOR) for _ in range(2)]
        for other in {row["id"] for row in await user_rows()}.difference(pair):
            await services.core.users.set_active(other, active=False)

        results = await asyncio.gather(*(disable(services, user_id) for user_id in pair), return_exceptions=True)

        assert [type(result) for result in results if result is not None] == [LastAdministratorException]


async def test_stored_built_in_roles_are_those_of_the_code(services: Services) -> None:
    stored = {role.name: (role.description, role.rights.permissions) for role in await ROLES.all()}

    assert stored == {name: (role.description, role.permissions) for name, role in BUILT_IN_ROLES.items()}
    for role in await ROLES.all():
        assert role.is_built_in
        assert role.is_administrative == is_administrative(role.permissions.split())
        assert role.permissions.split() == sorted(role.permissions.split())
