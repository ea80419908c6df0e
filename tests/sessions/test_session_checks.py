"""Many session checks at once: PostgreSQL answers them together, and nobody can tell."""

import asyncio
from typing import Any

import pytest

from auth_api.kit.errors import DatabaseUnavailableException
from auth_api.services import Services
from auth_api.sessions.errors import TokenRevokedException
from tests.conftest import UserFactory
from tests.support.session_checks import check
from tests.support.statements import recorded


async def test_each_gets_their_own_account(user_factory: UserFactory, services: Services, engine: str) -> None:
    people = [await user_factory() for _ in range(4)]

    with recorded(services.database.engine) as statements:
        names = await asyncio.gather(*(check(services, person) for _ in range(3) for person in people))

    assert names == [person.username for person in people] * 3
    assert len(statements) == (2 if engine == "postgres" else 12)


async def test_who_is_logged_out_or_disabled_is_refused_and_nobody_else(
    user_factory: UserFactory, services: Services
) -> None:
    people = [await user_factory() for _ in range(4)]
    await people[1].log_out()
    await services.administration.disable(people[2].username)

    outcomes = await asyncio.gather(*(check(services, person) for person in people), return_exceptions=True)

    assert outcomes[0] == people[0].username
    assert [type(outcome) for outcome in outcomes[1:3]] == [TokenRevokedException] * 2
    assert outcomes[3] == people[3].username


async def test_an_outage_is_503_for_those_who_shared_it_and_one_failure(
    user_factory: UserFactory, services: Services, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    people = [await user_factory() for _ in range(6)]
    database = services.database.engine
    run = database.run_querystring

    async def broken(querystring: Any, **options: Any) -> Any:
        if "ANY(" in querystring.template:
            raise ConnectionResetError
        return await run(querystring, **options)

    monkeypatch.setattr(database, "run_querystring", broken)
    tasks = [asyncio.create_task(check(services, person)) for person in people]
    alone, *shared = await asyncio.gather(*tasks, return_exceptions=True)

    assert alone == people[0].username
    failed = 5 if engine == "postgres" else 0
    assert [type(outcome) for outcome in shared] == [DatabaseUnavailableException] * failed + [str] * (5 - failed)
    assert await check(services, people[0]) == people[0].username  # the breaker has not opened
