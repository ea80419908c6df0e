"""Manifest of the sign-in pages."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.web.frame.routes import page_router
from auth_api.web.sign_in.confirm_controllers import ConfirmPageController
from auth_api.web.sign_in.home_controllers import HomeController
from auth_api.web.sign_in.login_controllers import LoginPageController
from auth_api.web.sign_in.logout_controllers import LogoutPageController
from auth_api.web.sign_in.mail_request_controllers import ForgotPasswordPageController, ResendEmailPageController
from auth_api.web.sign_in.register_controllers import RegisterPageController


def build(core: Core, settings: Settings) -> Feature:
    """Build the pages if this server has pages of its own, and those that request mail if it sends any.

    In development, the start page for developers leads to them.
    """
    if not settings.pages.is_hosted:
        return Feature()
    mail_pages = (ForgotPasswordPageController, ResendEmailPageController) if core.outbox.is_on else ()
    pages = (LoginPageController, LogoutPageController, RegisterPageController, ConfirmPageController, *mail_pages)
    home = (HomeController,) if settings.is_production else ()
    return Feature(controllers=(page_router(pages), *home))


MANIFEST: Final = Manifest(build=build)
