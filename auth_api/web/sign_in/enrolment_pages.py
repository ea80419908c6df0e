"""The pages for the first factor of an account, which a login needs."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import Response

from auth_api.flows.own_passkeys.service import OwnPasskeysService
from auth_api.kit.errors import ApplicationException
from auth_api.sign_in.enrolment import EnrolledLogin, MfaToken
from auth_api.sign_in.errors import MfaTokenInvalidException
from auth_api.web.frame.refusals import is_shown_in_form
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.second_factor_pages import log_in_again

PASSKEY: Final = "sign_in/enrol_passkey.html"
APP: Final = "sign_in/enrol_app.html"


def choose_factor(visit: Visit, mfa_token: str, enrolment: Sequence[str]) -> Response[str]:
    """Return the page on which the person chooses the kind of factor.

    Args:
        visit: the request.
        mfa_token: of the login.
        enrolment: the kinds of factor that can be added.
    """
    return visit.page("sign_in/enrol.html", pending=pending_fields(visit, mfa_token), enrolment=enrolment)


def pending_fields(visit: Visit, mfa_token: str) -> dict[str, str]:
    """Return the hidden fields by which a login goes on."""
    return {"mfa_token": mfa_token, "keep": visit.values.get("keep", "")}


async def passkey_page(
    visit: Visit, mfa_token: str, own_passkeys: OwnPasskeysService, refusal: ApplicationException | None = None
) -> Response[Any]:
    """Return the page that creates a passkey, with new options.

    Args:
        visit: the request.
        mfa_token: of the login.
        own_passkeys: returns the options.
        refusal: the error of the last passkey; None if there is none.

    Raises:
        ApplicationException: the error, or one of the options, if no form can correct it.
    """
    if refusal is not None and not is_shown_in_form(refusal):
        raise refusal
    try:
        options = await own_passkeys.options(MfaToken(mfa_token))
    except MfaTokenInvalidException:
        return log_in_again(visit)
    public_key = msgspec.json.encode(options).decode()
    values: dict[str, Any] = {"options": public_key, "pending": pending_fields(visit, mfa_token)}
    if refusal is not None:
        return visit.refused(refusal, PASSKEY, **values)
    return visit.page(PASSKEY, **values)


def enrolled(visit: Visit, login: EnrolledLogin, *, keep: bool) -> Response[Any]:
    """Return what follows the login that has added the first factor: its recovery codes, once, and the cookie."""
    session = login.signed_in.session
    if login.recovery_codes is None:
        return visit.signed_in(session, keep=keep)
    response = visit.page("sign_in/recovery_codes.html", codes=login.recovery_codes.codes)
    response.headers["Set-Cookie"] = visit.session_cookie(session, keep=keep)
    return response
