"""How it ends."""

import os
import signal
import socket
from contextlib import suppress

import httpx
import pytest

from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment
from tests.support.processes import RunningServer
from tests.support.server_output import times_said, worker_pids
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

DRAINING = "stopping: not ready for new requests"


def ended_with(server: RunningServer) -> int:
    """Return the exit status of a server that was told to end."""
    wait_until(lambda: not server.running)
    return server.stop()


def wait_for_workers(server: RunningServer, number: int) -> None:
    """Return when all of them serve: one that is still starting just ends, without a word."""
    wait_until(lambda: times_said(server.output(), "Application startup complete.") == number)


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
        """Send the rest, if somebody listens, and return the answer, for which the server closes the connection."""
        with suppress(ConnectionError):
            self._socket.sendall(self._body)
        with self._socket, self._socket.makefile("rb") as response:
            head, _, body = response.read().partition(b"\r\n\r\n")
        return httpx.Response(int(head.split()[1]), content=body)


@pytest.mark.parametrize(("workers", "how"), [(1, signal.SIGTERM), (2, signal.SIGTERM), (2, signal.SIGINT)])
def test_a_request_under_way_is_finished_before_the_orderly_end(
    deployment: Deployment, workers: int, how: signal.Signals
) -> None:
    with deployment.server(workers=workers) as server:
        wait_for_workers(server, workers)
        request = UnfinishedRegistration(server)
        os.kill(server.pid, how)
        wait_until(lambda: times_said(server.output(), "Shutting down") == workers)

        response = request.finish()

        assert (response.status_code, response.json()["username"]) == (201, "ada")
        assert ended_with(server) == 0
        assert times_said(server.output(), "Application shutdown complete.") == workers


@pytest.mark.parametrize(("workers", "how"), [(1, signal.SIGTERM), (1, signal.SIGINT), (2, signal.SIGTERM)])
def test_ft13_a_second_signal_does_not_wait_for_requests(
    deployment: Deployment, workers: int, how: signal.Signals
) -> None:
    with deployment.server(workers=workers) as server:
        wait_for_workers(server, workers)
        request = UnfinishedRegistration(server)
        os.kill(server.pid, how)
        wait_until(lambda: times_said(server.output(), "Shutting down") == workers)

        os.kill(server.pid, how)

        assert ended_with(server) == 0
        assert request.finish().status_code == 408
        assert times_said(server.output(), "Application shutdown complete.") == workers


def test_ctrl_c_reaches_parent_and_workers_at_once_and_still_is_one_signal(deployment: Deployment) -> None:
    with deployment.server(workers=2) as server:
        wait_for_workers(server, 2)
        request = UnfinishedRegistration(server)
        os.killpg(server.pid, signal.SIGINT)
        wait_until(lambda: times_said(server.output(), "Shutting down") == 2)

        assert request.finish().status_code == 201
        assert ended_with(server) == 0


def test_ft13_a_request_that_takes_too_long_does_not_keep_the_server_from_ending(deployment: Deployment) -> None:
    with deployment.server(SHUTDOWN_TIMEOUT="0.2") as server:
        request = UnfinishedRegistration(server)
        os.kill(server.pid, signal.SIGTERM)

        assert ended_with(server) == 0
        assert request.finish().status_code == 408
        assert "Traceback" not in server.output()


@pytest.mark.parametrize("workers", [1, 2], ids=["one worker", "two workers"])
def test_ft13_who_asks_for_readiness_first_never_meets_a_closed_door(deployment: Deployment, workers: int) -> None:
    """As a balancer does: requests go here, each on a new connection, until the last probe said no."""
    probes, responses = [], []
    with deployment.server(workers=workers, SHUTDOWN_DELAY="1") as server, httpx.Client(trust_env=False) as kept:
        wait_for_workers(server, workers)
        assert "connection" not in kept.get(f"{server.url}/health/live").headers
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: times_said(server.output(), DRAINING) == workers)

        with suppress(httpx.TransportError):
            while server.running:
                probes.append(httpx.get(f"{server.url}/health/ready", trust_env=False))
                responses.append(httpx.get(f"{server.url}/health/live", trust_env=False))

        assert {(probe.status_code, probe.json()["status"]) for probe in probes} == {(503, "draining")}
        assert {(response.status_code, response.headers["connection"]) for response in responses} == {(200, "close")}
        assert responses
        assert ended_with(server) == 0


def test_workers_do_not_outlive_their_parent(deployment: Deployment) -> None:
    with deployment.server(workers=2) as server:
        wait_for_workers(server, 2)

        os.kill(server.pid, signal.SIGKILL)

        wait_until(lambda: times_said(server.output(), "Application shutdown complete.") == 2)


def test_ft14_a_worker_that_dies_is_replaced(deployment: Deployment) -> None:
    with deployment.server(workers=2) as server:
        wait_until(lambda: len(worker_pids(server.output())) == 2)

        os.kill(worker_pids(server.output())[0], signal.SIGKILL)

        wait_until(lambda: len(worker_pids(server.output())) == 3)
        assert httpx.get(f"{server.url}/health/ready", trust_env=False).status_code == 200
        assert server.stop() == 0
