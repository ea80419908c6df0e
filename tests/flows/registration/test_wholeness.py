"""An account, its session, its token and its history: all of them, or nothing."""

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.support.actors import Actor
from tests.support.faults import fault


@pytest.mark.parametrize("table", ["users", "sessions", "refresh_tokens", "audit_logs", "outbox"])
async def test_what_cannot_be_written_whole_is_not_written_at_all(ada: Actor, services: Services, table: str) -> None:
    async with fault(services.database.engine, "refuse", "INSERT", table):
        response = await ada.register()

    assert response.outcome == (500, "INTERNAL_ERROR")
    assert [await kind.count() for kind in (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)] == [0, 0, 0, 0]


async def test_after_a_failure_the_same_registration_works(ada: Actor, services: Services) -> None:
    async with fault(services.database.engine, "refuse", "INSERT", "audit_logs"):
        await ada.register()

    assert (await ada.register()).status == 201
    assert [await kind.count() for kind in (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)] == [1, 1, 1, 1]


async def test_an_account_made_for_somebody_else_is_whole_too(ada: Actor, services: Services) -> None:
    checks = services.field_checks
    email, username = checks["email"]("Ada@example.com", {}), checks["username"]("Ada", {})

    user = await services.registration.create(email=email, username=username, password=ada.password)

    assert (user.email, user.username, user.last_login) == ("ada@example.com", "ada", None)
    assert [await kind.count() for kind in (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)] == [1, 0, 0, 1]
    assert (await ada.log_in()).status == 200
