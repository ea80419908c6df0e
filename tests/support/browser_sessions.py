"""Sessions of browsers, opened by the services, for tests that need no page."""

from auth_api.flows.login.service import LoginService
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.browser_sessions import BrowserCarrier, BrowserSession
from tests.support.actors import PASSWORD


async def log_in_in_browser(
    services: Services, username: str = "ada", *, keep: bool = False, replaces: str | None = None
) -> str:
    """Log in with the password of all actors, and return the value of the cookie."""
    signed_in = await services.of(LoginService).with_password(
        email=None,
        username=username,
        password=PASSWORD,
        request_context=RequestContext(via="page"),
        carrier=BrowserCarrier(keep=keep, replaces=replaces),
    )
    return signed_in.session.secret.raw


async def find(services: Services, cookie: str) -> BrowserSession | None:
    """Return the session of a cookie."""
    return await services.core.browser_sessions.find(cookie)
