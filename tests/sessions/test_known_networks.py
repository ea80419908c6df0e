"""Networks from which a user has recently opened a session."""

import pytest

from auth_api.services import Services
from tests.conftest import CLIENT_IP, UserFactory
from tests.support.clock import MovableClock
from tests.support.rows import user_rows


@pytest.mark.parametrize(
    ("client_ip", "is_known"), [(CLIENT_IP, True), ("203.0.113.8", False), ("2001:db8::7", False), (None, False)]
)
async def test_network_of_a_session_is_known(
    user_factory: UserFactory, services: Services, client_ip: str | None, is_known: bool
) -> None:
    ada = await user_factory()
    await ada.log_out()
    (row,) = await user_rows()

    assert await services.core.sessions.is_known_network(row["id"], client_ip) is is_known
    assert not await services.core.sessions.is_known_network(row["id"] + 1, client_ip)


@pytest.mark.parametrize(("days", "is_known"), [(29, True), (31, False)])
async def test_network_is_known_for_30_days(
    user_factory: UserFactory, services: Services, clock: MovableClock, days: int, is_known: bool
) -> None:
    await user_factory()
    (row,) = await user_rows()

    clock.move(days=days)

    assert await services.core.sessions.is_known_network(row["id"], CLIENT_IP) is is_known


async def test_printed_policy_has_no_key(services: Services, environ: dict[str, str]) -> None:
    printed = repr(services.core.sessions.policy)

    assert printed == "SessionPolicy(issuer='http://testserver', audience='auth_api')"
    assert environ["JWT_SECRET_KEY"] not in repr(services)
