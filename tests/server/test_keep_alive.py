"""Small responses on a keep-alive connection are sent without delay."""

import asyncio
import http.client
import socket
import time

import pytest

from auth_api.server.listening_socket import bind_socket
from tests.server.conftest import Served
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]


def test_responses_on_a_keep_alive_connection_are_not_delayed(served: Served) -> None:
    """A response is sent in several packets; without TCP_NODELAY the last one may wait 40 ms for the client."""
    connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=TIMEOUT_SECONDS)
    connection.connect()
    opened = connection.sock
    durations = []

    for _ in range(50):
        begin = time.perf_counter()
        connection.request("GET", "/health/live")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b'{"status":"ok"}')
        durations.append(time.perf_counter() - begin)

    assert connection.sock is opened
    connection.close()
    # All of them would be delayed. On a busy machine, most may take as long for other reasons.
    assert sorted(durations)[len(durations) // 4] < 0.020


async def test_accepted_connection_has_tcp_nodelay() -> None:
    """asyncio sets the option only if the listening socket names its protocol."""
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class ReadOption(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            peer: socket.socket = transport.get_extra_info("socket")
            accepted.set_result(peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    listening = bind_socket("127.0.0.1", 0)
    server = await asyncio.get_running_loop().create_server(ReadOption, sock=listening)
    async with server, asyncio.timeout(TIMEOUT_SECONDS):
        _, writer = await asyncio.open_connection(*listening.getsockname())
        assert await accepted
        writer.close()
        await writer.wait_closed()
