"""What follows a proof of identity on the pages."""

from typing import Any, Final

from litestar import Response

from auth_api.flows.second_factor.service import SecondFactorService
from auth_api.kit.errors import ApplicationException
from auth_api.sign_in.errors import (
    AccountDisabledException,
    EmailNotVerifiedException,
    MfaEnrolmentRequiredException,
    MfaRequiredException,
)
from auth_api.users.errors import RegistrationClosedException
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.enrolment_pages import choose_factor
from auth_api.web.sign_in.second_factor_pages import first_second_factor_page

REGISTRATION_CLOSED: Final = "sign_in/registration_closed.html"

NO_SESSION_ERRORS: Final = (AccountDisabledException, EmailNotVerifiedException)
"""The reasons why a person gets no session in spite of a right proof. They have pages of their own."""


async def unfinished_sign_in(
    visit: Visit, refusal: ApplicationException, template: str, second_factor: SecondFactorService, **values: Any
) -> Response[Any]:
    """Return the page that follows the first step of a sign-in: the second step, or what `refused_sign_in` returns.

    Raises:
        ApplicationException: the error, if no page of the sign-in shows it.
    """
    match refusal:
        case MfaRequiredException():
            return await first_second_factor_page(visit, refusal, second_factor)
        case MfaEnrolmentRequiredException():
            return choose_factor(visit, refusal.mfa_token, refusal.enrolment)
        case _:
            return refused_sign_in(visit, refusal, template, **values)


def refused_sign_in(visit: Visit, refusal: ApplicationException, template: str, **values: Any) -> Response[Any]:
    """Return the page that follows an error of a sign-in: the next step, a page without a form, or the form again.

    Raises:
        ApplicationException: the error, if no page of the sign-in shows it.
    """
    match refusal:
        case EmailNotVerifiedException():
            return visit.refused(refusal, "sign_in/email_not_verified.html", email=_email(visit))
        case RegistrationClosedException():
            return visit.refused(refusal, REGISTRATION_CLOSED)
        case AccountDisabledException():
            return visit.refused(refusal, "sign_in/account_disabled.html")
        case _:
            return visit.refused(refusal, template, **values)


def _email(visit: Visit) -> str | None:
    """Return the e-mail address by which the person signs in; None if it is not known."""
    identifier = visit.values.get("identifier", "").strip(" ")
    return identifier if "@" in identifier else None
