"""How it ends."""

import os
import signal
import socket

import httpx
import pytest

from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment
from tests.support.processes import RunningServer
from tests.support.server_output import times_said, worker_pids
from tests.support.waiting import wait_until


def ended_with(server: RunningServer) -> int:
    """Return the exit status of a server that was told to end."""
    wait_until(lambda: not server.running)
    return server.stop()


class UnfinishedRegistration:
    """A request that the application is reading, of which the end has not been sent."""

    def __init__(self, server: RunningServer) -> None:
        self._body = f'{{"email": "ada@example.com", "username": "ada", "password": "{PASSWORD}"}}'.encode()
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        head = "POST /api/auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(self._body)}\r\nExpect: 100-continue\r\n\r\n"
        self._socket.sendall(head.encode())
        # The server says so only when the application asks for the body.
        assert self._socket.recv(1024).startswith(b"HTTP/1.1 100 ")

    def finish(self) -> httpx.Response:
        """Send the rest and return the answer, for which the server closes the connection."""
        self._socket.sendall(self._body)
        with self._socket, self._socket.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
        return httpx.Response(int(head.split()[1]), content=body)

    def abandon(self) -> None:
        self._socket.close()


@pytest.mark.parametrize(("workers", "how"), [(1, signal.SIGTERM), (2, signal.SIGTERM), (2, signal.SIGINT)])
def test_a_request_under_way_is_finished_before_the_orderly_end(
    deployment: Deployment, workers: int, how: signal.Signals
) -> None:
    with deployment.server(workers=workers) as server:
        request = UnfinishedRegistration(server)
        os.kill(server.pid, how)
        wait_until(lambda: times_said(server.output(), "Shutting down") == workers)

        answer = request.finish()

        assert (answer.status_code, answer.json()["username"]) == (201, "ada")
        assert ended_with(server) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_wait_for_requests(deployment: Deployment, how: signal.Signals) -> None:
    with deployment.server() as server:
        request = UnfinishedRegistration(server)
        os.kill(server.pid, how)
        wait_until(lambda: times_said(server.output(), "Shutting down") == 1)

        os.kill(server.pid, how)

        assert ended_with(server) == 0
        request.abandon()


def test_a_worker_that_dies_is_replaced(deployment: Deployment) -> None:
    with deployment.server(workers=2) as server:
        wait_until(lambda: len(worker_pids(server.output())) == 2)

        os.kill(worker_pids(server.output())[0], signal.SIGKILL)

        wait_until(lambda: len(worker_pids(server.output())) == 3)
        assert httpx.get(f"{server.url}/health/ready", trust_env=False).status_code == 200
        assert server.stop() == 0
