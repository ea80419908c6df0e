"""A login that replaces a session of another account does not deadlock with the transactions of that account."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import pytest

from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from tests.support.actors import Actor
from tests.support.browser_sessions import find, log_in_in_browser
from tests.support.exposition import Changes
from tests.support.interleavings import interleaved
from tests.support.rows import empty_all_tables

pytestmark = [pytest.mark.engine("postgres"), pytest.mark.slow]


@dataclass
class TwoBrowsers:
    """Two users, each signed in in a browser of their own. Each of them now logs in in the other browser."""

    services: Services
    ada: Actor
    grace: Actor
    browser_of_ada: str
    browser_of_grace: str


Operation = Callable[[TwoBrowsers], Coroutine[Any, Any, object]]


async def log_in_ada(browsers: TwoBrowsers) -> str:
    return await log_in_in_browser(browsers.services, "ada", replaces=browsers.browser_of_grace)


async def log_in_grace(browsers: TwoBrowsers) -> str:
    return await log_in_in_browser(browsers.services, "grace", replaces=browsers.browser_of_ada)


async def log_grace_out(browsers: TwoBrowsers) -> None:
    await browsers.services.core.browser_sessions.log_out(browsers.browser_of_grace, RequestContext())


async def log_grace_out_everywhere(browsers: TwoBrowsers) -> None:
    assert (await browsers.grace.call("POST", "/api/auth/logout-all")).status == 200


async def change_password_of_grace(browsers: TwoBrowsers) -> None:
    body = {"current_password": browsers.grace.password, "new_password": "Another-Mare-8-Paperclip"}
    assert (await browsers.grace.call("POST", "/api/user/password", json=body)).status == 200


async def delete_grace(browsers: TwoBrowsers) -> None:
    body = {"current_password": browsers.grace.password}
    assert (await browsers.grace.call("POST", "/api/user/delete", json=body)).status == 204


OTHERS: Final[tuple[Operation, ...]] = (
    log_in_grace,
    log_grace_out,
    log_grace_out_everywhere,
    change_password_of_grace,
    delete_grace,
)


async def make_browsers(services: Services, ada: Actor) -> TwoBrowsers:
    await empty_all_tables()
    grace = Actor(ada.client, username="grace", email="grace@example.com")
    await ada.register()
    await grace.register()
    cookies = await log_in_in_browser(services, "ada"), await log_in_in_browser(services, "grace")
    return TwoBrowsers(services, ada, grace, *cookies)


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("other", OTHERS)
async def test_replacing_login_and_another_transaction_do_not_deadlock(
    services: Services, ada: Actor, other: Operation, is_first: bool
) -> None:
    """The first transaction stops after each of its statements in turn, until the second has ended or waits for it."""
    changes = Changes()
    for statements in count(1):
        browsers = await make_browsers(services, ada)
        first, second = (log_in_ada, other) if is_first else (other, log_in_ada)
        with interleaved(services.core.database.engine, after=statements) as interleaving:
            await interleaving.run(lambda: first(browsers), lambda: second(browsers))  # noqa: B023 - awaited here

        assert interleaving.deadlocks == [], statements
        assert await find(services, browsers.browser_of_grace) is None
        if not interleaving.stopped.is_set():
            break
    assert changes.of("database_transactions_retried_total") == 0
