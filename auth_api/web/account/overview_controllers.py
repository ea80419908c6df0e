"""GET /account."""

from litestar import Controller, Response, get

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.pagination import PageRequest
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.web.account.account_page import account_page
from auth_api.web.account.history import shown_event
from auth_api.web.account.recommendations import recommendations
from auth_api.web.frame.journey import ACCOUNT
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit

NEWEST = PageRequest(limit=3)


class OverviewPageController(Controller):
    """The start page of a person who is logged in."""

    path = ACCOUNT

    @get("/", **PAGE)
    async def show(
        self, visit: Injected[Visit], audit: Injected[AuditTrail], second_factors: Injected[SecondFactors]
    ) -> Response[str]:
        """Show the account, what is worth doing, and the last events."""
        user = visit.principal.user
        factors = await second_factors.of_user(user.id)
        entries, _ = await audit.history(user.id, NEWEST)
        return account_page(
            visit,
            "account",
            recommendations=recommendations(
                user, factors, second_factors.addable(factors), visit.request.app.state.pages
            ),
            recovery_codes_left=factors.recovery_codes.left if factors.recovery_codes else 0,
            events=[shown_event(entry, visit.language) for entry in entries],
        )
