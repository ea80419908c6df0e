"""The client of calls to other servers."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import msgspec

from auth_api.kit.outbound.bodies import read_document
from auth_api.kit.outbound.errors import OutboundRefusedError, OutboundUnavailableError
from auth_api.kit.outbound.policy import OutboundPolicy
from auth_api.kit.outbound.urls import is_https_url

if TYPE_CHECKING:
    import httpcore2

    from auth_api.kit.outbound.connections import Resolver

TIMEOUT_SECONDS: Final = 8.0
"""Time limit of one call, from the look-up of the host to the end of the body."""

_HEADERS: Final = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "auth_api"}


class OutboundResponse(msgspec.Struct, frozen=True):
    """An answer with a status of 200 to 299, or of 400 to 499 except 429.

    Attributes:
        headers: by their names in lower case; the values of a repeated header are joined with `, `.
        document: the parsed JSON of the body.
    """

    status: int
    headers: Mapping[str, str]
    document: Any


class Outbound:
    """Calls other servers, and keeps their connections for a few seconds.

    It accepts no cookies, follows no redirects and uses no proxy: its library can do neither of them. The library is
    loaded at the first call.

    Args:
        policy: which addresses are allowed besides the public ones.
        resolve: finds the addresses of hosts; the system does if it is None.
        tls: returns the authorities of certificates, which are those of the system.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        resolve: "Resolver | None" = None,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._policy = policy
        self._resolve = resolve
        self._tls = tls
        self._pool: httpcore2.AsyncConnectionPool | None = None

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> OutboundResponse:
        """Read a JSON document.

        Raises:
            OutboundUnavailableError: the server did not answer with such a status and a JSON document in time.
            OutboundRefusedError: the URL or an address of its host is not allowed.
        """
        return await self._call("GET", url, headers or {}, None)

    async def post_form(
        self, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> OutboundResponse:
        """Send a form, and read the JSON document of the answer; the errors are those of `get`."""
        form_headers = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        return await self._call("POST", url, form_headers, urlencode(fields).encode())

    async def close(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _call(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> OutboundResponse:
        from auth_api.kit.outbound import connections  # noqa: PLC0415 - most servers make no calls

        if not is_https_url(url, allows_loopback=self._policy.allows_loopback):
            message = "the URL is not an https URL of a host"
            raise OutboundRefusedError(message)
        if self._pool is None:
            resolve = self._resolve or connections.SystemResolver()
            self._pool = connections.open_pool(self._policy, resolve, self._tls())
        sent = [(name.encode(), value.encode()) for name, value in {**_HEADERS, **headers}.items()]
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._pool.stream(method, url, headers=sent, content=content) as response,
            ):
                return await _read(response)
        except connections.FAILURES as error:
            raise OutboundUnavailableError(type(error).__name__) from error


async def _read(response: "httpcore2.Response") -> OutboundResponse:
    if not (200 <= response.status < 300 or 400 <= response.status < 500) or response.status == 429:  # noqa: PLR2004
        message = f"status {response.status}"
        raise OutboundUnavailableError(message)
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    encoding = headers.get("content-encoding", "").lower()
    document = await read_document(response.aiter_stream(), encoding)
    return OutboundResponse(status=response.status, headers=headers, document=document)
