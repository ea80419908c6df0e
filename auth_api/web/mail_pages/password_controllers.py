"""GET and POST /account/reset-password."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.mail_pages.refused_links import refused_link
from auth_api.web.mail_pages.schemas import LinkForm, NewPasswordForm

_CODE: Final = "mail_pages/reset_password.html"
_PASSWORD: Final = "mail_pages/choose_password.html"  # noqa: S105 - a template


class ResetPasswordController(Controller):
    """Set a new password: first the code from the mail, then the password."""

    path = "/account/reset-password"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Ask for the code."""
        return visit.page(_CODE, token="")

    @post("/", load_shedder="password_hashing", rate_limit="mailed_token", **PAGE)
    async def reset(self, visit: Injected[Visit], recovery: Injected[RecoveryService]) -> Response[Any]:
        """Ask for the new password, which changes nothing yet, or set it."""
        try:
            form = await visit.form(LinkForm)
            if "new_password" not in visit.values:
                user = await recovery.find_user(form.token)
                return visit.page(_PASSWORD, token=form.token, username=user.username, is_verified=False)
            chosen = await visit.form(NewPasswordForm)
            await recovery.reset(chosen.token, chosen.new_password, visit.request_context)
        except OneTimeTokenInvalidException as refusal:
            return refused_link(visit, refusal, _CODE)
        except ApplicationException as refusal:
            template = _PASSWORD if visit.values.get("token") and "new_password" in visit.values else _CODE
            return refused_link(visit, refusal, template, username="", is_verified=False)
        return visit.page("mail_pages/password_set.html")
