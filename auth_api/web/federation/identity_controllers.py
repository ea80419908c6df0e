"""GET /account/identities, and the forms on this page."""

from typing import Any

from litestar import Controller, Response, get, post

from auth_api.flows.linking.service import Linking
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.security_headers import PageKind
from auth_api.sign_in.freshness import Freshness
from auth_api.web.federation.schemas import IdentityChoice, ProviderChoice
from auth_api.web.frame.confirmation import missing_confirmation
from auth_api.web.frame.error_links import error_of_link
from auth_api.web.frame.journey import IDENTITIES
from auth_api.web.frame.refusals import require_shown
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit


class IdentityPageController(Controller):
    """List, link and unlink the accounts at providers of the person."""

    path = IDENTITIES

    @get("/", **PAGE)
    async def show(
        self, visit: Injected[Visit], linking: Injected[Linking], freshness: Injected[Freshness]
    ) -> Response[str]:
        """Show the linked accounts, and why the last attempt to link one failed."""
        values = await _values(visit, linking, freshness)
        refusal = error_of_link(visit.query.get("error"))
        return visit.page("federation/identities.html", kind=PageKind.ACCOUNT, refusal=refusal, **values)

    @post("/link", rate_limit="exchange", **PAGE)
    async def link(
        self, visit: Injected[Visit], linking: Injected[Linking], freshness: Injected[Freshness]
    ) -> Response[Any]:
        """Lead to the provider."""
        try:
            form = await visit.form(ProviderChoice)
            target = await linking.start(visit.principal, form.provider)
        except ApplicationException as refusal:
            return await _refused(visit, linking, freshness, refusal)
        return visit.leave(target)

    @post("/unlink", rate_limit="exchange", **PAGE)
    async def unlink(
        self, visit: Injected[Visit], linking: Injected[Linking], freshness: Injected[Freshness]
    ) -> Response[Any]:
        """Unlink an account. The sessions that began with it end, except the present one."""
        try:
            form = await visit.form(IdentityChoice)
            await linking.unlink(visit.principal, form.id, visit.request_context)
        except ApplicationException as refusal:
            return await _refused(visit, linking, freshness, refusal)
        return visit.redirect(f"{IDENTITIES}?done=unlinked")


async def _values(visit: Visit, linking: Linking, freshness: Freshness) -> dict[str, Any]:
    return {
        "identities": await linking.list_own(visit.principal),
        "proof": await missing_confirmation(visit, freshness),
    }


async def _refused(
    visit: Visit, linking: Linking, freshness: Freshness, refusal: ApplicationException
) -> Response[str]:
    require_shown(refusal)
    values = await _values(visit, linking, freshness)
    return visit.refused(refusal, "federation/identities.html", kind=PageKind.ACCOUNT, **values)
