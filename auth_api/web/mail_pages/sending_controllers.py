"""GET and POST /account/reset-password/send and /account/verify-email/send.

With sign-in pages, `/account/forgot-password` and `/account/resend-email` exist in their place.
"""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.flows.email_verification.schemas import ResendRequest
from auth_api.flows.email_verification.service import VerificationService
from auth_api.flows.password_recovery.schemas import ForgotRequest
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit

_PASSWORD: Final = "mail_pages/password_mail.html"  # noqa: S105 - a template
_VERIFICATION: Final = "mail_pages/verification_mail.html"


class PasswordMailController(Controller):
    """Send a mail with a link to set a new password."""

    path = "/account/reset-password/send"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Ask for the e-mail address."""
        return visit.page(_PASSWORD)

    @post("/", rate_limit="forgot", **PAGE)
    async def send(self, visit: Injected[Visit], recovery: Injected[RecoveryService]) -> Response[Any]:
        """Send the mail, if an account has the e-mail address."""
        try:
            form = await visit.form(ForgotRequest)
            await recovery.forgot(form.email, visit.request_context)
        except ApplicationException as refusal:
            return visit.refused(refusal, _PASSWORD)
        return visit.page("mail_pages/password_mail_sent.html")


class VerificationMailController(Controller):
    """Send the mail that verifies an e-mail address again."""

    path = "/account/verify-email/send"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Ask for the e-mail address."""
        return visit.page(_VERIFICATION)

    @post("/", rate_limit="resend", **PAGE)
    async def send(self, visit: Injected[Visit], verification: Injected[VerificationService]) -> Response[Any]:
        """Send the mail, if an account has the e-mail address and it is not verified."""
        try:
            form = await visit.form(ResendRequest)
            await verification.resend(form.email, visit.request_context)
        except ApplicationException as refusal:
            return visit.refused(refusal, _VERIFICATION)
        return visit.page("mail_pages/verification_mail_sent.html")
