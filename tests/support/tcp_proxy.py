"""A TCP proxy between the server and its database, which tests can slow down, cut and freeze."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Self

from tests.support.processes import free_port
from tests.support.waiting import TIMEOUT_SECONDS

_CHUNK_BYTES: Final = 65536
_POLL_SECONDS: Final = 0.005


class _Pair:
    """A client's connection and the matching connection to the server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.is_muted = False
        self.is_slow = False

    def abort(self) -> None:
        for writer in (self.client, self.server):
            writer.transport.abort()


class TcpProxy:
    """Forward connections from a free port of 127.0.0.1 to another port, in a thread of its own.

    Attributes:
        delay_seconds: delay of a round trip, half of it in each direction.
        is_frozen: forward no bytes and end no connection, as after a pulled network cable.
        cut_after: bytes of the client that are forwarded, but whose response is not: it cuts the connection.
        cuts: number of connections that were cut because of `cut_after`.
        delay_after: bytes of the client; their response is delayed by `response_delay_seconds`, as all that follows on
            the connection.
        delays: number of connections on which responses are delayed because of `delay_after`.
    """

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self.delay_seconds = 0.0
        self.is_frozen = False
        self.cut_after: bytes | None = None
        self.cuts = 0
        self.delay_after: bytes | None = None
        self.response_delay_seconds = 2.0
        self.delays = 0
        self._target_port = target_port
        self._pairs: set[_Pair] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self.is_frozen = False
        self._call(self._close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def connections(self) -> int:
        """Number of open connections."""
        return len(self._pairs)

    def cut(self) -> None:
        """Abort all connections; new ones are accepted."""
        self._call(self._cut)

    def _call(self, work: Callable[[], Any]) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work(), self._loop)
        done.result(TIMEOUT_SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _cut(self) -> None:
        for pair in list(self._pairs):
            pair.abort()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._wait_while_frozen()
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(writer, server_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._pump(reader, server_writer, pair, is_to_server=True),
                self._pump(server_reader, writer, pair, is_to_server=False),
            )
        finally:
            self._pairs.discard(pair)
            pair.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: _Pair, *, is_to_server: bool
    ) -> None:
        try:
            while data := await reader.read(_CHUNK_BYTES):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds / 2)
                await self._wait_while_frozen()
                if is_to_server and self.cut_after is not None and self.cut_after in data:
                    pair.is_muted = True
                if is_to_server and self.delay_after is not None and self.delay_after in data:
                    pair.is_slow = True
                    self.delays += 1
                if pair.is_slow and not is_to_server:
                    await asyncio.sleep(self.response_delay_seconds)
                if pair.is_muted and not is_to_server:  # the server has done what it was asked to
                    self.cuts += 1
                    break
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        pair.abort()

    async def _wait_while_frozen(self) -> None:
        while self.is_frozen:  # noqa: ASYNC110 - set from another thread
            await asyncio.sleep(_POLL_SECONDS)
