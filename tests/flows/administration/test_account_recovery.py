"""Operators set passwords, verify e-mail addresses, end sessions and delete users."""

import asyncio

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.errors import UserNotFoundException, WeakPasswordException
from auth_api.users.tables import UserRow
from auth_api.users.user import User
from tests.conftest import OtherAppFactory, UserFactory
from tests.support import operators
from tests.support.actors import Actor
from tests.support.faults import fault
from tests.support.held_hasher import held, requests_wait
from tests.support.rows import audit_actions, user_rows

NEW = "Another-Horse-8-Clip"


async def find_user(services: Services, name: str = "ada") -> User:
    return await services.core.users.find(name)


async def newest_event() -> tuple[str, str]:
    """Return the actor and the details."""
    row = await AuditLogRow.select().order_by(AuditLogRow.id, ascending=False).first()
    assert row is not None
    return row["actor"], str(row["details"]).replace(" ", "")


async def test_set_password_replaces_the_old_one_and_ends_all_sessions(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    await ada.log_in()

    assert await services.of(AccountRecoveryService).set_password(await find_user(services), NEW) == 2

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.log_in(password=NEW)).status == 200
    assert {row["ended_reason"] for row in await SessionRow.select()} == {"password_set", None}
    assert (await audit_actions()).count("password:set") == 1


