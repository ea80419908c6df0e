"""Send requests with an HTTP client of httpx2, or with one of the caller's."""

import threading
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from auth_api_sdk.exchanges import Request, Response, unavailable_of

if TYPE_CHECKING:
    import httpx2


class HTTPClient(Protocol):
    """What is used of `httpx2.Client` or `httpx.Client`."""

    def request(  # noqa: D102, PLR0913 - as in these libraries
        self,
        method: str,
        url: str,
        *,
        content: bytes | None,
        headers: Mapping[str, str],
        follow_redirects: bool,
        timeout: float,
    ) -> Response: ...


class AsyncHTTPClient(Protocol):
    """What is used of `httpx2.AsyncClient` or `httpx.AsyncClient`."""

    def request(  # noqa: D102, PLR0913 - as in these libraries
        self,
        method: str,
        url: str,
        *,
        content: bytes | None,
        headers: Mapping[str, str],
        follow_redirects: bool,
        timeout: float,
    ) -> Awaitable[Response]: ...


class Transport:
    """Sends requests, and never follows a redirect, as it would take the token to another place.

    Args:
        http: a client of the caller's, or None to make one with the first request.
        timeout: seconds without progress after which a request fails.
    """

    def __init__(self, http: HTTPClient | None, timeout: float) -> None:
        self._http = http
        self._timeout = timeout
        self._own: httpx2.Client | None = None
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Send a request.

        Raises:
            Unavailable: the server did not respond.
        """
        try:
            return self._client().request(request.method, request.url, **_arguments(request, self._timeout))
        except Exception as error:
            if (unavailable := unavailable_of(error)) is None:
                raise
            raise unavailable from error

    def close(self) -> None:
        """Close the connections, except for those of a client of the caller's."""
        with self._lock:
            own, self._own = self._own, None
        if own is not None:
            own.close()

    def _client(self) -> HTTPClient:
        if self._http is not None:
            return self._http
        with self._lock:
            if self._own is None:
                import httpx2  # noqa: PLC0415 - with the first request, as the import takes 0.1 s

                self._own = httpx2.Client()
            return self._own


class AsyncTransport:
    """The same for asynchronous code."""

    def __init__(self, http: AsyncHTTPClient | None, timeout: float) -> None:
        self._http = http
        self._timeout = timeout
        self._own: httpx2.AsyncClient | None = None

    async def send(self, request: Request) -> Response:
        """Send a request.

        Raises:
            Unavailable: the server did not respond.
        """
        try:
            return await self._client().request(request.method, request.url, **_arguments(request, self._timeout))
        except Exception as error:
            if (unavailable := unavailable_of(error)) is None:
                raise
            raise unavailable from error

    async def close(self) -> None:
        """Close the connections, except for those of a client of the caller's."""
        own, self._own = self._own, None
        if own is not None:
            await own.aclose()

    def _client(self) -> AsyncHTTPClient:
        if self._http is not None:
            return self._http
        if self._own is None:
            import httpx2  # noqa: PLC0415 - with the first request, as the import takes 0.1 s

            self._own = httpx2.AsyncClient()
        return self._own


def _arguments(request: Request, timeout: float) -> dict[str, Any]:
    return {
        "content": request.content,
        "headers": request.headers,
        "follow_redirects": False,
        "timeout": timeout,
    }
