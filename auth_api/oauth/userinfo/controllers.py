"""Route of the userinfo endpoint."""

from typing import Any

from litestar import Controller, Request, route

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.oauth_errors import InvalidRequestException, InvalidTokenException, OAuthException
from auth_api.oauth.clients.authentication import ClientAuthentication
from auth_api.oauth.protocol.parameters import read_parameters
from auth_api.oauth.userinfo.service import UserInfo
from auth_api.sessions.bearer_token import bearer_token
from auth_api.sessions.errors import AuthenticationRequiredException, TokenInvalidException


class UserInfoController(Controller):
    """The userinfo endpoint (OpenID Connect Core §5.3)."""

    path = "/oauth2"
    opt = {ACCESS: PUBLIC}  # noqa: RUF012 - Litestar declares it without ClassVar
    include_in_schema = False

    @route("/userinfo", http_method=["GET", "POST"], status_code=200)
    async def read(
        self,
        request: Request[Any, Any, Any],
        user_info: Injected[UserInfo],
        client_authentication: Injected[ClientAuthentication],
    ) -> dict[str, Any]:
        """Return facts about the user of an access token."""
        access_token = await _access_token(request)
        try:
            return await user_info.read(access_token)
        except OAuthException:
            client_authentication.count_failure(request)
            raise


async def _access_token(request: Request[Any, Any, Any]) -> str:
    """Return the token of the header, or of a form (RFC 6750 §2).

    Raises:
        InvalidTokenException: there is none.
        InvalidRequestException: it was sent more than once.
    """
    in_form = (await read_parameters(request)).get("access_token") if request.method == "POST" else None
    try:
        in_header = bearer_token(request.scope)
    except AuthenticationRequiredException:
        in_header = None
    except TokenInvalidException:
        raise InvalidRequestException from None
    if in_header and in_form:
        raise InvalidRequestException
    if (found := in_header or in_form) is None:
        raise InvalidTokenException(is_missing=True)
    return found
