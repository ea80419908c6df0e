"""Makes a Piccolo transaction give its connection back whatever happens.

Stock transactions keep the connection, and stay the current one of their task, when BEGIN, COMMIT or ROLLBACK fails:
after as many failures as the pool is large, every request hangs.
"""

from types import TracebackType
from typing import Any, Protocol

from loguru import logger

from auth_api.kit.deadlines import uninterruptible


class Connections(Protocol):
    """What a guarded transaction asks of its engine."""

    current_transaction: Any
    lost_connections: tuple[type[Exception], ...]
    """What BEGIN raises on a connection that had died before."""

    async def acquire(self) -> Any:
        """Return a connection to run a transaction on."""

    async def release(self, connection: Any, *, clean: bool) -> None:
        """Take it back. Unless clean, a transaction may still be open, or a statement still under way, on it."""

    async def on_error(self, error: BaseException, connection: Any) -> None:
        """Draw from an error on a connection what it means for the others."""


class GuardedTransaction:
    """Mixin before `PostgresTransaction` or `SQLiteTransaction`, which bring `begin`, `commit` and `rollback`."""

    engine: Any
    _parent: Any

    async def __aenter__(self) -> Any:
        if self._parent is not None:
            return self._parent
        try:
            await self._begin()
        except self.engine.lost_connections:
            await self._begin()  # nothing had been asked yet, so a fresh connection does as well
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self._parent is not None:
            return False
        clean = False
        try:
            if error is None:
                with uninterruptible():
                    await self.commit()  # type: ignore[attr-defined]
                clean = True
            else:
                clean = await self._roll_back_quietly()
        except Exception as failed:
            error = failed
            raise
        finally:
            self.engine.current_transaction.reset(self.context)
            if error is not None:
                await self.engine.on_error(error, self.connection)
            await self.engine.release(self.connection, clean=clean)
        return False

    async def _begin(self) -> None:
        self.connection = await self.engine.acquire()
        try:
            await self.begin()  # type: ignore[attr-defined]
        except BaseException as error:
            await self.engine.on_error(error, self.connection)
            await self.engine.release(self.connection, clean=False)
            raise

    async def _roll_back_quietly(self) -> bool:
        """The error that ended the transaction is the one to report, not that of a ROLLBACK on a dead connection."""
        try:
            await self.rollback()  # type: ignore[attr-defined]
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is looked at when it is given back
            logger.bind(error=type(error).__name__).debug("rollback failed")
            return False
        return True
