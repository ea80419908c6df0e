"""SQLite rotates a refresh token in several statements of one transaction (see test_rotation_in_one_statement.py)."""

import pytest

from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support.faults import fault

pytestmark = pytest.mark.engine("sqlite")


async def test_refresh_is_503_if_the_session_cannot_be_extended(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    before = await SessionRow.select()

    async with fault(services.core.database.engine, "ignore", "UPDATE", "sessions"):
        response = await ada.try_refresh()

    assert response.outcome == (503, "SERVER_OVERLOADED")
    assert response.response.headers["Retry-After"] == "1"
    assert await SessionRow.select() == before
    assert (await ada.try_refresh()).status == 200
