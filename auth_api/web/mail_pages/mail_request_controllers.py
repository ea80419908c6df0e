"""GET and POST /account/forgot-password and /account/resend-email."""

from typing import Any

from litestar import Controller, Response, get, post

from auth_api.flows.email_verification.schemas import ResendRequest
from auth_api.flows.email_verification.service import VerificationService
from auth_api.flows.password_recovery.schemas import ForgotRequest
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.check_mail import FORGOT_PASSWORD, RESEND_EMAIL, MailReason, check_mail


class ForgotPasswordPageController(Controller):
    """Request a mail with a link that sets a new password."""

    path = FORGOT_PASSWORD

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Show the form."""
        return visit.page("mail_pages/forgot_password.html")

    @post("/", rate_limit="forgot", **PAGE)
    async def request_mail(self, visit: Injected[Visit], recovery: Injected[RecoveryService]) -> Response[Any]:
        """Request the mail."""
        try:
            form = await visit.form(ForgotRequest)
            await recovery.forgot(form.email, visit.request_context)
        except ApplicationException as refusal:
            return visit.refused(refusal, "mail_pages/forgot_password.html")
        return check_mail(
            visit, form.email, reason=MailReason.NEW_PASSWORD, form=FORGOT_PASSWORD, again=FORGOT_PASSWORD
        )


class ResendEmailPageController(Controller):
    """Request another mail with a link that verifies the e-mail address."""

    path = RESEND_EMAIL

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Show the form."""
        return visit.page("mail_pages/resend_email.html")

    @post("/", rate_limit="resend", **PAGE)
    async def request_mail(self, visit: Injected[Visit], verification: Injected[VerificationService]) -> Response[Any]:
        """Request the mail."""
        try:
            form = await visit.form(ResendRequest)
            await verification.resend(form.email, visit.request_context)
        except ApplicationException as refusal:
            return visit.refused(refusal, "mail_pages/resend_email.html")
        return check_mail(visit, form.email, reason=MailReason.VERIFICATION, form=RESEND_EMAIL, again=RESEND_EMAIL)
