"""The pages that add, replace and remove an authenticator app."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.flows.own_factors.schemas import TotpConfirmation
from auth_api.flows.own_factors.service import OwnFactorsService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.security_headers import PageKind
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.own_factors.factor_pages import SECURITY, FactorPages

APP: Final = f"{SECURITY}/totp"


class AppPageController(Controller):
    """Add an authenticator app, or replace the present one."""

    path = APP

    @get("/", **PAGE)
    async def explain(self, visit: Injected[Visit], factor_pages: Injected[FactorPages]) -> Response[str]:
        """Explain what an authenticator app is, and what becomes of the present one."""
        factors = await factor_pages.factors(visit)
        return await factor_pages.question(visit, "own_factors/app.html", adds_factor=True, factors=factors)

    @post("/", rate_limit="factor", **PAGE)
    async def begin(
        self, visit: Injected[Visit], factor_pages: Injected[FactorPages], own_factors: Injected[OwnFactorsService]
    ) -> Response[Any]:
        """Show the QR code of a new app. Without a code of it, nothing changes."""
        try:
            await visit.read_fields()
            new = await own_factors.begin_totp(visit.principal)
        except ApplicationException as refusal:
            return await factor_pages.refused(visit, refusal, "own_factors/app.html", proof=None)
        return visit.page("own_factors/app_code.html", kind=PageKind.ACCOUNT, new=new)

    @get("/confirm", **PAGE)
    async def show_confirm(self, visit: Injected[Visit]) -> Response[str]:
        """Lead to the list of factors, which shows whether the app was added. The QR code is shown only once."""
        return visit.redirect(SECURITY)

    @post("/confirm", rate_limit="factor", **PAGE)
    async def confirm(
        self, visit: Injected[Visit], factor_pages: Injected[FactorPages], own_factors: Injected[OwnFactorsService]
    ) -> Response[Any]:
        """Put the app into use by a code of it. After a wrong one, ask again without the QR code."""
        try:
            form = await visit.form(TotpConfirmation)
            confirmed = await own_factors.confirm_totp(visit.principal, form.code, visit.request_context)
        except ApplicationException as refusal:
            return await factor_pages.refused(visit, refusal, "own_factors/app_code.html", new=None)
        return factor_pages.added(visit, confirmed.added)


class AppRemovalPageController(Controller):
    """Remove the authenticator app."""

    path = f"{APP}/remove"

    @get("/", **PAGE)
    async def ask(self, visit: Injected[Visit], factor_pages: Injected[FactorPages]) -> Response[str]:
        """Ask whether to remove the app, and say what follows."""
        factors = await factor_pages.factors(visit)
        if factors.totp is None:
            return visit.redirect(SECURITY)
        return await factor_pages.question(visit, "own_factors/remove_app.html", factors=factors)

    @post("/", rate_limit="factor", **PAGE)
    async def remove(
        self, visit: Injected[Visit], factor_pages: Injected[FactorPages], own_factors: Injected[OwnFactorsService]
    ) -> Response[Any]:
        """Remove the app."""
        try:
            await visit.read_fields()
            await own_factors.remove_totp(visit.principal, visit.request_context)
        except ApplicationException as refusal:
            return await factor_pages.refused(visit, refusal)
        return visit.redirect(f"{SECURITY}?done=removed")
