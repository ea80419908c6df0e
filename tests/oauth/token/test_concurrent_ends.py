"""A code that is redeemed while the access to the account ends."""

from functools import partial

import httpx

from auth_api.kit.request_context import RequestContext
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent
from tests.conftest import UserFactory
from tests.support.interleavings import interleaved
from tests.support.oauth_applications import add_application

STATEMENTS = 5
"""Of the transaction that redeems a code."""


async def test_end_of_access_misses_no_grant_that_is_made_at_the_same_time(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    """Each end begins after each statement of the redemption. Afterwards the application holds nothing."""
    ada = await user_factory()
    user_id = (await services.core.users.find("ada")).id
    app = await add_application(client, services)

    async def reset() -> None:
        async def work() -> None:
            await services.core.users.lock(user_id)
            await services.core.access_revocation.revoke(AccessEvent.PASSWORD_RESET, user_id)

        await services.core.database.transaction(work)

    async def withdraw() -> None:
        row = await OAuthConsentRow.select(OAuthConsentRow.id).first()
        assert row is not None
        await services.of(Consents).withdraw(row["id"], user_id, RequestContext())

    statuses = set()
    for end in (reset, withdraw):
        for statements in range(1, STATEMENTS + 1):
            await ada.log_in()
            code = await app.code("openid", "offline_access")
            with interleaved(services.core.database.engine, after=statements) as interleaving:
                response, _ = await interleaving.run(partial(app.redeem, code), end)

            assert interleaving.deadlocks == []
            assert interleaving.stopped.is_set()
            assert not await OAuthGrantRow.exists().where(OAuthGrantRow.ended_at.is_null())
            statuses.add(response.status_code)
    assert statuses == {200}
