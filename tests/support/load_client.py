"""A program that sends one request repeatedly; `load` starts it as a process.

It shares the processors with the server under test, so it must use little of them: one thread with non-blocking
sockets, a prepared request, and a minimal parser of responses. It imports only the standard library, and reports its
processor time.
"""

import json
import selectors
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final

MAX_RESPONSE_BYTES: Final = 65536
TICK_SECONDS: Final = 0.005
TIMEOUT_SECONDS: Final = 30.0
"""Time until a missing response is recorded with status 0."""


class Connection:
    """A keep-alive connection, with at most one request in flight."""

    __slots__ = ("began", "received", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self.socket.setblocking(False)
        self.received = b""
        self.began = 0.0


class LoadClient:
    """Send requests on many connections to one server."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port = port
        self._request = request
        self._selector = selectors.DefaultSelector()
        # The connection that has been idle longest is next. The most recently used one would often be one that was
        # refused quickly, so all requests would go to the worker that is full.
        self._idle: deque[Connection] = deque()
        self._busy = 0
        self.times: dict[int, list[float]] = {}
        self.without_retry_after = 0
        """Number of 503 responses without `Retry-After`."""

    def at_rate(self, per_second: float, seconds: float, connections: int) -> None:
        """Send requests at a steady rate, on the connections in turn, and on new ones if all are busy.

        Responses are read once per tick, because waking up for each response costs more than reading it. So measured
        times are up to a tick too long, and never too short.
        """
        self._idle.extend([self._connect() for _ in range(connections)])
        begin, sent = time.monotonic(), 0
        while (now := time.monotonic() - begin) < seconds:
            while sent < now * per_second:
                self._send()
                sent += 1
            time.sleep(TICK_SECONDS)
            self._wait(0)
        self._finish()

    def at_capacity(self, connections: int, seconds: float) -> None:
        """Send the next request on a connection as soon as its response has arrived."""
        end = time.monotonic() + seconds
        for _ in range(connections):
            self._send()
        while time.monotonic() < end:
            for _ in range(self._wait(0.1)):
                self._send()
        self._finish()

    def _send(self) -> None:
        connection = self._idle.popleft() if self._idle else self._connect()
        connection.began = time.monotonic()
        self._busy += 1
        with suppress(ConnectionError):  # closed by the server just now: recorded when the selector reports it
            connection.socket.send(self._request)

    def _connect(self) -> Connection:
        connection = Connection(self._port)
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        return connection

    def _wait(self, seconds: float) -> int:
        """Wait for data. Return the number of completed responses."""
        return sum([self._receive(key.data) for key, _ in self._selector.select(seconds)])

    def _receive(self, connection: Connection) -> bool:
        try:
            data = connection.socket.recv(MAX_RESPONSE_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            return self._on_closed(connection)
        response = connection.received + data if connection.received else data
        head, end, body = response.partition(b"\r\n\r\n")
        fields = head.lower()
        if not end or len(body) < int(fields.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]):
            connection.received = response
            return False
        status = int(head[9:12])
        self.without_retry_after += status == 503 and b"\r\nretry-after: " not in fields
        self._record(status, connection)
        connection.received = b""
        if b"\r\nconnection: close" in fields:
            self._close(connection)
        else:
            self._idle.append(connection)
        return True

    def _on_closed(self, connection: Connection) -> bool:
        """Handle a connection that the server closed, while it was idle or instead of a response."""
        self._close(connection)
        if connection in self._idle:
            self._idle.remove(connection)
            return False
        self._record(0, connection)
        return True

    def _record(self, status: int, connection: Connection) -> None:
        self._busy -= 1
        self.times.setdefault(status, []).append(time.monotonic() - connection.began)

    def _close(self, connection: Connection) -> None:
        self._selector.unregister(connection.socket)
        connection.socket.close()

    def _finish(self) -> None:
        """Wait for the outstanding responses."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while self._busy and (left := end - time.monotonic()) > 0:
            self._wait(left)
        self.times.setdefault(0, []).extend([TIMEOUT_SECONDS] * self._busy)


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Send requests as ordered, and return the measurements."""
    client = LoadClient(order["port"], order["request"].encode("latin-1"))
    begin = time.monotonic()
    if (per_second := order.get("per_second")) is not None:
        client.at_rate(per_second, order["seconds"], order["connections"])
    else:
        client.at_capacity(order["connections"], order["seconds"])
    return {
        "times": {status: times for status, times in client.times.items() if times},
        "without_retry_after": client.without_retry_after,
        "seconds": (seconds := time.monotonic() - begin),
        "cores": time.process_time() / seconds,
    }


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
