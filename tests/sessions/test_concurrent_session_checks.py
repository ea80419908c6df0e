"""Concurrent session checks: PostgreSQL handles them in batches, with the same results."""

import asyncio
from typing import Any

import pytest

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.kit.errors import DatabaseUnavailableException
from auth_api.services import Services
from auth_api.sessions.errors import TokenRevokedException
from tests.conftest import UserFactory
from tests.support import operators
from tests.support.session_checks import check
from tests.support.statements import recorded


async def test_each_check_returns_its_own_user(user_factory: UserFactory, services: Services, engine: str) -> None:
    actors = [await user_factory() for _ in range(4)]

    with recorded(services.core.database.engine) as statements:
        names = await asyncio.gather(*(check(services, actor) for _ in range(3) for actor in actors))

    assert names == [actor.username for actor in actors] * 3
    assert len(statements) == (2 if engine == "postgres" else 12)


async def test_only_logged_out_or_disabled_users_are_rejected(user_factory: UserFactory, services: Services) -> None:
    actors = [await user_factory() for _ in range(4)]
    await actors[1].log_out()
    await operators.disable(services, actors[2].username)

    outcomes = await asyncio.gather(*(check(services, actor) for actor in actors), return_exceptions=True)

    assert outcomes[0] == actors[0].username
    assert [type(outcome) for outcome in outcomes[1:3]] == [TokenRevokedException] * 2
    assert outcomes[3] == actors[3].username


async def test_failed_batch_is_503_for_its_members_and_one_failure_for_the_breaker(
    user_factory: UserFactory, services: Services, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    actors = [await user_factory() for _ in range(6)]
    database = services.core.database.engine
    run = database.run_querystring

    async def broken(querystring: Any, **options: Any) -> Any:
        if "ANY(" in querystring.template:
            raise ConnectionResetError
        return await run(querystring, **options)

    monkeypatch.setattr(database, "run_querystring", broken)
    tasks = [asyncio.create_task(check(services, actor)) for actor in actors]
    single, *batched = await asyncio.gather(*tasks, return_exceptions=True)

    assert single == actors[0].username
    failed = 5 if engine == "postgres" else 0
    assert [type(outcome) for outcome in batched] == [DatabaseUnavailableException] * failed + [str] * (5 - failed)
    assert await check(services, actors[0]) == actors[0].username  # the circuit breaker has not opened


@pytest.mark.engine("postgres")
async def test_batch_counts_once_for_the_circuit_breaker(
    user_factory: UserFactory, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    actors = [await user_factory() for _ in range(6)]
    breaker = breakers.get(SERVICE)
    counted = []
    monkeypatch.setattr(type(breaker), "_inc_counter", lambda _: counted.append(1))

    async def broken(querystring: Any, **_: Any) -> Any:
        if "ANY(" in querystring.template:
            raise ConnectionResetError
        await asyncio.sleep(0.01)
        return []

    monkeypatch.setattr(services.core.database.engine, "run_querystring", broken)
    await asyncio.gather(*(check(services, actor) for actor in actors), return_exceptions=True)

    assert counted == [1]
