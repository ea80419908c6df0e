"""Accounts at providers that are linked to users."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from auth_api.credentials.errors import LastSignInMethodException
from auth_api.credentials.identities.service import MAX_IDENTITIES
from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.credentials.providers.service import Providers
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.aged_rows import ago
from tests.support.identities import acme, add_identity, upstream_identity


async def ids_of_users() -> list[int]:
    return await UserRow.select(UserRow.id).order_by(UserRow.id).output(as_list=True)


async def test_concurrent_links_of_one_identity_have_one_winner(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    await user_factory()
    database, identities = services.core.database, services.core.identities

    def link(user_id: int) -> Any:
        return database.transaction(lambda: identities.insert(user_id, upstream_identity(), RequestContext()))

    linked = await asyncio.gather(*(link(user_id) for user_id in await ids_of_users() * 5))

    (winner,) = [identity for identity in linked if identity is not None]
    found = await identities.find(upstream_identity(email="other@example.com", provider="renamed"))
    assert found == winner
    for stranger in (upstream_identity("8"), upstream_identity(issuer="https://evil.example.com")):
        assert await identities.find(stranger) is None
    assert await AuditLogRow.count().where(AuditLogRow.action == "identity:linked") == 1


async def test_user_has_at_most_twenty_identities(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    (user_id,) = await ids_of_users()
    for number in range(MAX_IDENTITIES):
        await add_identity(services, user_id, str(number))

    with pytest.raises(LimitReachedException):
        await add_identity(services, user_id, "one more")


async def test_report_removes_recent_identities(user_factory: UserFactory, services: Services) -> None:
    await user_factory(is_verified=True)
    (user_id,) = await ids_of_users()
    old, _ = [await add_identity(services, user_id, subject) for subject in "12"]
    await UserIdentityRow.update({UserIdentityRow.linked_at: ago(days=8)}).where(UserIdentityRow.id == old.id)

    await services.core.database.transaction(
        lambda: services.core.access_revocation.revoke(AccessEvent.REPORTED, user_id)
    )

    assert [identity.id for identity in await services.core.identities.of_user(user_id)] == [old.id]
    assert await AuditLogRow.count().where(AuditLogRow.action == "identity:unlinked") == 1


async def test_only_identities_of_configured_providers_are_ways_in(
    user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    (user_id,) = await ids_of_users()
    await add_identity(services, user_id)
    ways_in = services.core.ways_in
    only_acme = Providers((acme(),))
    configured = replace(ways_in, identities=replace(ways_in.identities, providers=only_acme))

    assert (await ways_in.count(user_id), await configured.count(user_id)) == (1, 2)
    without_password: dict[Any, Any] = {UserRow.hashed_password: UNUSABLE_HASH}
    await UserRow.update(without_password, force=True)

    await configured.require_one(user_id)
    with pytest.raises(LastSignInMethodException):
        await ways_in.require_one(user_id)


async def test_export_contains_identities(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    (user_id,) = await ids_of_users()
    await add_identity(services, user_id, email="ada@example.com")

    (identity,) = (await ada.call("GET", "/api/user/export"))["identities"]

    assert identity["linked_at"] == identity.pop("last_used_at")
    assert identity.pop("linked_at")
    assert identity == {"provider": "acme", "email": "ada@example.com"}


async def test_user_without_a_password_has_none(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await ada.profile())["has_password"] is True
    without_password: dict[Any, Any] = {UserRow.hashed_password: UNUSABLE_HASH}
    await UserRow.update(without_password, force=True)
    assert (await ada.profile())["has_password"] is False
    assert (await ada.call("PATCH", "/api/user/profile", json={"username": "grace"}))["has_password"] is False
