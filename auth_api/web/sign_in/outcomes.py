"""What follows a proof of identity on the pages."""

from typing import Any

from litestar import Response

from auth_api.kit.errors import ApplicationException
from auth_api.sign_in.errors import AccountDisabledException, EmailNotVerifiedException
from auth_api.web.frame.visit import Visit


def refused_sign_in(visit: Visit, refusal: ApplicationException, template: str, **values: Any) -> Response[Any]:
    """Return the page that follows an error of a sign-in: the next step, a page without a form, or the form again.

    Raises:
        ApplicationException: the error, if no page of the sign-in shows it.
    """
    match refusal:
        case EmailNotVerifiedException():
            return visit.refused(refusal, "sign_in/email_not_verified.html", email=_email(visit))
        case AccountDisabledException():
            return visit.refused(refusal, "sign_in/account_disabled.html")
        case _:
            return visit.refused(refusal, template, **values)


def _email(visit: Visit) -> str | None:
    """Return the e-mail address by which the person signs in; None if it is not known."""
    identifier = visit.values.get("identifier", "").strip(" ")
    return identifier if "@" in identifier else None
