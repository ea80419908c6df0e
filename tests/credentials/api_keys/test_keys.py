"""API keys: creation, lists, ends, and what remains of them."""

import asyncio
from datetime import timedelta

import pytest

from auth_api.credentials.api_keys.api_key import CreatedKey, KeyOwner, KeyStatus, NewKey
from auth_api.credentials.api_keys.errors import KeyNotFoundException
from auth_api.credentials.api_keys.last_uses import WRITE_SECONDS, LastUses
from auth_api.credentials.api_keys.retention import RETENTION_RULES
from auth_api.credentials.api_keys.schemas import key_view
from auth_api.credentials.api_keys.service import MAX_KEYS_OF_USER, ApiKeys
from auth_api.credentials.api_keys.tables import ApiKeyRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.clock import rfc3339
from auth_api.kit.crypto.api_keys import has_valid_checksum
from auth_api.kit.crypto.tokens import digest
from auth_api.kit.db.retention import remove_expired
from auth_api.kit.errors import LimitReachedException, ValidationException
from auth_api.kit.pagination import PageRequest, decode_cursor
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.users.service import UserService
from tests.support.aged_rows import add_user, ago
from tests.support.clock import MovableClock
from tests.support.faults import fault

ADA = RequestContext(client_ip="203.0.113.7", actor="user:7")


@pytest.fixture
def api_keys(services: Services) -> ApiKeys:
    return services.core.api_keys


@pytest.fixture
async def owner(api_keys: ApiKeys) -> KeyOwner:
    return KeyOwner(user_id=await add_user("ada"))


async def create(api_keys: ApiKeys, owner: KeyOwner, *, name: str = "key", days: float | None = 90) -> CreatedKey:
    lifetime = timedelta(days=days) if days is not None else None
    new = NewKey(name=name, scopes=("users:read", "profile:read"), lifetime=lifetime)
    return await api_keys.database.transaction(lambda: api_keys.create(owner, new, ADA))


async def test_key_is_stored_as_its_digest_and_recorded(api_keys: ApiKeys, owner: KeyOwner) -> None:
    created = await create(api_keys, owner)

    (row,) = await ApiKeyRow.select()
    assert has_valid_checksum(created.raw)
    assert (row["token_hash"], row["hint"]) == (digest(created.raw), created.raw[9:13])
    assert (row["user_id"], row["service_account_id"]) == (owner.user_id, None)
    assert created.raw not in f"{row} {created!r}"
    key = created.key
    assert (key.scopes, key.status, key.created_by) == ("profile:read users:read", KeyStatus.ACTIVE, "user:7")
    assert key.expires_at is not None
    assert timedelta(days=90) <= key.expires_at - key.created_at < timedelta(days=91)
    (event,) = await AuditLogRow.select()
    assert (event["action"], event["resource"], event["user_id"]) == ("key:created", f"key:{key.id}", owner.user_id)


async def test_list_has_all_states_newest_first_in_pages(api_keys: ApiKeys, owner: KeyOwner) -> None:
    endless = (await create(api_keys, owner, days=None)).key
    expired = (await create(api_keys, owner, days=-1)).key
    revoked = (await create(api_keys, owner)).key
    await create(api_keys, KeyOwner(user_id=await add_user("eve")))
    await api_keys.revoke(owner, revoked.id, ADA)

    first, cursor = await api_keys.page(owner, PageRequest(2))
    second, end = await api_keys.page(owner, PageRequest(2, decode_cursor(cursor or "")))

    assert [(key.id, key.status) for key in (*first, *second)] == [
        (revoked.id, KeyStatus.REVOKED),
        (expired.id, KeyStatus.EXPIRED),
        (endless.id, KeyStatus.ACTIVE),
    ]
    assert (endless.expires_at, end) == (None, None)
    for other in ("x", "-1", str(2**63)):
        with pytest.raises(ValidationException):
            await api_keys.page(owner, PageRequest(2, other))


async def test_revocation_is_recorded_once_and_needs_the_owner(api_keys: ApiKeys, owner: KeyOwner) -> None:
    key, expired = (await create(api_keys, owner)).key, (await create(api_keys, owner, days=-1)).key

    for foreign in (KeyOwner(user_id=2**62), KeyOwner(service_account_id=owner.user_id)):
        with pytest.raises(KeyNotFoundException):
            await api_keys.revoke(foreign, key.id, ADA)
    for _ in range(2):
        await api_keys.revoke(owner, key.id, ADA)
        await api_keys.revoke(owner, expired.id, ADA)

    events = await AuditLogRow.select(AuditLogRow.action).output(as_list=True)
    assert sorted(events) == ["key:created", "key:created", "key:revoked"]
    assert (await api_keys.find(owner, expired.id)).status is KeyStatus.EXPIRED


async def test_limit_counts_live_keys_and_holds_under_races(api_keys: ApiKeys, owner: KeyOwner) -> None:
    ended = (await create(api_keys, owner)).key
    await create(api_keys, owner, days=-1)
    await api_keys.revoke(owner, ended.id, ADA)
    for _ in range(MAX_KEYS_OF_USER - 2):
        await create(api_keys, owner)
    new = NewKey(name="raced", scopes=("profile:read",), lifetime=None)

    async def lock_and_create() -> int:
        await UserService().lock(owner.user_id or 0)
        return (await api_keys.create(owner, new, ADA)).key.id

    outcomes = await asyncio.gather(
        *(api_keys.database.transaction(lock_and_create) for _ in range(6)), return_exceptions=True
    )

    assert sum(isinstance(outcome, int) for outcome in outcomes) == 2
    assert sum(isinstance(outcome, LimitReachedException) for outcome in outcomes) == 4


async def test_last_use_is_written_once_and_never_replaced_by_an_earlier_one(
    api_keys: ApiKeys, owner: KeyOwner, clock: MovableClock
) -> None:
    key = (await create(api_keys, owner)).key
    clock.stop()
    earlier, later = LastUses(clock), LastUses(clock)
    earlier.note(key.id, "203.0.113.1")
    clock.move(hours=1)
    later.note(key.id, "203.0.113.2")

    async with fault(api_keys.database.engine, "refuse", "UPDATE", "api_keys"):
        with pytest.raises(Exception, match="fault"):
            await later.write()
    for uses in (later, earlier):
        assert await uses.write() == WRITE_SECONDS

    stored = await api_keys.find(owner, key.id)
    assert (stored.last_used_at, stored.last_used_ip_address) == (clock(), "203.0.113.2")
    assert key_view(stored).last_used_at == rfc3339(clock().replace(second=0, microsecond=0))
    async with fault(api_keys.database.engine, "refuse", "UPDATE", "api_keys"):
        await later.write()


async def test_keys_are_removed_30_days_after_their_end(api_keys: ApiKeys, owner: KeyOwner) -> None:
    expired, revoked, live = [(await create(api_keys, owner)).key.id for _ in range(3)]
    await ApiKeyRow.update({ApiKeyRow.expires_at: ago(days=31)}).where(ApiKeyRow.id == expired)
    await ApiKeyRow.update({ApiKeyRow.revoked_at: ago(days=31)}).where(ApiKeyRow.id == revoked)
    kept = [(await create(api_keys, owner, days=-29)).key.id, live]

    removed = [await remove_expired(rule, 10) for rule in RETENTION_RULES]

    assert removed == [1, 1]
    assert sorted(await ApiKeyRow.select(ApiKeyRow.id).output(as_list=True)) == sorted(kept)
