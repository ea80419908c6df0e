"""The route of the revocation feed: who may read it, and what services get."""

from datetime import datetime

import pytest

from auth_api.flows.revocation_feed.service import RevocationFeed
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.kit.errors import CircuitBreakerOpenException
from auth_api.roles.service import RoleService
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.breakers import begin_outage
from tests.support.roles import add_role, give_role

PATH = "/api/revocations"


@pytest.fixture
async def reader(user_factory: UserFactory) -> Actor:
    """A caller who may read revocations."""
    actor = await user_factory(username="reader")
    await add_role("reader", ["revocations:read"])
    await give_role("reader", "reader")
    return actor


async def test_feed_names_ended_sessions_and_users_who_lost_a_role(
    reader: Actor, user_factory: UserFactory, services: Services
) -> None:
    ada, grace = await user_factory(), await user_factory()
    user_id = await give_role(grace.username, "support")
    verify = services.core.sessions.access_tokens.verify
    session_id, issued_at = verify(ada.access_token).sid, verify(grace.access_token).iat
    roles = RoleService()
    support = await roles.find("support")

    await ada.log_out()
    empty = (await reader.call("GET", PATH))["subjects"]
    assert await services.core.database.transaction(lambda: roles.revoke(user_id, support))
    assert not await services.core.database.transaction(lambda: roles.revoke(user_id, support))
    feed = await reader.call("GET", PATH)

    assert empty == []
    assert (feed.status, feed["sessions"], feed["all_issued_before"]) == (200, [str(session_id)], None)
    ((sub, issued_before),) = [each.values() for each in feed["subjects"]]
    assert (sub, issued_before[-5:]) == (str(user_id), ".000Z")
    assert datetime.fromisoformat(issued_before).timestamp() > issued_at
    assert feed["window_seconds"] > 1800


async def test_since_is_a_time_of_the_past(reader: Actor) -> None:
    async def outcome(since: str) -> str:
        response = await reader.call("GET", PATH, params={"since": since})
        return response["errors"][0]["code"] if response.status == 400 else str(response.status)

    as_of = (await reader.call("GET", PATH))["as_of"]

    for past in (as_of, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+02:00", "0001-01-01T00:00:00+14:00"):
        assert await outcome(past) == "200", past
    for future in ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"):
        assert await outcome(future) == "range", future
    for malformed in ("", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "1767225600", "2026-01-01T00:00:00 02:00"):
        assert await outcome(malformed) == "format", malformed


async def test_feed_needs_the_permission(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await ada.call("GET", PATH)).outcome == (403, "PERMISSION_DENIED")
    assert (await ada.call("GET", PATH, token="")).outcome == (401, "AUTHENTICATION_REQUIRED")


async def test_outage_of_the_database_is_never_an_empty_feed(reader: Actor, services: Services) -> None:
    await begin_outage()

    with pytest.raises(CircuitBreakerOpenException):
        await services.of(RevocationFeed).read(None)
    assert (await reader.call("GET", PATH)).status == 503
    breakers.get(SERVICE).close()
