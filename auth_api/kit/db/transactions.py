"""Transactions that always release their connection.

Piccolo's own transactions keep the connection, and stay the current transaction of their task, if BEGIN, COMMIT or
ROLLBACK fails: once that has happened as often as the pool has connections, every request waits forever.
"""

from types import TracebackType
from typing import Any, Protocol

from loguru import logger

from auth_api.kit.deadlines import uninterruptible


class TransactionEngine(Protocol):
    """The part of an engine that a guarded transaction uses."""

    current_transaction: Any
    lost_connections: tuple[type[Exception], ...]
    """Errors of BEGIN on a connection that was already dead."""

    async def acquire(self) -> Any:
        """Return a connection for a transaction."""

    async def release(self, connection: Any, *, clean: bool) -> None:
        """Take the connection back. Unless `clean`, a transaction or a statement may still be active on it."""

    async def on_error(self, error: BaseException, connection: Any) -> None:
        """Decide whether an error on a connection means that the other connections must be replaced."""


class GuardedTransaction:
    """Mixin before `PostgresTransaction` or `SQLiteTransaction`, which define `begin`, `commit` and `rollback`."""

    engine: Any  # a TransactionEngine, for Piccolo's own engine class
    _parent: Any

    async def __aenter__(self) -> Any:
        if self._parent is not None:
            return self._parent
        try:
            await self._begin()
        except self.engine.lost_connections:
            await self._begin()  # nothing was executed yet, so the transaction can begin on a new connection
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
                clean = await self._try_rollback()
        except Exception as commit_error:
            error = commit_error
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

    async def _try_rollback(self) -> bool:
        """Return whether the ROLLBACK succeeded. Its error is only logged: the caller gets the original error."""
        try:
            await self.rollback()  # type: ignore[attr-defined]
        except Exception as error:  # noqa: BLE001 - after any error the connection is checked on release
            logger.bind(event="rollback:failed", error_type=type(error).__name__).debug("rollback failed")
            return False
        return True
