"""The verifier for asynchronous services."""

import re
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Self, get_args
from urllib.parse import urlsplit

from auth_api_sdk.principal import Principal
from auth_api_sdk.verification.claims import TokenRules
from auth_api_sdk.verification.engine import Engine, Mode
from auth_api_sdk.verification.source import HttpSource

DEFAULT_ALGORITHMS = ("EdDSA", "ES256", "RS256")


class AsyncTokenVerifier:
    """Decides whether your service accepts an access token or an API key of auth_api.

    Nothing is read at construction. The first call, or `start`, begins to read the public keys and the revocations in
    the background, in each process by itself.

    Args:
        issuer: `PUBLIC_URL` of auth_api, exactly as tokens name it in `iss`.
        audience: `JWT_AUDIENCE` of auth_api, or for tokens of other applications the identifier of your resource;
            one or several. A token must be for exactly one of them.
        mode: `local` verifies the signature; `remote` asks auth_api about each token, and accepts API keys, too.
        service_key: an API key of a service account. In local mode its scope `revocations:read` lets the verifier
            notice within seconds that a session has ended. Permissions and remote mode need `access:check`.
        algorithms: the accepted signature algorithms.

    Raises:
        ValueError: the mode is unknown, or `remote` without a service key, the key is empty or has spaces or characters
            that are not ASCII, the issuer is not a URL, or an audience is missing or empty.
    """

    def __init__(
        self,
        issuer: str,
        audience: str | Collection[str],
        *,
        mode: Mode = "local",
        service_key: str | None = None,
        algorithms: Collection[str] = DEFAULT_ALGORITHMS,
    ) -> None:
        self._can_check = service_key is not None
        self.engine = engine_of(issuer, audience, mode, service_key, algorithms)

    @property
    def can_check_permissions(self) -> bool:
        """Whether there is a service key, with which auth_api can be asked for permissions."""
        return self._can_check

    async def verify(self, token: str) -> Principal:
        """Return the holder of a token.

        Args:
            token: what the header `Authorization` contains after `Bearer`.

        Raises:
            TokenRejected: the token is not accepted: respond with 401.
            Unavailable: auth_api must be asked first and does not answer: respond with 503.
            ConfigurationError: auth_api has no public keys.
        """
        return self.engine.verify_known(token) or await self.engine.verify(token)

    async def missing_permission(self, token: str, permissions: Sequence[str]) -> str | None:
        """Return the first of some permissions that the holder of a token lacks; None if it has all.

        auth_api is asked; its answer is kept for 5 s.

        Raises:
            TokenRejected: the token is not active.
            Unavailable: auth_api does not answer.
        """
        return await self.engine.missing_permission(token, permissions)

    async def start(self) -> None:
        """Read the keys and revocations for the first time. An unreachable auth_api is only logged.

        Raises:
            ConfigurationError: auth_api has no public keys, or refuses the service key.
        """
        await self.engine.start()
        self.engine.check_configuration()

    async def aclose(self) -> None:
        """Stop reading, and close the connections."""
        await self.engine.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def engine_of(
    issuer: str, audience: str | Collection[str], mode: Mode, service_key: str | None, algorithms: Collection[str]
) -> Engine:
    """Return the engine of a verifier.

    Raises:
        ValueError: a setting is wrong.
    """
    if service_key is not None and not service_key.strip():
        message = "service_key is empty"
        raise ValueError(message)
    if service_key is not None and not re.fullmatch("[!-~]+", service_key):
        message = "service_key has a space, a line break or a character that is not ASCII: copy only the key"
        raise ValueError(message)
    if mode not in get_args(Mode):
        message = f"mode is {mode!r}: it must be 'local' or 'remote'"
        raise ValueError(message)
    if mode == "remote" and service_key is None:
        message = "mode='remote' needs a service_key with the scope access:check"
        raise ValueError(message)
    if not _is_url(issuer):
        message = "issuer must be PUBLIC_URL of auth_api, such as https://auth.example.com"
        raise ValueError(message)
    audiences = frozenset([audience] if isinstance(audience, str) else audience)
    if not audiences or "" in audiences:
        message = "audience is empty: it must be JWT_AUDIENCE of auth_api, or the identifier of your resource"
        raise ValueError(message)
    return Engine(
        TokenRules(issuer, audiences, frozenset(algorithms)),
        mode=mode,
        has_feed=mode == "local" and service_key is not None,
        open_source=lambda: HttpSource(issuer, service_key),
    )


def _is_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return False
    return url.scheme in {"https", "http"} and bool(url.hostname)
