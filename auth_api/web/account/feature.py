"""Manifest of the pages of the account."""

from typing import Final

from litestar import Controller

from auth_api.credentials.api_keys.policy import ApiKeyPolicy
from auth_api.events.audit.policy import AuditPolicy
from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.settings import Settings
from auth_api.web.account.application_controllers import ApplicationPageController
from auth_api.web.account.data_controllers import DataPageController
from auth_api.web.account.email_controllers import EmailPageController
from auth_api.web.account.history_controllers import HistoryPageController
from auth_api.web.account.key_controllers import KeyPageController
from auth_api.web.account.overview_controllers import OverviewPageController
from auth_api.web.account.password_controllers import PasswordPageController
from auth_api.web.account.profile_controllers import ProfilePageController
from auth_api.web.account.session_controllers import SessionPageController
from auth_api.web.frame.routes import page_router

_CONTROLLERS: Final[tuple[type[Controller], ...]] = (
    OverviewPageController,
    ProfilePageController,
    PasswordPageController,
    SessionPageController,
    HistoryPageController,
    DataPageController,
)


def build(core: Core, settings: Settings) -> Feature:
    """Build the pages if this server has pages of its own."""
    if not settings.pages.is_hosted:
        return Feature()
    controllers = list(_CONTROLLERS)
    if core.outbox.is_on:
        controllers.append(EmailPageController)
    if settings.of(ApiKeyPolicy).allows_personal:
        controllers.append(KeyPageController)
    if settings.of(OAuthPolicy).enabled:
        controllers.append(ApplicationPageController)
    return Feature(
        controllers=(page_router(controllers),),
        dependencies={"audit_policy": settings.of(AuditPolicy)},
    )


MANIFEST: Final = Manifest(build=build)
