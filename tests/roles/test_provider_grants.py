"""Roles that providers grant: they follow the groups of a user, and never touch what people granted."""

import json
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest
from click.testing import CliRunner

from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.flows.administration.explain_command import explain
from auth_api.flows.administration.explanation import ExplanationService
from auth_api.flows.role_administration.assignments import RoleAssignments
from auth_api.kit.request_context import RequestContext
from auth_api.operations.housekeeping.service import PROVIDER_ROLES, HousekeepingService
from auth_api.roles.errors import InUseException
from auth_api.roles.provider_grants_repository import grants_of
from auth_api.roles.revoked_subjects.tables import RevokedSubjectRow
from auth_api.roles.rights import OPERATOR
from auth_api.roles.role import MAX_ROLES_PER_USER
from auth_api.roles.role_catalogue import RoleCatalogue
from auth_api.roles.tables import RoleRow, UserRoleRow
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.aged_rows import ago
from tests.support.exposition import Changes
from tests.support.identities import add_identity
from tests.support.interleavings import interleaved
from tests.support.log_lines import logged
from tests.support.mailbox import Mailbox
from tests.support.roles import add_role, give_role
from tests.support.statements import recorded

REQUEST = RequestContext(client_ip="203.0.113.7", actor="user:1")
CLI = RequestContext(actor="cli")


@pytest.fixture
async def user_id(user_factory: UserFactory) -> int:
    """Ada, with a verified address; there are two roles of an own API."""
    actor = await user_factory(is_verified=True)
    for name in ("clerk", "seller"):
        await add_role(name, [f"orders:{name}"])
    (row,) = await UserRow.select(UserRow.id).where(UserRow.username == actor.username)
    return int(row["id"])


async def apply(
    services: Services,
    user_id: int,
    *names: str,
    identity_id: int = 7,
    provider: str = "corp",
    may_be_administrative: bool = False,
) -> None:
    async def work() -> None:
        await services.core.users.lock(user_id)
        await services.core.provider_grants.apply(
            user_id,
            identity_id,
            provider,
            names,
            may_be_administrative=may_be_administrative,
            request_context=REQUEST,
        )

    await services.core.database.transaction(work)


async def held(user_id: int) -> dict[str, int | None]:
    """Return the roles of a user, and the identity that grants each."""
    return {grant.name: grant.identity_id for grant in await grants_of(user_id)}


async def role_events() -> list[tuple[str, str, str]]:
    rows = await AuditLogRow.select().where(AuditLogRow.action.like("role:%")).order_by(AuditLogRow.id)
    return [(row["action"], row["resource"], row["actor"]) for row in rows]


def change(catalogue: RoleCatalogue, name: str, *permissions: str) -> Coroutine[Any, Any, object]:
    return catalogue.change(name, description=None, permissions=permissions, by=OPERATOR, request_context=CLI)


async def test_roles_follow_the_groups(services: Services, user_id: int) -> None:
    changes = Changes()
    await apply(services, user_id, "clerk", "seller", "clerk")
    assert await held(user_id) == {"clerk": 7, "seller": 7}
    assert await RevokedSubjectRow.count() == 0
    with recorded(services.core.database.engine) as statements:
        await apply(services, user_id, "seller", "clerk")
    assert not [each for each in statements if each.startswith(("INSERT", "DELETE"))]

    await apply(services, user_id, "seller")
    assert await held(user_id) == {"seller": 7}
    assert await RevokedSubjectRow.count() == 1
    await apply(services, user_id)
    assert await held(user_id) == {}
    assert await role_events() == [
        ("role:granted", "role:clerk", "provider:corp"),
        ("role:granted", "role:seller", "provider:corp"),
        ("role:revoked", "role:clerk", "provider:corp"),
        ("role:revoked", "role:seller", "provider:corp"),
    ]
    for outcome in ("granted", "revoked"):
        assert changes.of("role_mappings_total", provider="corp", outcome=outcome) == 2


async def test_roles_of_people_and_of_other_identities_stay(services: Services, user_id: int) -> None:
    await give_role("ada", "clerk")
    await apply(services, user_id, "clerk", "seller")
    await apply(services, user_id, "clerk", "seller", identity_id=8, provider="other")
    assert await held(user_id) == {"clerk": None, "seller": 7}
    await apply(services, user_id, identity_id=8, provider="other")
    assert await held(user_id) == {"clerk": None, "seller": 7}
    await apply(services, user_id)
    assert await held(user_id) == {"clerk": None}


async def test_person_who_grants_the_same_role_keeps_it_from_the_provider(
    services: Services, user_id: int, mailbox: Mailbox
) -> None:
    await apply(services, user_id, "clerk")
    for is_new in (True, False):
        granted = services.of(RoleAssignments).grant(user_id, "clerk", by=OPERATOR, request_context=CLI)
        assert await granted is is_new
    await apply(services, user_id)

    assert await held(user_id) == {"clerk": None}
    assert (await role_events())[1:] == [("role:granted", "role:clerk", "cli")]
    assert (await mailbox.one()).subject == "New role for your account"


async def test_explain_names_the_providers_of_roles(services: Services, user_id: int) -> None:
    await give_role("ada", "clerk")
    await apply(services, user_id, "clerk", "seller")

    found = await services.of(ExplanationService).explain("ada")
    printed = [CliRunner().invoke(explain, ["ada", *option], obj=lambda _: found).stdout for option in ([], ["--json"])]

    assert "Roles: clerk, seller (by corp)\n" in printed[0]
    assert json.loads(printed[1])["role_providers"] == {"seller": "corp"}


