"""A network between the product and its database that the tests slow down, cut and freeze."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Self

from tests.support.processes import free_port

_CHUNK: Final = 65536
_TICK: Final = 0.005


class _Pair:
    """One connection of a client and the one to the server that belongs to it."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.is_mute = False

    def abort(self) -> None:
        for writer in (self.client, self.server):
            writer.transport.abort()


class TcpProxy:
    """Listens on a free port of 127.0.0.1 and passes all on to another port, in a thread of its own.

    Attributes:
        delay: seconds that every packet takes, in each direction half of them.
        frozen: nothing passes any more, and no connection ends: half-open ones, as after a pulled plug.
        trap: once the client sends these bytes they are passed on, the answer is not, and the connection is cut.
        trapped: how often that happened.
    """

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self.delay = 0.0
        self.frozen = False
        self.trap: bytes | None = None
        self.trapped = 0
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
        self.frozen = False
        self._call(self._close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._pairs)

    def cut(self) -> None:
        """End all connections; new ones are taken."""
        self._call(self._cut)

    def _call(self, work: Callable[[], Any]) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work(), self._loop)
        done.result(10)

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
        await self._thawed()
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(writer, server_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._pump(reader, server_writer, pair, upwards=True),
                self._pump(server_reader, writer, pair, upwards=False),
            )
        finally:
            self._pairs.discard(pair)
            pair.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: _Pair, *, upwards: bool
    ) -> None:
        try:
            while data := await reader.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay / 2)
                await self._thawed()
                if not upwards and pair.is_mute:
                    continue
                springs = upwards and self.trap is not None and self.trap in data
                pair.is_mute = pair.is_mute or springs
                writer.write(data)
                await writer.drain()
                if springs:
                    await asyncio.sleep(0.05)
                    self.trapped += 1
                    break
        except OSError:
            pass
        pair.abort()

    async def _thawed(self) -> None:
        while self.frozen:  # noqa: ASYNC110 - set from another thread
            await asyncio.sleep(_TICK)
