"""'This was not me': which second factors the link in a mail removes."""

from datetime import UTC, datetime, timedelta

import pytest

from auth_api.credentials.factor_kind import FactorKind
from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent
from auth_api.sign_in.factor_removal import recent_factors
from auth_api.sign_in.second_factors import DatedFactor
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.aged_rows import ago
from tests.support.factors import add_recovery_codes, add_totp, switch_two_step_on
from tests.support.passkeys import stored_passkey
from tests.support.rows import audit_actions

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def factor(days: float, *, usable: bool = True, kind: FactorKind = FactorKind.PASSKEY) -> DatedFactor:
    return DatedFactor(kind=kind, since=NOW - timedelta(days=days), is_usable=usable)


OLD, NEW, NEWER, LOST = factor(8), factor(2), factor(1), factor(3, usable=False)


@pytest.mark.engine_independent
@pytest.mark.parametrize(
    ("factors", "two_step_days", "removed"),
    [
        ((), None, ()),
        ((NEW,), None, (NEW,)),
        ((OLD, NEW), None, (NEW,)),
        ((NEW,), 2, (NEW,)),
        ((NEW, NEWER), 8, (NEWER,)),
        ((NEWER, NEW), 8, (NEWER,)),
        ((OLD, NEW), 8, (NEW,)),
        ((factor(8, usable=False), NEW), 8, ()),
        ((LOST, NEW), 8, (LOST,)),
        ((LOST,), 8, ()),
        ((factor(7),), None, ()),
        ((NEW,), 7, ()),
    ],
)
def test_recent_factors_go_except_the_last_one_of_an_old_two_step_login(
    factors: tuple[DatedFactor, ...], two_step_days: float | None, removed: tuple[DatedFactor, ...]
) -> None:
    since = None if two_step_days is None else NOW - timedelta(days=two_step_days)

    assert recent_factors(factors, two_step_since=since, now=NOW) == removed


@pytest.fixture
async def ada(user_factory: UserFactory, services: Services) -> Actor:
    """A user with two-step login by an app of the last second, and recovery codes."""
    ada = await user_factory(is_verified=True)
    await add_totp(services, "ada")
    await add_recovery_codes(services, "ada")
    await switch_two_step_on("ada")
    return ada


async def revoke(services: Services, event: AccessEvent = AccessEvent.REPORTED) -> None:
    user = await services.core.users.find("ada")

    async def work() -> None:
        await services.core.users.lock(user.id)
        await services.core.access_revocation.revoke(event, user.id, request_context=RequestContext())

    await services.core.database.transaction(work)


async def two_step_is_on() -> bool:
    (row,) = await UserRow.select(UserRow.two_step_since)
    return row["two_step_since"] is not None


async def test_report_of_a_new_two_step_login_undoes_it(ada: Actor, services: Services) -> None:
    await revoke(services)

    assert (await TotpFactorRow.count(), await RecoveryCodeRow.count(), await two_step_is_on()) == (0, 0, False)
    assert (await audit_actions())[-1] == "factor:removed"


async def test_report_keeps_the_last_factor_of_an_old_two_step_login(ada: Actor, services: Services) -> None:
    """Replacing the app keeps the age of the two-step login: here the app is new."""
    await UserRow.update({UserRow.two_step_since: ago(days=8)}, force=True)
    await stored_passkey(services, ada)

    await revoke(services)

    assert (await TotpFactorRow.count(), await PasskeyRow.count(), await two_step_is_on()) == (1, 0, True)
    assert await RecoveryCodeRow.count() == 0  # they are younger than 7 days


async def test_report_keeps_old_recovery_codes_beside_a_factor(ada: Actor, services: Services) -> None:
    await UserRow.update({UserRow.two_step_since: ago(days=8)}, force=True)
    await RecoveryCodeRow.update({RecoveryCodeRow.created_at: ago(days=8)}, force=True)

    await revoke(services)

    assert (await TotpFactorRow.count(), await RecoveryCodeRow.count()) == (1, 10)


async def test_reset_removes_old_factors_too(ada: Actor, services: Services) -> None:
    await UserRow.update({UserRow.two_step_since: ago(days=8)}, force=True)
    await TotpFactorRow.update({TotpFactorRow.confirmed_at: ago(days=8)}, force=True)

    await revoke(services, AccessEvent.FACTORS_RESET)

    assert (await TotpFactorRow.count(), await RecoveryCodeRow.count(), await two_step_is_on()) == (0, 0, False)


async def test_reset_of_the_password_keeps_the_factors(ada: Actor, services: Services) -> None:
    await revoke(services, AccessEvent.PASSWORD_RESET)

    assert (await TotpFactorRow.count(), await RecoveryCodeRow.count(), await two_step_is_on()) == (1, 10, True)
