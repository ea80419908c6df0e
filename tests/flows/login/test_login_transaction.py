"""A login is one transaction: the user, the session, its refresh token and the audit row change together."""

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.faults import fault
from tests.support.statements import recorded

TABLES = (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)


@pytest.mark.parametrize(
    ("change", "table"),
    [("UPDATE", "users"), ("INSERT", "sessions"), ("INSERT", "refresh_tokens"), ("INSERT", "audit_logs")],
)
async def test_login_that_fails_changes_no_row(
    user_factory: UserFactory, services: Services, change: str, table: str
) -> None:
    ada = await user_factory()
    before = [await each.select() for each in TABLES]

    async with fault(services.core.database.engine, "refuse", change, table):
        assert (await ada.log_in()).outcome == (500, "INTERNAL_ERROR")

    assert [await each.select() for each in TABLES] == before
    assert (await ada.log_in()).status == 200


async def test_login_below_the_session_limit_takes_five_statements(
    user_factory: UserFactory, services: Services
) -> None:
    """The user with the hash, `last_login`, the session with the count of the others, its token, the audit row."""
    ada = await user_factory()

    with recorded(services.core.database.engine) as statements:
        await ada.log_in()

    assert [statement.split()[0] for statement in statements] == ["SELECT", "UPDATE", "INSERT", "INSERT", "INSERT"]
