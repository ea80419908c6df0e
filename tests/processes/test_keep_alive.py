"""Connections that stay open."""

import http.client
import statistics
import time

from tests.processes.conftest import Served


def test_small_answers_on_an_open_connection_are_not_held_back(served: Served) -> None:
    """An answer goes out in more than one piece; without TCP_NODELAY the last waits 40 ms for the client's kernel."""
    connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=10)
    connection.connect()
    opened = connection.sock
    durations = []

    for _ in range(50):
        begin = time.perf_counter()
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"status":"ok"}')
        durations.append(time.perf_counter() - begin)

    assert connection.sock is opened
    connection.close()
    assert statistics.median(durations) < 0.020
