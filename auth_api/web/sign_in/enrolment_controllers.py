"""POST /account/enrol/…: add the first factor of an account, which completes the login."""

from typing import Any, Final

import msgspec
from litestar import Controller, Response, get, post

from auth_api.flows.own_factors.service import OwnFactorsService
from auth_api.flows.own_passkeys.service import OwnPasskeysService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.sign_in.enrolment import MfaToken
from auth_api.sign_in.errors import MfaTokenInvalidException
from auth_api.web.frame.journey import LOGIN
from auth_api.web.frame.refusals import is_shown_in_form
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.enrolment_pages import APP, PASSKEY, enrolled, pending_fields
from auth_api.web.sign_in.factor_schemas import EnrolAppForm, EnrolForm, EnrolPasskeyForm
from auth_api.web.sign_in.outcomes import NO_SESSION_ERRORS, refused_sign_in
from auth_api.web.sign_in.second_factor_pages import log_in_again

_FINAL_ERRORS: Final = (MfaTokenInvalidException, *NO_SESSION_ERRORS)
"""The errors after which this login cannot go on."""


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
            return _refused(visit, refusal, APP, new=None)
        return visit.page(APP, new=new, pending=pending_fields(visit))

    @post("/confirm", rate_limit="factor", **PAGE)
    async def confirm(self, visit: Injected[Visit], own_factors: Injected[OwnFactorsService]) -> Response[Any]:
        """Put the app into use by a code of it, and sign in. After a wrong one, ask again without the QR code."""
        try:
            form = await visit.form(EnrolAppForm)
            login = await own_factors.confirm_first_totp(
                MfaToken(form.mfa_token), form.code, visit.request_context, carrier=visit.carrier(keep=form.keep)
            )
        except ApplicationException as refusal:
            return _refused(visit, refusal, APP, new=None)
        return await enrolled(visit, login, keep=form.keep)


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
            await visit.form(EnrolForm)
        except ApplicationException as refusal:
            return await _passkey_page(visit, own_passkeys, refusal)
        return await _passkey_page(visit, own_passkeys)

    @post("/confirm", rate_limit="factor", **PAGE)
    async def confirm(self, visit: Injected[Visit], own_passkeys: Injected[OwnPasskeysService]) -> Response[Any]:
        """Add what the browser has created, and sign in. Without a passkey, show the page with new options."""
        try:
            form = await visit.form(EnrolPasskeyForm)
            if form.credential is None:
                return await _passkey_page(visit, own_passkeys)
            login = await own_passkeys.add_first(
                MfaToken(form.mfa_token),
                form.credential,
                name=form.name or visit.device.name,
                request_context=visit.request_context,
                carrier=visit.carrier(keep=form.keep),
            )
        except ApplicationException as refusal:
            return await _passkey_page(visit, own_passkeys, refusal)
        return await enrolled(visit, login, keep=form.keep)


async def _passkey_page(
    visit: Visit, own_passkeys: OwnPasskeysService, refusal: ApplicationException | None = None
) -> Response[Any]:
    """Return the page that creates a passkey with new options, or what follows the error of the last passkey."""
    options = ""
    if refusal is None or (is_shown_in_form(refusal) and not isinstance(refusal, _FINAL_ERRORS)):
        try:
            options = msgspec.json.encode(
                await own_passkeys.options(MfaToken(visit.values.get("mfa_token", "")))
            ).decode()
        except ApplicationException as error:
            refusal = error if isinstance(error, _FINAL_ERRORS) else refusal or error
    if refusal is not None:
        return _refused(visit, refusal, PASSKEY, options=options)
    return visit.page(PASSKEY, options=options, pending=pending_fields(visit))


def _refused(visit: Visit, refusal: ApplicationException, template: str, **values: Any) -> Response[Any]:
    """Return what follows an error: the sign-in page if the login has ended, else the page again."""
    if isinstance(refusal, MfaTokenInvalidException):
        return log_in_again(visit)
    return refused_sign_in(visit, refusal, template, pending=pending_fields(visit), **values)
