"""GET and POST /account/email, and the form that sends the verification mail again."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.flows.email_change.service import EmailChangeService
from auth_api.flows.email_verification.service import VerificationService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.sign_in.freshness import Freshness
from auth_api.users.identifiers import CanonicalEmail
from auth_api.web.account.account_page import account_page
from auth_api.web.account.confirmation_fields import confirmation_fields, require_password
from auth_api.web.account.schemas import EmailForm
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit

EMAIL: Final = "/account/email"


class EmailPageController(Controller):
    """Change the e-mail address, or verify it. Where mail is off, this page does not exist."""

    path = EMAIL

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit], freshness: Injected[Freshness]) -> Response[str]:
        """Show the address and the form."""
        return await _form(visit, freshness)

    @post("/", load_shedder="password_hashing", rate_limit="email_change", **PAGE)
    async def change(
        self, visit: Injected[Visit], email_change: Injected[EmailChangeService], freshness: Injected[Freshness]
    ) -> Response[Any]:
        """Send a link to the new address. The response is the same whether or not another account has it."""
        try:
            form = await visit.form(EmailForm)
            await require_password(visit, freshness, form.current_password)
            await email_change.request(
                visit.principal,
                new_email=form.new_email,
                current_password=form.current_password,
                request_context=visit.request_context,
            )
        except ApplicationException as refusal:
            return await _form(visit, freshness, refusal)
        return visit.redirect(f"{EMAIL}?done=mail-sent")

    @post("/resend", rate_limit="resend", **PAGE)
    async def resend(
        self, visit: Injected[Visit], verification: Injected[VerificationService], freshness: Injected[Freshness]
    ) -> Response[Any]:
        """Send the verification mail to the present address again."""
        try:
            await visit.read_fields()
            await verification.resend(CanonicalEmail(visit.principal.user.email), visit.request_context)
        except ApplicationException as refusal:
            return await _form(visit, freshness, refusal)
        return visit.redirect(f"{EMAIL}?done=mail-resent")


async def _form(visit: Visit, freshness: Freshness, refusal: ApplicationException | None = None) -> Response[str]:
    return account_page(
        visit,
        "email",
        refusal,
        confirmed=await confirmation_fields(visit, freshness),
        has_mailbox=visit.frame.has_mailbox,
    )
