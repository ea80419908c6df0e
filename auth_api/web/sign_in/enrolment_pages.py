"""The pages for the first factor of an account, which a login needs."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response

from auth_api.sign_in.enrolment import EnrolledLogin
from auth_api.web.frame.visit import Visit

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


def pending_fields(visit: Visit, mfa_token: str | None = None) -> dict[str, str]:
    """Return the hidden fields by which a login goes on.

    Args:
        visit: the request.
        mfa_token: of the login; None for the one that the form has sent.
    """
    token = visit.values.get("mfa_token", "") if mfa_token is None else mfa_token
    return {"mfa_token": token, "keep": visit.values.get("keep", "")}


async def enrolled(visit: Visit, login: EnrolledLogin, *, keep: bool) -> Response[Any]:
    """Return what follows the login that has added the first factor: its recovery codes, once, and the cookie."""
    session = login.signed_in.session
    if login.recovery_codes is None:
        return await visit.signed_in(session, keep=keep)
    await visit.complete_link(session)
    response = visit.page("sign_in/recovery_codes.html", codes=login.recovery_codes.codes)
    response.headers["Set-Cookie"] = visit.session_cookie(session, keep=keep)
    return response
