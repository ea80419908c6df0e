"""The page after a request for a mail, which is the same whether or not an account has the e-mail address."""

from enum import StrEnum
from typing import Final

from litestar import Response

from auth_api.users.identifiers import CanonicalEmail
from auth_api.web.frame.visit import Visit

FORGOT_PASSWORD: Final = "/account/forgot-password"  # noqa: S105 - a path

RESEND_EMAIL: Final = "/account/resend-email"

REGISTER: Final = "/account/register"


class MailReason(StrEnum):
    """What the link in the mail is for."""

    REGISTER = "register"
    NEW_PASSWORD = "new_password"  # noqa: S105 - a reason
    VERIFICATION = "verification"


def check_mail(
    visit: Visit, email: CanonicalEmail, *, reason: MailReason, form: str, again: str | None
) -> Response[str]:
    """Return the page.

    Args:
        visit: the request.
        email: where the mail is sent to.
        reason: what the link in the mail is for.
        form: path of the page that asked for the e-mail address.
        again: path of the page that sends the mail again; None if there is none.
    """
    return visit.page(
        "sign_in/check_mail.html",
        email=email,
        reason=reason,
        form=form,
        again=again,
        has_mailbox=visit.frame.has_mailbox,
    )
