"""Where a verifier gets its documents from: auth_api, or an issuer of tests."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx2

from auth_api_sdk.errors import Unavailable

TIMEOUT_SECONDS: Final = 5.0
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The response of `/.well-known/jwks.json`.

    Attributes:
        document: the key set.
        max_age: how long it may be kept, in seconds; None if the response does not say.
    """

    document: Any
    max_age: float | None = None


class Source(Protocol):
    """The documents of an issuer. Each method raises `Unavailable` if it gets none."""

    async def keys(self) -> KeySet:
        """Return the public keys."""
        ...

    async def revocations(self, since: str | None) -> Any:
        """Return what was revoked, all of it or since `as_of` of an earlier response."""
        ...

    async def check(self, token: str, permissions: Sequence[str]) -> Mapping[str, Any]:
        """Return who holds a token or an API key, and which of these permissions it has."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class HttpSource:
    """Asks auth_api.

    Args:
        issuer: `PUBLIC_URL` of auth_api.
        service_key: an API key of a service account; None if only the public keys are needed.
        transport: what sends the requests, for tests.
    """

    def __init__(
        self, issuer: str, service_key: str | None, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._issuer = issuer
        self._headers = {"Authorization": f"Bearer {service_key}"} if service_key else {}
        self._client = httpx2.AsyncClient(
            base_url=issuer, timeout=TIMEOUT_SECONDS, follow_redirects=False, transport=transport
        )

    async def keys(self) -> KeySet:
        """Return the public keys."""
        response = await self._send("GET", "/.well-known/jwks.json")
        found = _MAX_AGE.search(response.headers.get("cache-control", ""))
        return KeySet(_json(response), float(found[1]) if found else None)

    async def revocations(self, since: str | None) -> Any:
        """Return what was revoked."""
        parameters = {} if since is None else {"since": since}
        return _json(await self._send("GET", "/api/revocations", headers=self._headers, params=parameters))

    async def check(self, token: str, permissions: Sequence[str]) -> Mapping[str, Any]:
        """Return who holds a token or an API key."""
        question = {"token": token, "permissions": list(permissions)}
        answer = _json(await self._send("POST", "/api/access/check", headers=self._headers, json=question))
        if not isinstance(answer, dict) or not isinstance(answer.get("active"), bool):
            raise _unavailable("HTTP_ERROR", 200, "The response is not that of auth_api.")
        if not isinstance(answer.get("allowed") or {}, dict):
            raise _unavailable("HTTP_ERROR", 200, "The response is not that of auth_api.")
        return answer

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        url = f"{self._issuer.rstrip('/')}{path}"
        try:
            response = await self._client.request(method, path, **arguments)
        except httpx2.TimeoutException as error:
            raise _unavailable("TIMEOUT", 0, f"{url} was not answered in time.") from error
        except httpx2.HTTPError as error:
            reason = str(error) if isinstance(error, httpx2.ConnectError) else ""  # others could contain the key
            detail = f"{url} could not be reached ({reason or type(error).__name__})."
            raise _unavailable("OFFLINE", 0, detail) from error
        if response.status_code != httpx2.codes.OK:
            document = _json_or_none(response)
            code = str(document.get("error_code", "HTTP_ERROR")) if isinstance(document, dict) else "HTTP_ERROR"
            raise _unavailable(code, response.status_code, f"{url} was answered with {response.status_code} {code}.")
        return response


def _json(response: httpx2.Response) -> Any:
    document = _json_or_none(response)
    if document is None:
        raise _unavailable("HTTP_ERROR", response.status_code, f"The response of {response.url} is not JSON.")
    return document


def _json_or_none(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _unavailable(code: str, status: int, detail: str) -> Unavailable:
    return Unavailable(code, status, detail, retry_after=1)
