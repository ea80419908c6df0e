"""What session checks that share a statement have in common, which they do on PostgreSQL alone."""

import asyncio
from typing import Any

import pytest

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.session_checks import check

pytestmark = pytest.mark.engine("postgres")


async def test_a_batch_counts_once_for_the_breaker(
    user_factory: UserFactory, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await user_factory() for _ in range(6)]
    breaker = breakers.get(SERVICE)
    counted = []
    monkeypatch.setattr(type(breaker), "_inc_counter", lambda _: counted.append(1))

    async def broken(querystring: Any, **_: Any) -> Any:
        if "ANY(" in querystring.template:
            raise ConnectionResetError
        await asyncio.sleep(0.01)
        return []

    monkeypatch.setattr(services.database.engine, "run_querystring", broken)
    await asyncio.gather(*(check(services, person) for person in people), return_exceptions=True)

    assert counted == [1]
