"""Manifest of the pages of the links in mails."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.web.frame.routes import page_router
from auth_api.web.mail_pages.invitation_controllers import InvitationPageController
from auth_api.web.mail_pages.link_controllers import ConfirmEmailController, ReportController, UndoEmailController
from auth_api.web.mail_pages.mail_request_controllers import ForgotPasswordPageController, ResendEmailPageController
from auth_api.web.mail_pages.password_controllers import ResetPasswordController
from auth_api.web.mail_pages.verification_controllers import VerifyEmailController

CONTROLLERS: Final = (
    ForgotPasswordPageController,
    ResendEmailPageController,
    ResetPasswordController,
    VerifyEmailController,
    ConfirmEmailController,
    UndoEmailController,
    ReportController,
    InvitationPageController,
)


def build(core: Core, settings: Settings) -> Feature:
    """Build the pages, unless a frontend has them and people do not log in on this server."""
    links_lead_here = settings.mail.frontend_url == settings.http.public_url
    if not core.outbox.is_on or not (links_lead_here or settings.pages.is_hosted):
        return Feature()
    return Feature(controllers=(page_router(CONTROLLERS),))


MANIFEST: Final = Manifest(build=build)
