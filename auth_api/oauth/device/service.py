"""Begins the sign-in of a device, and leads the person who enters its code to the decision."""

from dataclasses import dataclass
from urllib.parse import urlencode

from auth_api.kit.errors import FieldError
from auth_api.kit.http.oauth_errors import UnauthorizedClientException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.client import GrantType, OAuthClient
from auth_api.oauth.device.metrics import DEVICE_CODES
from auth_api.oauth.device.schemas import DeviceAuthorization
from auth_api.oauth.device.user_codes import UserCodes
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.oauth.requests.asked_scopes import asked_scopes
from auth_api.oauth.requests.device_requests import DEVICE_LIFETIME, POLL_INTERVAL_SECONDS, DeviceRequests
from auth_api.oauth.requests.request import RequestParameters
from auth_api.oauth.resources.service import Resources
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.throttling.user_code_limit import UserCodeLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAuthorizations:
    """Sign-ins of devices (RFC 8628).

    Attributes:
        requests: stores them.
        resources: the resources that applications may ask for.
        user_codes: creates the codes that devices show.
        limit: counts wrong codes.
        verification_uri: the address of the page on which people enter codes.
    """

    requests: DeviceRequests
    resources: Resources
    user_codes: UserCodes
    limit: UserCodeLimit
    verification_uri: str

    async def begin(
        self, client: OAuthClient, parameters: Parameters, request_context: RequestContext
    ) -> DeviceAuthorization:
        """Return the codes of a new sign-in.

        Args:
            client: the application that has authenticated.
            parameters: what it asks for.
            request_context: the device.

        Raises:
            UnauthorizedClientException: the application may not sign in on devices.
            InvalidScopeException: it asks for a scope that it may not have, or for none.
            InvalidTargetException: a resource is unknown, or has none of the scopes.
        """
        if GrantType.DEVICE_CODE not in client.grant_types:
            raise UnauthorizedClientException
        scopes, resources = await asked_scopes(self.resources, client, parameters)
        wanted = RequestParameters(scopes=scopes, resources=resources)
        device_code = None
        while device_code is None:
            user_code = self.user_codes.create()
            device_code = await self.requests.open(client.id, wanted, user_code.digest, request_context)
        DEVICE_CODES["issued"].inc()
        return DeviceAuthorization(
            device_code=device_code,
            user_code=user_code.shown,
            verification_uri=self.verification_uri,
            verification_uri_complete=f"{self.verification_uri}?{urlencode({'user_code': user_code.shown})}",
            expires_in=int(DEVICE_LIFETIME.total_seconds()),
            interval=POLL_INTERVAL_SECONDS,
        )

    async def enter(self, typed: str, user_id: int, browser: str, client_ip: str | None) -> str:
        """Bind the sign-in of a code to the browser of a person, and return the token that names it in addresses.

        Args:
            typed: what the person has entered.
            user_id: the person, for the limit on wrong codes.
            browser: the value of the browser's cookie.
            client_ip: the IP address of the browser.

        Raises:
            FlowInvalidException: the code is wrong, used or expired, or was entered in another browser.
            TooManyAttemptsException: there were too many wrong codes.
        """
        await self.limit.admit(user_id, client_ip)
        for digest in self.user_codes.digests(typed):
            token = await self.requests.bind(digest, browser)
            if token is not None:
                await self.limit.undo(user_id, client_ip)
                DEVICE_CODES["entered"].inc()
                return token
        DEVICE_CODES["wrong"].inc()
        refusal = FlowInvalidException()
        refusal.errors = (FieldError("user_code", "incorrect", "The code is incorrect or has expired."),)
        raise refusal
