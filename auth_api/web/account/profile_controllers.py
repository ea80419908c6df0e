"""GET and POST /account/profile."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.flows.account.service import AccountService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.users.user import User
from auth_api.web.account.account_page import account_page
from auth_api.web.account.schemas import ProfileForm
from auth_api.web.frame.languages import LANGUAGES, choose_language
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit

PROFILE: Final = "/account/profile"


class ProfilePageController(Controller):
    """Change the username, the name and the language."""

    path = PROFILE

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Show the form."""
        return _form(visit)

    @post("/", rate_limit="rename", **PAGE)
    async def change(self, visit: Injected[Visit], accounts: Injected[AccountService]) -> Response[Any]:
        """Change what differs from the present profile."""
        try:
            form = await visit.form(ProfileForm)
            user = visit.principal.user
            sent = {"username": form.username, "display_name": form.display_name, "locale": form.locale}
            changed = {name: value for name, value in sent.items() if value != getattr(user, name)}
            if changed:
                await accounts.change_profile(user, changed, visit.request_context)
        except ApplicationException as refusal:
            return _form(visit, refusal)
        return visit.redirect(f"{PROFILE}?done=saved")


def _form(visit: Visit, refusal: ApplicationException | None = None) -> Response[str]:
    user = visit.principal.user
    return account_page(
        visit,
        "profile",
        refusal,
        initial={"username": user.username, "display_name": user.display_name or "", "locale": user.locale or ""},
        locales=_locales(user, visit.frame.default_language),
    )


def _locales(user: User, default: str) -> list[tuple[str, str]]:
    """Return the languages to choose from; also the present ones, which other applications may have set.

    Each is a pair of the tags and a name.
    """
    present = user.locale
    if present is None or present in LANGUAGES:
        return list(LANGUAGES.items())
    language = choose_language(asked=None, locale=present, accepted=None, default=default)
    return [(present, f"{LANGUAGES[language]} ({present.replace(',', ', ')})"), *LANGUAGES.items()]