async def test_set_password_updates_the_timestamp_and_records_the_operator(
    user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    before = (await user_rows())[0]["updated_at"]

    await services.of(AccountRecoveryService).set_password(await find_user(services), NEW)

    assert (await user_rows())[0]["updated_at"] > before
    assert await newest_event() == ("cli", '{"sessions_ended":1}')


@pytest.mark.parametrize("password", ["short-1A", "correcthorsebattery", "Ada-Lovelace-2-ada", "Password1234!"])
async def test_set_password_checks_the_rules_of_the_api(
    user_factory: UserFactory, services: Services, password: str
) -> None:
    ada = await user_factory(username="lovelace")

    with pytest.raises(WeakPasswordException):
        await services.of(AccountRecoveryService).set_password(await find_user(services, "lovelace"), password)

    assert (await ada.log_in()).status == 200


async def test_set_password_resets_the_throttle(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        ada = Actor(app.client)
        await ada.register()
        for _ in range(5):
            await ada.log_in(password="Wrong-Horse-7-Staple")
        assert (await ada.log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")

        await app.services.of(AccountRecoveryService).set_password(await find_user(app.services), NEW)

        assert (await ada.log_in(password=NEW)).status == 200


async def test_set_password_works_without_an_old_password(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    await UserRow.update({UserRow.hashed_password: "!"}, force=True)

    await services.of(AccountRecoveryService).set_password(await find_user(services), NEW)

    assert (await ada.log_in(password=NEW)).status == 200


async def test_concurrent_logins_with_the_old_password_leave_no_session(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    user = await find_user(services)
    devices = [Actor(ada.client) for _ in range(8)]

    responses = await asyncio.gather(
        *(device.log_in() for device in devices[:4]),
        services.of(AccountRecoveryService).set_password(user, NEW),
        *(device.log_in() for device in devices[4:]),
    )

    assert isinstance(responses[4], int)
    for device in devices:
        if device.access_token:
            assert (await device.profile()).outcome == (401, "TOKEN_REVOKED")
    assert await SessionRow.count().where(SessionRow.ended_at.is_null()) == 0


async def test_login_checked_before_the_password_was_set_is_refused(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    user = await find_user(services)
    new_hash = await services.core.hasher.hash(NEW)

    async with held(services.core.hasher):
        login = asyncio.create_task(ada.log_in())
        await requests_wait(services.core.hasher)
        await services.core.email_ownership.set_password(user.id, new_hash)

    assert (await login).outcome == (401, "INVALID_CREDENTIALS")


async def test_email_is_verified_once(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    user = await find_user(services)
    before = (await user_rows())[0]["updated_at"]

    assert [await services.of(AccountRecoveryService).verify_email(user) for _ in range(2)] == [True, False]

    assert (await ada.profile())["email_verified"] is True
    assert (await user_rows())[0]["updated_at"] == before
    assert (await audit_actions()).count("email:verified") == 1


async def test_replaced_email_is_not_verified(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    user = await find_user(services)
    await UserRow.update({UserRow.email: "other@example.com"}, force=True)

    assert await services.of(AccountRecoveryService).verify_email(user) is False

    assert (await user_rows())[0]["email_verified_at"] is None


async def test_end_sessions_ends_all_sessions_of_one_user(user_factory: UserFactory, services: Services) -> None:
    ada, grace = await user_factory(), await user_factory(username="grace")
    await ada.log_in()

    assert await operators.end_sessions(services, (await find_user(services)).id) == 2

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await grace.profile()).status == 200
    assert await newest_event() == ("cli", '{"sessions_ended":2}')
    assert (await ada.log_in()).status == 200


async def test_deleted_user_keeps_its_events(user_factory: UserFactory, services: Services) -> None:
    ada, grace = await user_factory(), await user_factory(username="grace")

    await operators.delete(services, (await find_user(services)).id)

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await grace.profile()).status == 200
    assert [await table.count() for table in (UserRow, SessionRow, RefreshTokenRow)] == [1, 1, 1]
    assert (await audit_actions())[2] == "account:deleted"
    assert (await ada.register()).status == 201


async def test_deleted_user_cannot_be_changed(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    deleted = await find_user(services)
    await operators.delete(services, deleted.id)

    with pytest.raises(UserNotFoundException):
        await operators.delete(services, deleted.id)
    with pytest.raises(UserNotFoundException):
        await services.of(AccountRecoveryService).set_password(deleted, NEW)
    assert await services.of(AccountRecoveryService).verify_email(deleted) is False
    assert (await audit_actions()).count("account:deleted") == 1


async def test_changes_are_rolled_back_if_the_event_cannot_be_stored(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    user = await find_user(services)

    async with fault(services.core.database.engine, "refuse", "INSERT", "audit_logs"):
        for change in (
            operators.delete(services, user.id),
            services.of(AccountRecoveryService).set_password(user, NEW),
            services.of(AccountRecoveryService).verify_email(user),
            operators.end_sessions(services, user.id),
        ):
            with pytest.raises(Exception, match="fault"):
                await change

    assert (await ada.profile())["email_verified"] is False
    assert (await ada.log_in()).status == 200


@pytest.mark.parametrize("batch", [1, 5000])
async def test_end_all_sessions_ends_the_sessions_of_all_users(
    user_factory: UserFactory, services: Services, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("auth_api.sessions.service.MAX_BATCH_ROWS", batch)
    ada, bob = await user_factory(), await user_factory()
    for _ in range(2):
        await ada.log_in()

    assert await services.of(AccountRecoveryService).end_all_sessions() == 4

    for actor in (ada, bob):
        assert (await actor.profile()).outcome == (401, "TOKEN_REVOKED")
        assert (await actor.refresh()).outcome == (401, "TOKEN_REVOKED")
    assert await SessionRow.count().where(SessionRow.ended_at.is_null()) == 0
    assert await RefreshTokenRow.count().where(RefreshTokenRow.is_revoked.eq(False)) == 0
    assert await newest_event() == ("cli", '{"sessions_ended":4}')
    assert await services.of(AccountRecoveryService).end_all_sessions() == 0
    assert (await ada.log_in()).status == 200


async def test_end_all_sessions_is_rolled_back_if_the_event_cannot_be_stored(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()

    async with fault(services.core.database.engine, "refuse", "INSERT", "audit_logs"):
        with pytest.raises(Exception, match="fault"):
            await services.of(AccountRecoveryService).end_all_sessions()

    assert (await ada.profile()).status == 200
