"""GET and POST /account/device."""

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Controller, Response, get, post

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.browser_cookie import BrowserCookie
from auth_api.kit.http.dependencies import Injected
from auth_api.oauth.device.service import DeviceAuthorizations
from auth_api.web.device.schemas import UserCodeForm
from auth_api.web.frame.kept_values import USER_CODE
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit

_TEMPLATE: Final = "device/device.html"


class DevicePageController(Controller):
    """Let a person who is signed in enter the code of a device (RFC 8628 §3.3)."""

    path = "/account/device"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Ask for the code. A link that the device shows fills it in, but does not send it (§3.3.1)."""
        _ = visit.principal
        return visit.page(_TEMPLATE, initial={USER_CODE: visit.query.get(USER_CODE, "")})

    @post("/", **PAGE)
    async def enter(
        self,
        visit: Injected[Visit],
        device_authorizations: Injected[DeviceAuthorizations],
        browser_cookie: Injected[BrowserCookie],
    ) -> Response[Any]:
        """Lead to the page on which the person decides what the device may do."""
        browser, cookie = browser_cookie.keep_or_create(visit.request.scope["headers"])
        try:
            form = await visit.form(UserCodeForm)
            request = await device_authorizations.enter(
                form.user_code, visit.principal.id, browser, visit.request_context.client_ip
            )
        except ApplicationException as refusal:
            return visit.refused(refusal, _TEMPLATE)
        return visit.redirect(f"/account/authorize?{urlencode({'request': request})}", cookie=cookie)
