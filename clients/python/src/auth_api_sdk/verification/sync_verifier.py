"""The verifier for services without an event loop."""

import asyncio
import os
from collections.abc import Collection, Coroutine, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from auth_api_sdk.errors import Unavailable
from auth_api_sdk.principal import Principal
from auth_api_sdk.verification.async_verifier import DEFAULT_ALGORITHMS, engine_of
from auth_api_sdk.verification.engine import Mode

MAX_WAIT_SECONDS: Final = 10.0

Result = TypeVar("Result")


class TokenVerifier:
    """Decides whether your service accepts an access token or an API key of auth_api.

    It is `AsyncTokenVerifier` with methods that wait. A thread of its own reads keys and revocations; it is started by
    the first call in each process, so that it also works after a fork.

    Args:
        issuer: as for `AsyncTokenVerifier`.
        audience: as above.
        mode: as above.
        service_key: as above.
        algorithms: as above.
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
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = Thread()
        self._pid = os.getpid()

    @property
    def can_check_permissions(self) -> bool:
        """Whether there is a service key, with which auth_api can be asked for permissions."""
        return self._can_check

    def verify(self, token: str) -> Principal:
        """Return the holder of a token.

        Args:
            token: what the header `Authorization` contains after `Bearer`.

        Raises:
            TokenRejected: the token is not accepted: respond with 401.
            Unavailable: auth_api must be asked first and does not answer: respond with 503.
            ConfigurationError: auth_api has no public keys.
        """
        loop = self._running_loop()
        return self.engine.verify_known(token) or _wait(self.engine.verify(token), loop)

    def missing_permission(self, token: str, permissions: Sequence[str]) -> str | None:
        """Return the first of some permissions that the holder of a token lacks; None if it has all.

        Raises:
            TokenRejected: the token is not active.
            Unavailable: auth_api does not answer.
        """
        return _wait(self.engine.missing_permission(token, permissions), self._running_loop())

    def start(self) -> None:
        """Read the keys and revocations for the first time. An unreachable auth_api is only logged.

        Raises:
            ConfigurationError: auth_api has no public keys, or refuses the service key.
        """
        _wait(self.engine.start(), self._running_loop())
        self.engine.check_configuration()

    def close(self) -> None:
        """Stop reading, and close the connections."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None and self._pid == os.getpid():
            _wait(self.engine.aclose(), loop)
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join(MAX_WAIT_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        """Return the event loop of this process, which runs in a thread of its own."""
        if self._loop is not None and self._pid == os.getpid():
            return self._loop
        if self._pid != os.getpid():  # a fork copies the lock, perhaps while another thread holds it
            self._lock, self._loop, self._pid = Lock(), None, os.getpid()
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                self._thread = Thread(target=_serve, args=(loop,), name="auth_api_sdk", daemon=True)
                self._thread.start()
                self._loop = loop
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _wait(work: Coroutine[Any, Any, Result], loop: asyncio.AbstractEventLoop) -> Result:
    """Return the result of a coroutine that runs in another thread."""
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result(MAX_WAIT_SECONDS)
    except FutureTimeoutError as error:
        future.cancel()
        raise Unavailable("TIMEOUT", 0, "auth_api has not answered in time.", retry_after=1) from error
