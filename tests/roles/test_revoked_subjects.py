"""Every end of an account leaves a row by which services refuse its access tokens, also after the account is gone."""

from auth_api.kit.clock import utc_now
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.roles.revoked_subjects.service import RevokedSubjects
from auth_api.roles.revoked_subjects.tables import RevokedSubjectRow
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support import operators
from tests.support.actors import Actor
from tests.support.aged_rows import ago
from tests.support.mail_flows import undo


async def revoked() -> set[int]:
    return set(await RevokedSubjectRow.select(RevokedSubjectRow.user_id).output(as_list=True))


async def id_of(actor: Actor) -> int:
    (user_id,) = await UserRow.select(UserRow.id).where(UserRow.username == actor.username).output(as_list=True)
    return int(user_id)


async def test_user_is_marked_when_the_account_is_disabled_or_deleted_by_any_path(
    user_factory: UserFactory, services: Services
) -> None:
    disabled, deleted, owner, displaced, victim, unaffected = [await user_factory() for _ in range(6)]
    ids = [await id_of(actor) for actor in (disabled, deleted, owner, displaced)]
    link = await OneTimeTokens().issue(Purpose.EMAIL_UNDO, await id_of(victim), email=displaced.email)

    await operators.disable(services, disabled.username)
    await operators.delete(services, await id_of(deleted))
    assert (await owner.call("POST", "/api/user/delete", json={"current_password": owner.password})).status == 204
    assert (await undo(victim, link)).status == 200
    await unaffected.call("POST", "/api/auth/logout-all")

    assert await UserRow.count() == 3
    assert await revoked() == set(ids)


async def test_user_who_is_marked_again_is_refused_until_the_later_time(services: Services) -> None:
    subjects = RevokedSubjects()
    await RevokedSubjectRow.insert(
        *(RevokedSubjectRow(user_id=number, issued_before=ago(hours=1)) for number in (7, 8))
    )
    before = utc_now()

    await services.core.database.transaction(lambda: subjects.mark_revoked(7))

    (newest,) = await subjects.newest(since=ago(minutes=30), limit=10)
    assert (newest.user_id, before <= newest.issued_before <= utc_now()) == (7, True)
    assert [each.user_id for each in await subjects.newest(since=ago(hours=2), limit=10)] == [7, 8]
    assert [each.user_id for each in await subjects.newest(since=ago(hours=2), limit=1)] == [7]
