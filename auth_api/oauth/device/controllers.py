"""Route at which devices begin to sign in."""

from typing import Any, Final

from litestar import Controller, Request, post

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.authentication import ClientAuthentication
from auth_api.oauth.device.schemas import DeviceAuthorization
from auth_api.oauth.device.service import DeviceAuthorizations
from auth_api.oauth.protocol.parameters import read_parameters

REPEATABLE: Final = frozenset({"resource"})


class DeviceAuthorizationController(Controller):
    """The device authorization endpoint (RFC 8628 §3.1)."""

    path = "/oauth2/device_authorization"
    opt = {ACCESS: PUBLIC}  # noqa: RUF012 - Litestar declares it without ClassVar
    include_in_schema = False

    @post("/", status_code=200, rate_limit="device_authorization")
    async def begin(
        self,
        request: Request[Any, Any, Any],
        client_authentication: Injected[ClientAuthentication],
        device_authorizations: Injected[DeviceAuthorizations],
        request_context: Injected[RequestContext],
    ) -> DeviceAuthorization:
        """Return the codes of a new sign-in."""
        parameters = await read_parameters(request, repeatable=REPEATABLE)
        client = await client_authentication.authenticate(request, parameters)
        return await device_authorizations.begin(client, parameters, request_context)
