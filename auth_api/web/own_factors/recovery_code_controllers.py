"""The page that creates recovery codes."""

from typing import Any

from litestar import Controller, Response, get, post

from auth_api.flows.own_factors.service import OwnFactorsService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.own_factors.factor_pages import SECURITY, FactorPages


class RecoveryCodesPageController(Controller):
    """Create recovery codes."""

    path = f"{SECURITY}/recovery-codes"

    @get("/", **PAGE)
    async def ask(self, visit: Injected[Visit], factor_pages: Injected[FactorPages]) -> Response[str]:
        """Warn that earlier codes stop working."""
        factors = await factor_pages.factors(visit)
        if not factors.has_any:
            return visit.redirect(SECURITY)
        return await factor_pages.question(visit, "own_factors/new_recovery_codes.html", factors=factors)

    @post("/", rate_limit="factor", **PAGE)
    async def create(
        self, visit: Injected[Visit], factor_pages: Injected[FactorPages], own_factors: Injected[OwnFactorsService]
    ) -> Response[Any]:
        """Create ten codes, and show them once."""
        try:
            await visit.read_fields()
            created = await own_factors.create_recovery_codes(visit.principal, visit.request_context)
        except ApplicationException as refusal:
            return await factor_pages.refused(visit, refusal)
        return factor_pages.codes(visit, created)
