"""GET and POST /account/confirm-email, /account/undo-email and /account/report."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.flows.email_change.service import EmailChangeService
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.mail_pages.refused_links import refused_link
from auth_api.web.mail_pages.schemas import LinkForm

_CONFIRM: Final = "mail_pages/confirm_email.html"
_UNDO: Final = "mail_pages/undo_email.html"
_REPORT: Final = "mail_pages/report.html"


class ConfirmEmailController(Controller):
    """Confirm a new e-mail address."""

    path = "/account/confirm-email"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Ask for the code."""
        return visit.page(_CONFIRM, token="")

    @post("/", rate_limit="mailed_token", **PAGE)
    async def confirm(self, visit: Injected[Visit], email_change: Injected[EmailChangeService]) -> Response[Any]:
        """Change the e-mail address. The session of the browser stays, if it is one of the account."""
        caller = visit.browser.principal if visit.browser else None
        try:
            form = await visit.form(LinkForm)
            is_own = await email_change.confirm(form.token, caller, visit.request_context)
        except ApplicationException as refusal:
            return refused_link(visit, refusal, _CONFIRM)
        return visit.page("mail_pages/email_changed.html", is_own=is_own)


class UndoEmailController(Controller):
    """Undo the change of an e-mail address."""

    path = "/account/undo-email"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Ask for the code."""
        return visit.page(_UNDO, token="")

    @post("/", rate_limit="mailed_token", **PAGE)
    async def undo(self, visit: Injected[Visit], email_change: Injected[EmailChangeService]) -> Response[Any]:
        """Restore the previous e-mail address, and end all access to the account."""
        try:
            form = await visit.form(LinkForm)
            await email_change.undo(form.token, visit.request_context)
        except ApplicationException as refusal:
            return refused_link(visit, refusal, _UNDO)
        return visit.page("mail_pages/email_restored.html")


class ReportController(Controller):
    """Report unauthorized access to an account."""

    path = "/account/report"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Ask for the code."""
        return visit.page(_REPORT, token="")

    @post("/", rate_limit="mailed_token", **PAGE)
    async def report(self, visit: Injected[Visit], recovery: Injected[RecoveryService]) -> Response[Any]:
        """End all access to the account, and mail its owner a link to set a new password."""
        try:
            form = await visit.form(LinkForm)
            await recovery.report(form.token, visit.request_context)
        except ApplicationException as refusal:
            return refused_link(visit, refusal, _REPORT)
        return visit.page("mail_pages/account_secured.html")
