"""SQLite rotates a token, and logs in, by several statements in a transaction; see test_one_statement.py."""

import pytest

from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support.faults import fault
from tests.support.statements import recorded

pytestmark = pytest.mark.engine("sqlite")


async def test_a_session_that_cannot_be_extended_again_and_again_puts_off(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    before = await SessionRow.select()

    async with fault(services.database.engine, "ignore", "UPDATE", "sessions"):
        response = await ada.try_refresh()

    assert response.outcome == (503, "SERVER_OVERLOADED")
    assert response.response.headers["Retry-After"] == "1"
    assert await SessionRow.select() == before
    assert (await ada.try_refresh()).status == 200


async def test_a_login_below_the_limit_of_sessions_asks_no_more_often(
    user_factory: UserFactory, services: Services
) -> None:
    """The account, `last_login`, the session with the count of the others, its token, the history."""
    ada = await user_factory()

    with recorded(services.database.engine) as statements:
        await ada.log_in()

    assert [statement.split()[0] for statement in statements] == ["SELECT", "UPDATE", "INSERT", "INSERT", "INSERT"]
