"""GET /account/sessions, and the forms on this page."""

from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Controller, Response, get, post

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.pagination import DEFAULT_LIMIT
from auth_api.kit.pagination import PageRequest
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.errors import SessionNotFoundException
from auth_api.sessions.principal import LiveSession
from auth_api.sessions.service import SessionService
from auth_api.web.account.account_page import account_page
from auth_api.web.account.list_links import link_to_next
from auth_api.web.account.schemas import SessionForm
from auth_api.web.frame.devices import Device, device_of
from auth_api.web.frame.journey import LOGIN
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit

SESSIONS: Final = "/account/sessions"

FIRST_PART: Final = PageRequest(DEFAULT_LIMIT)


class ShownSession(msgspec.Struct, frozen=True, kw_only=True):
    """A device on which the person is logged in. `last_used_at` is None for the present one."""

    id: str
    device: Device
    ip_address: str | None
    last_used_at: datetime | None


class SessionPageController(Controller):
    """List and end the sessions of the person."""

    path = SESSIONS

    @get("/", **PAGE)
    async def show(
        self, visit: Injected[Visit], sessions: Injected[SessionService], page: Injected[PageRequest]
    ) -> Response[str]:
        """Show the present session and then the others, newest first."""
        return await _list(visit, sessions, page)

    @post("/end", **PAGE)
    async def end(self, visit: Injected[Visit], sessions: Injected[SessionService]) -> Response[Any]:
        """End one session. The present one ends as by the log-out page."""
        form = await visit.form(SessionForm)
        principal = visit.principal
        try:
            await sessions.end_one(form.id, principal.id, visit.request_context)
        except SessionNotFoundException as refusal:
            return await _list(visit, sessions, FIRST_PART, refusal)
        if form.id == principal.session_id:
            return visit.signed_out(f"{LOGIN}?done=signed-out")
        return visit.redirect(f"{SESSIONS}?done=ended")

    @post("/end-others", **PAGE)
    async def end_others(self, visit: Injected[Visit], access_revocation: Injected[AccessRevocation]) -> Response[Any]:
        """End all sessions except the present one."""
        await visit.read_fields()
        await access_revocation.log_out_everywhere(visit.principal, visit.request_context, keep_current=True)
        return visit.redirect(f"{SESSIONS}?done=others-ended")


async def _list(
    visit: Visit, sessions: SessionService, page: PageRequest, refusal: ApplicationException | None = None
) -> Response[str]:
    """Return a part of the list; the first part begins with the present session."""
    principal = visit.principal
    rows, cursor = await sessions.list_live(principal.id, page)
    return account_page(
        visit,
        "sessions",
        refusal,
        present=_present(visit) if page.after is None else None,
        others=[_shown(row, visit.language) for row in rows if row.id != principal.session_id],
        is_first_part=page.after is None,
        more=link_to_next(visit, cursor),
    )


def _present(visit: Visit) -> ShownSession:
    """Return the session of this request, with the device and the IP address that the request came from."""
    return ShownSession(
        id=str(visit.principal.session_id),
        device=visit.device,
        ip_address=visit.request_context.client_ip,
        last_used_at=None,
    )


def _shown(row: LiveSession, language: str) -> ShownSession:
    return ShownSession(
        id=str(row.id),
        device=device_of(row.user_agent, language),
        ip_address=row.ip_address,
        last_used_at=row.last_used_at,
    )
