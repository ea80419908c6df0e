"""FT36: what many authorizations leave in the database once the sessions they depend on have ended."""

import httpx
import pytest

from auth_api.kit.clock import utc_now
from auth_api.kit.request_context import RequestContext
from auth_api.kit.uuid7 import uuid7
from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.grants.grant import NewGrant
from auth_api.oauth.grants.grant_tokens import GrantTokens
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.oauth.requests.request import Decider, RequestParameters
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.browser_sessions import log_in_in_browser
from tests.support.measurements import record
from tests.support.oauth_applications import Application, add_application

pytestmark = pytest.mark.slow

PER_TRANSACTION = 100
TWO_DAYS = 2 * 86400


async def authorize(services: Services, app: Application, decider: Decider) -> None:
    """Store authorizations as the endpoints do: a code, which is redeemed, and its grant."""
    requests, grant_tokens = services.of(OAuthRequests), services.of(GrantTokens)
    for _ in range(PER_TRANSACTION):
        request = await requests.find_code(await requests.open_with_code(app.row_id, RequestParameters(), decider))
        new = NewGrant(
            id=uuid7(utc_now()),
            client_row_id=app.row_id,
            user_id=decider.user_id,
            session_id=decider.session_id,
            is_offline=False,
            scopes=("openid",),
            resources=(),
            has_refresh_token=True,
        )
        assert request is not None
        assert await requests.claim(request, grant_id=new.id)
        await grant_tokens.insert(new)


async def let_two_days_pass() -> None:
    """Make requests and grants two days older."""
    for table in (OAuthRequestRow, OAuthGrantRow):
        earlier = "timestamptz_pl_interval(expires_at, make_interval(0, 0, 0, 0, 0, 0, {}))"
        await table.raw(f"UPDATE {table._meta.tablename} SET expires_at = {earlier}", -TWO_DAYS)  # noqa: S608, SLF001


async def test_ft36_only_the_consent_stays_after_authorizations_without_offline_access(
    client: httpx.AsyncClient,
    services: Services,
    user_factory: UserFactory,
    pytestconfig: pytest.Config,
    engine: str,
) -> None:
    """Their requests go after a day; their grants too, once the session has ended."""
    number = 10_000 if pytestconfig.getoption("--torture") else 2 * PER_TRANSACTION
    await user_factory()
    cookie = await log_in_in_browser(services)
    app = await add_application(client, services)
    await app.tokens("openid")  # with the consent
    (request,) = await OAuthRequestRow.select()
    decider = Decider(user_id=request["user_id"], session_id=request["session_id"])
    for _ in range(number // PER_TRANSACTION):
        await services.core.database.transaction(lambda: authorize(services, app, decider))

    async def left_after_cleanup() -> tuple[int, int, int]:
        await services.of(HousekeepingService).clean_up()
        return await OAuthRequestRow.count(), await OAuthGrantRow.count(), await OAuthConsentRow.count()

    assert await left_after_cleanup() == (number + 1, number + 1, 1)
    await let_two_days_pass()
    assert await left_after_cleanup() == (0, number + 1, 1)
    await services.core.browser_sessions.log_out(cookie, RequestContext())
    assert await left_after_cleanup() == (0, 0, 1)
    record("FT36", engine=engine, workers=1, seen={}, lost=0, outcome=f"of {number + 1:,}, one consent is left")
