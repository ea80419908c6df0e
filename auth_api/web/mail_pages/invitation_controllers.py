"""GET and POST /account/invitation, and POST /account/invitation/accept."""

from typing import Any, Final

import msgspec
from litestar import Controller, Response, get, post

from auth_api.flows.invitations.acceptance import InvitationAcceptance
from auth_api.flows.second_factor.service import SecondFactorService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.sign_in.errors import MfaEnrolmentRequiredException
from auth_api.web.frame.journey import ACCOUNT, LOGIN
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.mail_pages.refused_links import refused_link
from auth_api.web.mail_pages.schemas import AcceptanceForm, LinkForm, token_in
from auth_api.web.sign_in.outcomes import unfinished_sign_in

INVITATION: Final = "/account/invitation"

_CODE: Final = "mail_pages/invitation.html"
_QUESTION: Final = "mail_pages/accept_invitation.html"


class InvitationPageController(Controller):
    """Accept an invitation: first the code from the mail, then a new account, or the one that is logged in."""

    path = INVITATION

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Ask for the code."""
        return visit.page(_CODE, token="")

    @post("/", rate_limit="mailed_token", **PAGE)
    async def preview(self, visit: Injected[Visit], acceptance: Injected[InvitationAcceptance]) -> Response[Any]:
        """Show who invites the person and what it brings, which changes nothing."""
        try:
            form = await visit.form(LinkForm)
            return visit.page(_QUESTION, **await _values(visit, acceptance, form.token))
        except ApplicationException as refusal:
            return refused_link(visit, refusal, _CODE)

    @post("/accept", load_shedder="password_hashing", rate_limit="mailed_token", **PAGE)
    async def accept(
        self,
        visit: Injected[Visit],
        acceptance: Injected[InvitationAcceptance],
        second_factor: Injected[SecondFactorService],
    ) -> Response[Any]:
        """Create an account and log in, or give the roles to the account that is logged in."""
        try:
            form = await visit.form(AcceptanceForm)
            signed_in = await acceptance.accept(
                form.token,
                visit.browser.principal if visit.browser else None,
                username=form.username,
                password=form.password,
                request_context=visit.request_context,
                carrier=visit.carrier(keep=form.keep),
            )
        except ApplicationException as refusal:
            return await _refused(visit, refusal, acceptance, second_factor)
        if signed_in is None:
            return visit.redirect(f"{ACCOUNT}?done=accepted")
        return await visit.signed_in(signed_in.session, keep=form.keep) if _has_login(visit) else _created(visit)


async def _refused(
    visit: Visit, refusal: ApplicationException, acceptance: InvitationAcceptance, second_factor: SecondFactorService
) -> Response[Any]:
    """Return what follows an error: the next step of the login, or the same page if the token still works."""
    if isinstance(refusal, MfaEnrolmentRequiredException):
        return (
            await unfinished_sign_in(visit, refusal, _QUESTION, second_factor) if _has_login(visit) else _created(visit)
        )
    try:
        values = await _values(visit, acceptance, token_in(visit.values.get("token", "")))
    except ApplicationException:
        return refused_link(visit, refusal, _CODE)
    return await unfinished_sign_in(visit, refusal, _QUESTION, second_factor, **values)


async def _values(visit: Visit, acceptance: InvitationAcceptance, token: str) -> dict[str, Any]:
    """Return what the page shows of an invitation.

    Raises:
        OneTimeTokenInvalidException: it cannot be accepted with this token.
    """
    invitation = await acceptance.preview(token)
    user = visit.browser.principal.user if visit.browser else None
    journey = msgspec.structs.replace(visit.journey, continue_to=INVITATION, return_to=None, code_challenge=None)
    return {
        "invitation": invitation,
        "token": token,
        "is_own": user is not None and invitation.account_exists and user.email == invitation.email,
        "login": journey.link(LOGIN, again="1", login_hint=invitation.email),
    }


def _has_login(visit: Visit) -> bool:
    """Return whether people log in on this server. If not, no cookie is set."""
    return "login" in visit.request.app.state.pages


def _created(visit: Visit) -> Response[str]:
    return visit.page("mail_pages/invitation_accepted.html")
