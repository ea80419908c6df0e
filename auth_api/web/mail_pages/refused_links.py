"""What follows an error on the pages of the links in mails."""

from typing import Any

from litestar import Response

from auth_api.kit.errors import ApplicationException
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.users.errors import DuplicateEmailException
from auth_api.web.frame.visit import Visit
from auth_api.web.mail_pages.schemas import token_in


def refused_link(visit: Visit, refusal: ApplicationException, template: str, **values: Any) -> Response[Any]:
    """Return the form again. It keeps the token, which the person may no longer have, unless it is refused.

    Raises:
        ApplicationException: the error, if no form can correct it.
    """
    if isinstance(refusal, DuplicateEmailException):
        return visit.refused(refusal, "mail_pages/email_taken.html")
    is_refused = isinstance(refusal, OneTimeTokenInvalidException)
    token = "" if is_refused else token_in(visit.values.get("token", ""))
    return visit.refused(refusal, template, token=token, **values)
