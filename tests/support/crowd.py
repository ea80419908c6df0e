"""Sends one request over and over, as a process of its own: a program, started by `load`.

It shares the machine with the server that it measures, and what it takes of the processor is taken from that. So it is
one thread with sockets that do not block, a request made beforehand, and no more reading than it takes to know how an
answer begins and where it ends. It imports the standard library alone, and tells how much of the processor it took.
"""

import json
import selectors
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final

ANSWER_BYTES: Final = 65536
MOMENT: Final = 0.005
PATIENCE: Final = 30.0
"""Seconds until an answer that does not come is taken for one that never will: status 0."""


class Line:
    """A kept-alive connection, used by one request at a time."""

    __slots__ = ("began", "heard", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setblocking(False)
        self.heard = b""
        self.began = 0.0


class Crowd:
    """Many connections to one server."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port = port
        self._request = request
        self._lines = selectors.DefaultSelector()
        # The one that has waited longest is next. The newest would be one that was refused quickly, over and over: all
        # would come to the one worker that is full, and the others go without.
        self._idle: deque[Line] = deque()
        self._busy = 0
        self.times: dict[int, list[float]] = {}
        self.unexplained = 0
        """503 without `Retry-After`."""

    def at_rate(self, per_second: float, seconds: float, connections: int) -> None:
        """Send so often, whether answers come or not; on so many connections in turn, and on more where all are busy.

         Every moment has its turn: to wake up for each answer costs more
        than to read it. So times are up to a moment too long, and never too short.
        """
        self._idle.extend([self._connected() for _ in range(connections)])
        begin, sent = time.monotonic(), 0
        while (now := time.monotonic() - begin) < seconds:
            while sent < now * per_second:
                self._send()
                sent += 1
            time.sleep(MOMENT)
            self._listen(0)
        self._finish()

    def at_capacity(self, connections: int, seconds: float) -> None:
        """Send again as soon as there is an answer."""
        end = time.monotonic() + seconds
        for _ in range(connections):
            self._send()
        while time.monotonic() < end:
            for _ in range(self._listen(0.1)):
                self._send()
        self._finish()

    def _send(self) -> None:
        line = self._idle.popleft() if self._idle else self._connected()
        line.began = time.monotonic()
        self._busy += 1
        with suppress(ConnectionError):  # closed for idleness in this moment: it will be heard, and noted as no answer
            line.socket.send(self._request)

    def _connected(self) -> Line:
        line = Line(self._port)
        self._lines.register(line.socket, selectors.EVENT_READ, line)
        return line

    def _listen(self, seconds: float) -> int:
        """Wait for something to hear; return how many answers came to their end."""
        return sum([self._hear(key.data) for key, _ in self._lines.select(seconds)])

    def _hear(self, line: Line) -> bool:
        try:
            data = line.socket.recv(ANSWER_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            return self._hang_up(line)
        response = line.heard + data if line.heard else data
        head, end, body = response.partition(b"\r\n\r\n")
        fields = head.lower()
        if not end or len(body) < int(fields.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]):
            line.heard = response
            return False
        status = int(head[9:12])
        self.unexplained += status == 503 and b"\r\nretry-after: " not in fields
        self._note(status, line)
        line.heard = b""
        if b"\r\nconnection: close" in fields:
            self._close(line)
        else:
            self._idle.append(line)
        return True

    def _hang_up(self, line: Line) -> bool:
        """The server closed it: for idleness, or instead of an answer."""
        self._close(line)
        if line in self._idle:
            self._idle.remove(line)
            return False
        self._note(0, line)
        return True

    def _note(self, status: int, line: Line) -> None:
        self._busy -= 1
        self.times.setdefault(status, []).append(time.monotonic() - line.began)

    def _close(self, line: Line) -> None:
        self._lines.unregister(line.socket)
        line.socket.close()

    def _finish(self) -> None:
        """Hear the answers that are still owed."""
        end = time.monotonic() + PATIENCE
        while self._busy and (left := end - time.monotonic()) > 0:
            self._listen(left)
        self.times.setdefault(0, []).extend([PATIENCE] * self._busy)


def main(wanted: dict[str, Any]) -> dict[str, Any]:
    """Do what was asked for, and tell what came of it."""
    crowd = Crowd(wanted["port"], wanted["request"].encode("latin-1"))
    begin = time.monotonic()
    if (per_second := wanted.get("per_second")) is not None:
        crowd.at_rate(per_second, wanted["seconds"], wanted["connections"])
    else:
        crowd.at_capacity(wanted["connections"], wanted["seconds"])
    return {
        "times": {status: times for status, times in crowd.times.items() if times},
        "unexplained": crowd.unexplained,
        "seconds": (seconds := time.monotonic() - begin),
        "cores": time.process_time() / seconds,
    }


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
