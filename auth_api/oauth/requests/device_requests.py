"""Stores the requests of devices. Once a person has entered the user code, they are requests of a browser as well."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from auth_api.kit.clock import Clock
from auth_api.kit.crypto.tokens import DEVICE_CODE, OAUTH_REQUEST, digest, new_token
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.kit.uuid7 import uuid7
from auth_api.oauth.requests import device_repository
from auth_api.oauth.requests.device_repository import NewDeviceRow, PolledRequest
from auth_api.oauth.requests.request import RequestParameters

DEVICE_LIFETIME: Final = timedelta(minutes=10)
"""Time for the person to enter the user code and to decide, and for the device to get its tokens."""

POLL_INTERVAL_SECONDS: Final = 5
"""What a device waits between two token requests (RFC 8628 §3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequests:
    """The states are `open → approved → redeemed`, or `open → denied`; `OAuthRequests` makes the changes of a page."""

    database: Database
    clock: Clock

    async def open(
        self, client_id: int, parameters: RequestParameters, user_code_hash: str, request_context: RequestContext
    ) -> str | None:
        """Store a request, and return its device code; None if another request has the same user code.

        Args:
            client_id: the number of the application's row.
            parameters: what the application asked for, after validation.
            user_code_hash: the digest of the code that the device shows.
            request_context: the device.
        """
        device_code = new_token(DEVICE_CODE)
        row = NewDeviceRow(
            id=uuid7(self.clock()),
            client_id=client_id,
            parameters=parameters,
            device_hash=device_code.digest,
            user_code_hash=user_code_hash,
            poll_interval=POLL_INTERVAL_SECONDS,
            ip_address=request_context.client_ip,
            user_agent=request_context.user_agent,
        )
        is_stored = await self.database.statement(lambda: device_repository.insert(row, DEVICE_LIFETIME))
        return device_code.raw if is_stored else None

    async def bind(self, user_code_hash: str, browser: str) -> str | None:
        """Bind the request of a user code to a browser, and return the token that names it in addresses.

        Returns:
            None if the code is unknown, used or expired, or if it was entered in another browser first.
        """
        token = new_token(OAUTH_REQUEST)
        is_bound = await self.database.statement(
            lambda: device_repository.bind(user_code_hash, public_hash=token.digest, binding_hash=digest(browser))
        )
        return token.raw if is_bound else None

    async def poll(self, device_code: str, client_id: int) -> PolledRequest | None:
        """Return the request of a device code of this application, in any state.

        Returns:
            None if the device asks too early, or if the application has no such device code; `slow_down` tells.
        """
        return await self.database.statement(lambda: device_repository.poll(digest(device_code), client_id))

    async def slow_down(self, device_code: str, client_id: int) -> bool:
        """Let a device wait longer between two requests. Return False if the application has no such device code."""
        return await self.database.statement(lambda: device_repository.slow_down(digest(device_code), client_id))
