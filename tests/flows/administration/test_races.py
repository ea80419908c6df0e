"""Acts of administrators at the same time as others."""

import asyncio
from itertools import count

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.roles.errors import LastAdministratorException
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support import operators
from tests.support.administrators import USERS, act_on, administrator, id_of
from tests.support.held_hasher import held, requests_wait
from tests.support.interleavings import interleaved
from tests.support.mail_flows import mark_all_verified
from tests.support.roles import give_role

ROUNDS = 10


async def events_of(user_id: int) -> list[str]:
    rows = await AuditLogRow.select(AuditLogRow.action).where(AuditLogRow.user_id == user_id).order_by(AuditLogRow.id)
    return [row["action"] for row in rows if row["action"] in {"role:granted", "account:disabled"}]


async def test_administrators_who_remove_each_other_leave_one(user_factory: UserFactory) -> None:
    """By any mix of acts (keycloak#20415, #36007)."""
    await administrator(user_factory, "support")
    for number in range(ROUNDS):
        pair = [await user_factory(username=f"{name}{number}") for name in ("ada", "grace")]
        for actor in pair:
            await give_role(actor.username, ADMINISTRATOR)
        ids = [await id_of(actor) for actor in pair]
        acts = [("POST", f"{USERS}/{ids[1]}/disable"), ("DELETE", f"{USERS}/{ids[0]}")]

        responses = await asyncio.gather(
            *(
                actor.call(method, path, json={} if method == "POST" else None)
                for actor, (method, path) in zip(pair, acts, strict=True)
            )
        )

        assert sum(response.status < 300 for response in responses) == 1
        assert {response.code for response in responses} & {"LAST_ADMINISTRATOR", "TOKEN_REVOKED"}
        left = await UserRow.select(UserRow.id).where(UserRow.id.is_in(ids), UserRow.is_active.eq(True))
        assert len(left) == 1
        await UserRow.update({UserRow.is_active: False}).where(UserRow.id.is_in(ids))


async def test_role_that_is_granted_during_an_act_counts(user_factory: UserFactory) -> None:
    """A manager disables a user before the user becomes an auditor, or not at all."""
    boss, manager = await administrator(user_factory), await administrator(user_factory, "user-manager")
    for number in range(ROUNDS):
        grace = await user_factory(username=f"grace{number}")
        await mark_all_verified()
        user_id = await id_of(grace)

        granted, disabled = await asyncio.gather(
            boss.call("PUT", f"{USERS}/{user_id}/roles/auditor"), act_on(manager, "POST", grace, "/disable")
        )

        assert (granted.status, disabled.status in {200, 403}) == (204, True)
        assert await events_of(user_id) in (["role:granted"], ["account:disabled", "role:granted"])


@pytest.mark.engine("postgres")
async def test_grant_and_disabling_are_one_after_the_other_at_each_statement(
    user_factory: UserFactory, services: Services
) -> None:
    boss, manager = await administrator(user_factory), await administrator(user_factory, "user-manager")
    refused = 0
    for statements in count(1):
        grace = await user_factory(username=f"grace{statements}")
        await mark_all_verified()
        user_id = await id_of(grace)
        path = f"{USERS}/{user_id}/roles/auditor"
        with interleaved(services.core.database.engine, after=statements) as interleaving:
            granted, disabled = await interleaving.run(
                lambda: boss.call("PUT", path),  # noqa: B023 - awaited here
                lambda: act_on(manager, "POST", grace, "/disable"),  # noqa: B023 - as above
            )

        assert (granted.status, interleaving.deadlocks) == (204, [])
        assert await events_of(user_id) in (["role:granted"], ["account:disabled", "role:granted"])
        refused += disabled.code == "RANK_TOO_LOW"
        if not interleaving.stopped.is_set():
            break
    assert refused > 1


async def test_user_who_is_deleted_during_the_check_of_the_password_gets_an_answer(
    user_factory: UserFactory, services: Services
) -> None:
    boss, grace = await administrator(user_factory), await user_factory()
    async with held(services.core.hasher):
        own = asyncio.create_task(grace.call("POST", "/api/user/delete", json={"current_password": grace.password}))
        await requests_wait(services.core.hasher)
        assert (await act_on(boss, "DELETE", grace)).status == 204

    assert (await own).outcome in {(401, "TOKEN_REVOKED"), (404, "USER_NOT_FOUND")}
    assert await AuditLogRow.count().where(AuditLogRow.action == "account:deleted") == 1


async def test_operator_can_remove_the_last_administrator_on_purpose(
    user_factory: UserFactory, services: Services
) -> None:
    boss = await administrator(user_factory)
    with pytest.raises(LastAdministratorException):
        await operators.disable(services, boss.username)

    assert await operators.disable(services, boss.username, leave_none=True)
    assert (await boss.log_in()).outcome == (403, "ACCOUNT_DISABLED")
