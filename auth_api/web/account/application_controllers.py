"""GET /account/apps, and the form on this page."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.pagination import DEFAULT_LIMIT
from auth_api.kit.pagination import PageRequest
from auth_api.oauth.consents.errors import ConsentNotFoundException
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.resources.service import Resources
from auth_api.web.account.account_page import account_page
from auth_api.web.account.list_links import link_to_next
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.scope_texts import scope_text
from auth_api.web.frame.visit import Visit

APPS: Final = "/account/apps"


class ConsentForm(msgspec.Struct, frozen=True, kw_only=True):
    """The consent to withdraw."""

    id: UUID


class ApplicationPageController(Controller):
    """List the applications that the person has allowed to use the account, and end their access."""

    path = APPS

    @get("/", **PAGE)
    async def show(
        self,
        visit: Injected[Visit],
        consents: Injected[Consents],
        resources: Injected[Resources],
        page: Injected[PageRequest],
    ) -> Response[str]:
        """Show the applications, newest first."""
        return await _list(visit, consents, resources, page)

    @post("/", **PAGE)
    async def withdraw(
        self, visit: Injected[Visit], consents: Injected[Consents], resources: Injected[Resources]
    ) -> Response[Any]:
        """End the access of an application."""
        form = await visit.form(ConsentForm)
        try:
            await consents.withdraw(form.id, visit.principal.id, visit.request_context)
        except ConsentNotFoundException as refusal:
            return await _list(visit, consents, resources, PageRequest(DEFAULT_LIMIT), refusal)
        return visit.redirect(f"{APPS}?done=revoked")


async def _list(
    visit: Visit,
    consents: Consents,
    resources: Resources,
    page: PageRequest,
    refusal: ApplicationException | None = None,
) -> Response[str]:
    rows, cursor = await consents.page(visit.principal.id, page)
    descriptions, language = await resources.descriptions(), visit.language
    return account_page(
        visit,
        "apps",
        refusal,
        apps=[(row, [scope_text(name, descriptions, language) for name in row.scopes]) for row in rows],
        is_first_part=page.after is None,
        more=link_to_next(visit, cursor),
    )
