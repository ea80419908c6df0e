"""GET /account/security, and the page that switches two-step login on or off."""

from typing import Any

from litestar import Controller, Response, get, post

from auth_api.flows.own_factors.schemas import TwoStepChange
from auth_api.flows.own_factors.service import OwnFactorsService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.own_factors.factor_pages import SECURITY, FactorPages


class SecurityPageController(Controller):
    """Show the second factors, and switch two-step login on or off."""

    path = "/account/security"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit], factor_pages: Injected[FactorPages]) -> Response[str]:
        """Show the second factors of the account."""
        return await factor_pages.overview(visit)

    @get("/two-step", **PAGE)
    async def ask(self, visit: Injected[Visit], factor_pages: Injected[FactorPages]) -> Response[str]:
        """Ask whether to change the present state, and say what follows."""
        factors = await factor_pages.factors(visit)
        if visit.principal.user.two_step_since is None and not factors.has_usable:
            return visit.redirect(SECURITY)
        return await factor_pages.question(visit, "own_factors/two_step.html", factors=factors)

    @post("/two-step", rate_limit="factor", **PAGE)
    async def switch(
        self, visit: Injected[Visit], factor_pages: Injected[FactorPages], own_factors: Injected[OwnFactorsService]
    ) -> Response[Any]:
        """Switch two-step login on or off."""
        try:
            form = await visit.form(TwoStepChange)
            await own_factors.set_two_step(visit.principal, is_on=form.enabled, request_context=visit.request_context)
        except ApplicationException as refusal:
            return await factor_pages.refused(visit, refusal)
        return visit.redirect(f"{SECURITY}?done=saved")
