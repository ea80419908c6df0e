"""What a device gets that asks for its tokens."""

from dataclasses import dataclass

from auth_api.kit.http.oauth_errors import (
    AccessDeniedException,
    AuthorizationPendingException,
    ExpiredTokenException,
    InvalidGrantException,
    SlowDownException,
)
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.device.metrics import DEVICE_CODES
from auth_api.oauth.requests.device_requests import DeviceRequests
from auth_api.oauth.requests.request import OAuthRequest, RequestState


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePolling:
    """Answers the token requests of devices (RFC 8628 §3.5)."""

    requests: DeviceRequests

    async def poll(self, client: OAuthClient, device_code: str) -> OAuthRequest:
        """Return the request of a device code that the user has approved.

        One that was redeemed before is returned, too, so that a second redemption has the same result as that of an
        authorization code.

        Args:
            client: the application that has authenticated.
            device_code: what it sends.

        Raises:
            InvalidGrantException: the device code is unknown, or of another application.
            SlowDownException: the device asks too early, whatever the user has decided.
            ExpiredTokenException: the device code has expired.
            AccessDeniedException: the user has refused.
            AuthorizationPendingException: the user has not decided yet.
        """
        polled = await self.requests.poll(device_code, client.id)
        if polled is None:
            is_known = await self.requests.slow_down(device_code, client.id)
            raise SlowDownException if is_known else InvalidGrantException
        request = polled.request
        if request.state is RequestState.REDEEMED:
            return request
        if polled.has_expired:
            DEVICE_CODES["expired"].inc()
            raise ExpiredTokenException
        if request.state is RequestState.DENIED:
            DEVICE_CODES["denied"].inc()
            raise AccessDeniedException
        if request.state is RequestState.OPEN:
            raise AuthorizationPendingException
        DEVICE_CODES["approved"].inc()
        return request
