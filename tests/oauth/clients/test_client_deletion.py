"""An application that is deleted while users sign in to it."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID

import httpx
import pytest

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.kit.crypto.tokens import BROWSER_ID, new_token
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.authorize.decisions import Decisions
from auth_api.oauth.clients.client_administration import ClientAdministration
from auth_api.oauth.consents.errors import ConsentNotFoundException
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.oauth.requests.request import RequestKind, RequestParameters
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.roles.rights import OPERATOR
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.browser_sessions import log_in_in_browser
from tests.support.interleavings import interleaved
from tests.support.oauth_applications import CALLBACK, Application, add_application

Use = Callable[[], Coroutine[Any, Any, object]]

MAX_STATEMENTS = 6
"""Of the transactions that the deletion interrupts."""


@pytest.mark.engine("postgres")
async def test_deletion_of_an_application_does_not_deadlock_with_its_use(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    """It begins after each statement of a redemption, refresh, withdrawal and approval. Nothing of it is left."""
    ada = await user_factory()
    user_id = (await services.core.users.find("ada")).id

    async def redemption(app: Application) -> Use:
        code = await app.code("openid", "offline_access")
        return lambda: app.redeem(code)

    async def refresh(app: Application) -> Use:
        tokens = await app.tokens("openid", "offline_access")
        return lambda: app.refresh(tokens["refresh_token"])

    async def withdrawal(app: Application) -> Use:
        await app.tokens("openid", "offline_access")
        row = await OAuthConsentRow.select(OAuthConsentRow.id).first()
        assert row is not None

        async def withdraw(consent_id: UUID = row["id"]) -> None:
            with suppress(ConsentNotFoundException):
                await services.of(Consents).withdraw(consent_id, user_id, RequestContext())

        return withdraw

    async def approval(app: Application) -> Use:
        await app.tokens("openid", "offline_access")
        browser, decisions = new_token(BROWSER_ID).raw, services.of(Decisions)
        parameters = RequestParameters(redirect_uri=CALLBACK, scopes=("email",))
        token = await services.of(OAuthRequests).open(RequestKind.AUTHORIZE, app.row_id, parameters, browser=browser)
        waiting = await decisions.find(token, browser)
        session = await services.core.browser_sessions.find(await log_in_in_browser(services))
        assert session is not None
        principal = session.principal
        return lambda: decisions.approve(waiting, principal, RequestContext())

    for prepare in (redemption, refresh, withdrawal, approval):
        for statements in range(1, MAX_STATEMENTS + 1):
            await ada.log_in()
            app = await add_application(client, services)
            use = await prepare(app)

            async def delete(client_id: str = app.client_id) -> None:
                administration = services.of(ClientAdministration)
                await administration.delete(client_id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

            with interleaved(services.core.database.engine, after=statements) as interleaving:
                await interleaving.run(use, delete)

            assert interleaving.deadlocks == [], (prepare.__name__, statements)
            for table in (OAuthRequestRow, OAuthConsentRow, OAuthGrantRow):
                assert not await table.exists()
