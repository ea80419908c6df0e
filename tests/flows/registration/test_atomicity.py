"""Registration writes the user, session, refresh token and audit row, or none of them."""

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.support import operators
from tests.support.actors import Actor
from tests.support.faults import fault


@pytest.mark.parametrize("table", ["users", "sessions", "refresh_tokens", "audit_logs", "outbox"])
async def test_failed_insert_rolls_back_the_registration(ada: Actor, services: Services, table: str) -> None:
    async with fault(services.core.database.engine, "refuse", "INSERT", table):
        response = await ada.register()

    assert response.outcome == (500, "INTERNAL_ERROR")
    assert [await kind.count() for kind in (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)] == [0, 0, 0, 0]


async def test_registration_works_after_a_failure(ada: Actor, services: Services) -> None:
    async with fault(services.core.database.engine, "refuse", "INSERT", "audit_logs"):
        await ada.register()

    assert (await ada.register()).status == 201
    assert [await kind.count() for kind in (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)] == [1, 1, 1, 1]


async def test_account_created_by_an_operator_has_an_audit_row_and_no_session(ada: Actor, services: Services) -> None:
    user = await operators.create(services, email="Ada@example.com", username="Ada", password=ada.password)

    assert (user.email, user.username, user.last_login) == ("ada@example.com", "ada", None)
    assert [await kind.count() for kind in (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)] == [1, 0, 0, 1]
    assert (await ada.log_in()).status == 200
