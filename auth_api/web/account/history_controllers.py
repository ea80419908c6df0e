"""GET /account/history."""

from litestar import Controller, Response, get

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.pagination import PageRequest
from auth_api.web.account.account_page import account_page
from auth_api.web.account.history import shown_event
from auth_api.web.account.list_links import link_to_next
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit


class HistoryPageController(Controller):
    """Read the security history of the account."""

    path = "/account/history"

    @get("/", **PAGE)
    async def show(
        self, visit: Injected[Visit], audit: Injected[AuditTrail], page: Injected[PageRequest]
    ) -> Response[str]:
        """Show the events, newest first."""
        entries, cursor = await audit.history(visit.principal.id, page)
        return account_page(
            visit,
            "history",
            events=[shown_event(entry, visit.language) for entry in entries],
            is_first_part=page.after is None,
            more=link_to_next(visit, cursor),
        )
