"""One refresh at a time: threads that need the same one wait for its result."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from auth_api_sdk.models import Tokens


class Flights:
    """The refreshes of this process that run now, by the token that they spend; for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, Future[Tokens]] = {}

    def run(self, refresh_token: str, work: Callable[[], Tokens]) -> Tokens:
        """Do the work, or wait for the thread that does it, and return or raise what it returned or raised."""
        with self._lock:
            running = self._running.get(refresh_token)
            future = self._running.setdefault(refresh_token, Future())
        if running is not None:
            return running.result()
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._running[refresh_token]
        return future.result()
