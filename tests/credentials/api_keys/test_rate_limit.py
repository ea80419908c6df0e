"""Service accounts whose keys were accepted recently have a limit of their own."""

import pytest

from auth_api.credentials.api_keys.rate_limit import (
    ACCEPTED_SECONDS,
    MAX_ACCEPTED_KEYS,
    REQUESTS_PER_SECOND,
    KeyRateLimit,
)
from auth_api.credentials.api_keys.tables import ApiKeyRow
from auth_api.kit.crypto.api_keys import new_api_key
from auth_api.kit.crypto.tokens import SERVICE_API_KEY
from auth_api.services import Services
from auth_api.throttling.policy import REQUESTS_PER_SECOND as REQUESTS_OF_NETWORK
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.api_keys import add_key, add_service_account
from tests.support.clock import MovableMonotonicClock


@pytest.mark.engine_independent
def test_accepted_key_is_counted_by_itself_for_a_minute() -> None:
    clock = MovableMonotonicClock()
    limit = KeyRateLimit(1, clock)
    key, other = new_api_key(SERVICE_API_KEY), new_api_key(SERVICE_API_KEY)
    headers = {b"authorization": f"bearer {key.raw}".encode()}

    assert limit.wait(headers) is None
    limit.accept(key.digest)
    waits = [limit.wait(headers) for _ in range(REQUESTS_PER_SECOND + 1)]
    assert set(waits[:-1]) == {0.0}
    assert waits[-1] == pytest.approx(1 / REQUESTS_PER_SECOND)
    assert limit.wait({b"authorization": f"Bearer {other.raw}".encode()}) is None
    assert limit.wait({b"authorization": b"Bearer eyJ"}) is limit.wait({}) is None
    clock.now += ACCEPTED_SECONDS + 1
    assert limit.wait(headers) is None
    limit.accept(key.digest)
    assert limit.wait(headers) == 0.0
    limit.forget(key.digest)
    assert limit.wait(headers) is None


@pytest.mark.engine_independent
def test_number_of_remembered_keys_is_limited() -> None:
    limit = KeyRateLimit(1, MovableMonotonicClock())
    keys = [new_api_key(SERVICE_API_KEY) for _ in range(MAX_ACCEPTED_KEYS + 1)]
    for key in (*keys[:2], keys[0], *keys[2:]):
        limit.accept(key.digest)

    has_limit = [limit.wait({b"authorization": f"Bearer {key.raw}".encode()}) is not None for key in keys]

    assert has_limit == [True, False] + [True] * (MAX_ACCEPTED_KEYS - 1)


async def test_requests_of_accepted_service_keys_do_not_count_for_their_network(
    app_with: OtherAppFactory, services: Services, user_factory: UserFactory
) -> None:
    """A personal key, and a key that is no longer accepted, count for the network."""
    await user_factory()
    key = await add_key(services, await add_service_account())
    async with app_with(RATE_LIMIT_ENABLED="true") as limited:
        program = Actor(limited.client)
        before = [(await program.call("GET", "/api/user/permissions", token=key.raw)).status for _ in range(30)]
        await ApiKeyRow.update({ApiKeyRow.revoked_at: ApiKeyRow.created_at}, force=True)
        refused = [(await program.call("GET", "/api/user/permissions", token=key.raw)).status for _ in range(2)]
        others = 0
        while (await program.call("GET", "/api/auth/nothing", token="")).status == 404:
            others += 1

    assert (set(before), set(refused)) == ({200}, {401})
    burst = REQUESTS_OF_NETWORK * 10
    assert others == burst - 2  # the first request, and the one after the revoked one
