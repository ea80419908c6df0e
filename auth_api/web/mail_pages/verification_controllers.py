"""GET and POST /account/verify-email."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.flows.email_verification.service import AccountProof, VerificationService
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.kit.errors import ApplicationException, FieldError, ValidationException
from auth_api.kit.http.dependencies import Injected
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.mail_pages.refused_links import refused_link
from auth_api.web.mail_pages.schemas import VerifyForm

_CODE: Final = "mail_pages/verify_email.html"


class VerifyEmailController(Controller):
    """Verify an e-mail address, with the password of the account or without."""

    path = "/account/verify-email"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Ask for the code and the password; only for the code, if the person probably is logged in to the account."""
        user = visit.browser.principal.user if visit.browser else None
        return visit.page(_CODE, token="", asks_password=user is None or user.email_verified_at is not None)

    @post("/", rate_limit="mailed_token", **PAGE)
    async def verify(
        self,
        visit: Injected[Visit],
        verification: Injected[VerificationService],
        recovery: Injected[RecoveryService],
    ) -> Response[Any]:
        """Verify the e-mail address. Without access to the account, its password is removed and a new one chosen."""
        caller = visit.browser.principal if visit.browser else None
        try:
            form = await visit.form(VerifyForm)
            password = None if form.without else form.password
            proof = AccountProof(user_id=caller.id if caller else None, password=password, username=form.username)
            is_own = await verification.is_sent_to(proof.user_id, form.token)
            if not (form.without or password is not None or is_own):
                raise ValidationException([FieldError("password", "missing", "Is required.")])
            reset_token = await verification.verify(form.token, proof, visit.request_context)
        except ApplicationException as refusal:
            return refused_link(visit, refusal, _CODE, asks_password=True)
        if reset_token is None:
            return visit.page("mail_pages/email_verified.html", is_own=is_own)
        user = await recovery.find_user(reset_token)
        return visit.page(
            "mail_pages/choose_password.html", token=reset_token, username=user.username, is_verified=True
        )
