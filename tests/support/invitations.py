"""Invite people in tests, and let them accept."""

from datetime import timedelta
from typing import Any

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.flows.invitations.invitation import Invitation
from auth_api.flows.invitations.service import InvitationService, NewInvitation
from auth_api.kit.request_context import RequestContext
from auth_api.roles.rights import OPERATOR
from auth_api.services import Services
from auth_api.users.identifiers import CanonicalEmail
from tests.support.actors import Actor, ApiResponse
from tests.support.mailbox import Mailbox

EMAIL = "grace@example.com"
JOINING = {"username": "grace", "password": "Another-Horse-8-Battery"}


async def invite(
    services: Services,
    *roles: str,
    email: str = EMAIL,
    request_context: RequestContext = COMMAND_LINE_CONTEXT,
    locale: str | None = None,
) -> Invitation:
    """Invite a person, without a check of the inviter's permissions."""
    new = NewInvitation(email=CanonicalEmail(email), roles=roles, lifetime=timedelta(hours=72), locale=locale)
    return await services.of(InvitationService).create(new, OPERATOR, request_context)


async def invited(services: Services, mailbox: Mailbox, *roles: str, **more: Any) -> str:
    """Invite a person, and return the token in the mail."""
    await invite(services, *roles, **more)
    return await mailbox.token()


async def preview(actor: Actor, token: str) -> ApiResponse:
    return await actor.call("POST", "/api/auth/invitations/preview", token="", json={"token": token})


async def accept(actor: Actor, token: str, *, bearer: str = "", **fields: Any) -> ApiResponse:
    return await actor.call("POST", "/api/auth/invitations/accept", token=bearer, json={"token": token, **fields})
