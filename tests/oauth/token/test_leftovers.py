"""What authorizations leave in the database."""

from datetime import timedelta
from typing import Any

import httpx

from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.exposition import Changes
from tests.support.oauth_applications import add_application
from tests.support.oauth_grants import age_grants


async def test_only_the_consent_is_left_two_days_after_the_logout(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    app = await add_application(client, services)
    for _ in range(3):
        await app.tokens("openid")
    await ada.log_out()

    await age_grants(days=2)
    for row in await OAuthRequestRow.select():
        older: dict[Any, Any] = {OAuthRequestRow.expires_at: row["expires_at"] - timedelta(days=2)}
        await OAuthRequestRow.update(older).where(OAuthRequestRow.id == row["id"])
    await services.of(HousekeepingService).clean_up()

    counts = [await table.count() for table in (OAuthGrantRow, OAuthRequestRow, OAuthConsentRow)]
    assert counts == [0, 0, 1]


async def test_tokens_are_counted_by_grant_type(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app = await add_application(client, services)

    changes = Changes()

    tokens = await app.tokens("openid")
    await app.refresh(tokens["refresh_token"])
    await app.refresh("ort_unknown")

    assert changes.by("oauth_tokens_total", "grant_type") == {"authorization_code": 1, "refresh_token": 1}
