"""POST /account/enrol/…: add the first factor of an account, which completes the login."""

from typing import Any

from litestar import Controller, Response, get, post

from auth_api.flows.own_factors.service import OwnFactorsService
from auth_api.flows.own_passkeys.service import OwnPasskeysService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.sign_in.enrolment import MfaToken
from auth_api.sign_in.errors import MfaTokenInvalidException
from auth_api.web.frame.journey import LOGIN
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.enrolment_pages import APP, enrolled, passkey_page, pending_fields
from auth_api.web.sign_in.factor_schemas import EnrolAppForm, EnrolForm, EnrolPasskeyForm
from auth_api.web.sign_in.outcomes import NO_SESSION_ERRORS, refused_sign_in
from auth_api.web.sign_in.second_factor_pages import log_in_again


class EnrolAppPageController(Controller):
    """Add an authenticator app."""

    path = "/account/enrol/totp"

    @get(["/", "/confirm"], **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Lead to the sign-in page, where the login begins."""
        return visit.redirect(visit.journey.link(LOGIN))

    @post("/", rate_limit="factor", **PAGE)
    async def begin(self, visit: Injected[Visit], own_factors: Injected[OwnFactorsService]) -> Response[Any]:
        """Show the QR code of a new app."""
        try:
            form = await visit.form(EnrolForm)
            new = await own_factors.begin_totp(MfaToken(form.mfa_token))
        except ApplicationException as refusal:
            return _refused(visit, refusal)
        return visit.page(APP, new=new, pending=pending_fields(visit, form.mfa_token))

    @post("/confirm", rate_limit="factor", **PAGE)
    async def confirm(self, visit: Injected[Visit], own_factors: Injected[OwnFactorsService]) -> Response[Any]:
        """Put the app into use by a code of it, and sign in. After a wrong one, ask again without the QR code."""
        try:
            form = await visit.form(EnrolAppForm)
            login = await own_factors.confirm_first_totp(
                MfaToken(form.mfa_token), form.code, visit.request_context, carrier=visit.carrier(keep=form.keep)
            )
        except ApplicationException as refusal:
            return _refused(visit, refusal)
        return enrolled(visit, login, keep=form.keep)


class EnrolPasskeyPageController(Controller):
    """Add a passkey."""

    path = "/account/enrol/passkey"

    @get(["/", "/confirm"], **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Lead to the sign-in page, where the login begins."""
        return visit.redirect(visit.journey.link(LOGIN))

    @post("/", rate_limit="factor", **PAGE)
    async def begin(self, visit: Injected[Visit], own_passkeys: Injected[OwnPasskeysService]) -> Response[Any]:
        """Show the button that creates a passkey."""
        try:
            form = await visit.form(EnrolForm)
            return await passkey_page(visit, form.mfa_token, own_passkeys)
        except ApplicationException as refusal:
            return _refused(visit, refusal)

    @post("/confirm", rate_limit="factor", **PAGE)
    async def confirm(self, visit: Injected[Visit], own_passkeys: Injected[OwnPasskeysService]) -> Response[Any]:
        """Add what the browser has created, and sign in. Without a passkey, show the page with new options."""
        try:
            form = await visit.form(EnrolPasskeyForm)
            if form.credential is None:
                return await passkey_page(visit, form.mfa_token, own_passkeys)
            login = await own_passkeys.add_first(
                MfaToken(form.mfa_token),
                form.credential,
                name=form.name,
                request_context=visit.request_context,
                carrier=visit.carrier(keep=form.keep),
            )
        except (MfaTokenInvalidException, *NO_SESSION_ERRORS) as refusal:
            return _refused(visit, refusal)
        except ApplicationException as refusal:
            return await passkey_page(visit, visit.values.get("mfa_token", ""), own_passkeys, refusal)
        return enrolled(visit, login, keep=form.keep)


def _refused(visit: Visit, refusal: ApplicationException) -> Response[Any]:
    """Return what follows an error: the sign-in page if the login has ended, else the form for a code."""
    if isinstance(refusal, MfaTokenInvalidException):
        return log_in_again(visit)
    pending = pending_fields(visit, visit.values.get("mfa_token", ""))
    return refused_sign_in(visit, refusal, APP, new=None, pending=pending)