async def test_roles_that_cannot_be_granted_are_skipped_and_logged(services: Services, user_id: int) -> None:
    changes = Changes()
    for number in range(MAX_ROLES_PER_USER - 1):
        await add_role(f"role-{number}", [])
        await give_role("ada", f"role-{number}")

    with logged("WARNING") as lines:
        await apply(services, user_id, "unknown", "support", "clerk", "seller")

    skipped = {line["role"]: line["outcome"] for line in lines if line["event"] == "provider:role_skipped"}
    assert skipped == {"unknown": "unknown", "support": "administrative", "seller": "limit"}
    assert {name for name, identity_id in (await held(user_id)).items() if identity_id} == {"clerk"}
    assert changes.of("role_mappings_total", provider="corp", outcome="limit") == 1


async def test_administrative_roles_need_permission_and_administrator_is_never_granted(
    services: Services, user_id: int, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = cast("dict[str, str]", services.core.provider_grants.providers)
    monkeypatch.setitem(names, "corp", "Rock & Co")
    await apply(services, user_id, "administrator", "support", "clerk", may_be_administrative=True)
    assert await held(user_id) == {"support": 7, "clerk": 7}
    message = await mailbox.one()
    assert "the role “support” because of your groups at Rock & Co" in message.text

    await apply(services, user_id, "support", "clerk")
    assert await held(user_id) == {"clerk": 7}


async def test_role_that_becomes_administrative_is_taken_from_providers_that_must_not_grant_it(
    services: Services, user_id: int, user_factory: UserFactory
) -> None:
    await user_factory(username="grace")
    await apply(services, user_id, "clerk", "seller")
    await apply(services, await give_role("grace", "seller"), "clerk", identity_id=8, provider="trusted")
    catalogue = replace(services.of(RoleCatalogue), administrative_providers=("provider:trusted",))
    for name in ("clerk", "seller"):
        await change(catalogue, name, "users:read")

    rows = await UserRoleRow.select(UserRoleRow.identity_id).order_by(UserRoleRow.id).output(as_list=True)
    assert rows == [None, 8]
    assert await RevokedSubjectRow.select(RevokedSubjectRow.user_id).output(as_list=True) == [user_id]
    details = [row["details"] for row in await AuditLogRow.select().where(AuditLogRow.action == "role:changed")]
    assert all('"grants_removed":1' in each.replace(" ", "") for each in details)


@pytest.mark.engine("postgres")
async def test_login_during_the_change_of_a_role_does_not_keep_it(services: Services, user_id: int) -> None:
    """Each of both transactions stops after each of its statements in turn, while the other one runs."""
    catalogue, outcomes = services.of(RoleCatalogue), set()
    for is_login_first in (True, False):
        for statements in range(1, 12):
            await change(catalogue, "clerk")
            await apply(services, user_id)
            with interleaved(services.core.database.engine, after=statements) as interleaving:
                pair = (lambda: apply(services, user_id, "clerk"), lambda: change(catalogue, "clerk", "users:read"))
                await interleaving.run(*(pair if is_login_first else reversed(pair)))
            outcomes.add(interleaving.stopped.is_set())

            assert interleaving.deadlocks == []
            assert await held(user_id) == {}, (is_login_first, statements)
    assert outcomes == {True, False}


@pytest.mark.engine("postgres")
async def test_login_during_the_deletion_of_a_role_succeeds(services: Services, user_id: int) -> None:
    """The role is granted, and then in use, or it is gone."""

    async def delete() -> None:
        with suppress(InUseException):
            await services.of(RoleCatalogue).delete("ghost", by=OPERATOR, request_context=CLI)

    outcomes = set()
    for is_login_first in (True, False):
        for statements in range(1, 10):
            await RoleRow.delete().where(RoleRow.name == "ghost")
            await add_role("ghost", [])
            with interleaved(services.core.database.engine, after=statements) as interleaving:
                pair = (lambda: apply(services, user_id, "ghost"), delete)
                await interleaving.run(*(pair if is_login_first else reversed(pair)))
            outcomes.add("ghost" in await held(user_id))
            await apply(services, user_id)

            assert interleaving.deadlocks == []
    assert outcomes == {True, False}


async def test_roles_go_with_the_identity(services: Services, user_id: int) -> None:
    identity = await add_identity(services, user_id)
    await apply(services, user_id, "clerk", identity_id=identity.id)

    await services.core.database.transaction(lambda: services.core.identities.remove(identity.id, user_id, REQUEST))

    assert await held(user_id) == {}


async def test_roles_of_unused_and_removed_identities_are_cleaned_up(services: Services, user_id: int) -> None:
    used, unused = [await add_identity(services, user_id, subject) for subject in ("used", "unused")]
    await add_role("ghost", [])
    await give_role("ada", "support")
    for identity_id, role in ((used.id, "clerk"), (unused.id, "seller"), (4096, "ghost")):
        await apply(services, user_id, role, identity_id=identity_id)
    housekeeping = services.of(HousekeepingService)
    days = housekeeping.grants_kept_for.days
    for identity, age in ((used, days - 1), (unused, days + 1)):
        last_use: dict[Any, Any] = {UserIdentityRow.last_used_at: ago(days=age)}
        await UserIdentityRow.update(last_use).where(UserIdentityRow.id == identity.id)

    assert (await housekeeping.backlog())[PROVIDER_ROLES] == 2
    assert (await housekeeping.clean_up()).removed[PROVIDER_ROLES] == 2
    assert await held(user_id) == {"support": None, "clerk": used.id}
    assert (await role_events())[-1][0::2] == ("role:revoked", "provider:corp")
    assert await RevokedSubjectRow.count() == 1
    assert (await housekeeping.clean_up()).removed[PROVIDER_ROLES] == 0
