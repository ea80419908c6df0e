"""Shutdown: running requests finish, long ones are aborted, and workers stop with their parent."""

import os
import signal
import socket
from contextlib import suppress

import httpx
import pytest

from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment
from tests.support.processes import RunningServer
from tests.support.server_output import count_events, worker_pids
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.slow

DRAINING = "server:draining"
LONG_SECONDS = "300"


def exit_status(server: RunningServer) -> int:
    """Wait for a server that is stopping, and return its exit status."""
    wait_until(lambda: not server.running)
    return server.stop()


def wait_for_workers(server: RunningServer, number: int) -> None:
    """Wait until all workers accept connections: a worker that is still starting exits without draining."""
    wait_until(lambda: count_events(server.output(), "server:started") == number)


class UnfinishedRegistration:
    """A request whose body the application is reading and whose end has not been sent."""

    def __init__(self, server: RunningServer) -> None:
        self._body = f'{{"email": "ada@example.com", "username": "ada", "password": "{PASSWORD}"}}'.encode()
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_SECONDS)
        head = "POST /api/auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(self._body)}\r\nExpect: 100-continue\r\n\r\n"
        self._socket.sendall(head.encode())
        # The server sends this when the application reads the body.
        assert self._socket.recv(1024).startswith(b"HTTP/1.1 100 ")

    def finish(self) -> httpx.Response:
        """Send the rest, if the connection is open, and return the response, after which the server closes it."""
        with suppress(ConnectionError):
            self._socket.sendall(self._body)
        with self._socket, self._socket.makefile("rb") as response:
            head, _, body = response.read().partition(b"\r\n\r\n")
        return httpx.Response(int(head.split()[1]), content=body)


@pytest.mark.parametrize(("workers", "how"), [(1, signal.SIGTERM), (2, signal.SIGTERM), (2, signal.SIGINT)])
def test_shutdown_waits_for_a_running_request(deployment: Deployment, workers: int, how: signal.Signals) -> None:
    with deployment.server(workers=workers, SHUTDOWN_TIMEOUT=LONG_SECONDS) as server:
        wait_for_workers(server, workers)
        request = UnfinishedRegistration(server)
        os.kill(server.pid, how)
        wait_until(lambda: count_events(server.output(), DRAINING) == workers)

        response = request.finish()

        assert (response.status_code, response.json()["username"]) == (201, "ada")
        assert exit_status(server) == 0
        assert count_events(server.output(), "server:stopped") == workers


@pytest.mark.parametrize(("workers", "how"), [(1, signal.SIGTERM), (1, signal.SIGINT), (2, signal.SIGTERM)])
def test_ft13_second_signal_aborts_running_requests(deployment: Deployment, workers: int, how: signal.Signals) -> None:
    with deployment.server(workers=workers, SHUTDOWN_TIMEOUT=LONG_SECONDS) as server:
        wait_for_workers(server, workers)
        request = UnfinishedRegistration(server)
        os.kill(server.pid, how)
        wait_until(lambda: count_events(server.output(), DRAINING) == workers)

        os.kill(server.pid, how)

        assert exit_status(server) == 0
        assert request.finish().status_code == 408
        assert count_events(server.output(), "server:stopped") == workers


def test_ctrl_c_counts_as_one_signal_although_it_reaches_parent_and_workers(deployment: Deployment) -> None:
    with deployment.server(workers=2, SHUTDOWN_TIMEOUT=LONG_SECONDS) as server:
        wait_for_workers(server, 2)
        request = UnfinishedRegistration(server)
        os.killpg(server.pid, signal.SIGINT)
        wait_until(lambda: count_events(server.output(), DRAINING) == 2)

        assert request.finish().status_code == 201
        assert exit_status(server) == 0


def test_ft13_shutdown_aborts_a_request_that_takes_too_long(deployment: Deployment) -> None:
    with deployment.server(SHUTDOWN_TIMEOUT="0.2") as server:
        request = UnfinishedRegistration(server)
        os.kill(server.pid, signal.SIGTERM)

        assert exit_status(server) == 0
        assert request.finish().status_code == 408
        assert "Traceback" not in server.output()


@pytest.mark.parametrize("workers", [1, 2], ids=["one worker", "two workers"])
def test_ft13_new_connections_are_accepted_until_readiness_has_failed(deployment: Deployment, workers: int) -> None:
    """Like a load balancer, send requests on new connections after the signal."""
    with (
        deployment.server(workers=workers, SHUTDOWN_DELAY=LONG_SECONDS) as server,
        httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as kept,
    ):
        wait_for_workers(server, workers)
        assert "connection" not in kept.get(f"{server.url}/health/live").headers
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: count_events(server.output(), DRAINING) == workers)

        probes, responses = [], []
        for _ in range(20):
            probes.append(httpx.get(f"{server.url}/health/ready", trust_env=False, timeout=TIMEOUT_SECONDS))
            responses.append(httpx.get(f"{server.url}/health/live", trust_env=False, timeout=TIMEOUT_SECONDS))

        assert {(probe.status_code, probe.json()["status"]) for probe in probes} == {(503, "draining")}
        assert {(response.status_code, response.headers["connection"]) for response in responses} == {(200, "close")}
        os.kill(server.pid, signal.SIGTERM)  # a second signal ends the delay
        assert exit_status(server) == 0


def test_server_stops_when_the_shutdown_delay_is_over(deployment: Deployment) -> None:
    with deployment.server(SHUTDOWN_DELAY="0.5") as server:
        os.kill(server.pid, signal.SIGTERM)

        assert exit_status(server) == 0
        assert count_events(server.output(), DRAINING) == 1


def test_workers_stop_when_their_parent_is_killed(deployment: Deployment) -> None:
    with deployment.server(workers=2) as server:
        wait_for_workers(server, 2)

        os.kill(server.pid, signal.SIGKILL)

        wait_until(lambda: count_events(server.output(), "server:stopped") == 2)


def test_ft14_killed_worker_is_replaced(deployment: Deployment) -> None:
    with deployment.server(workers=2) as server:
        wait_until(lambda: len(worker_pids(server.output())) == 2)

        os.kill(worker_pids(server.output())[0], signal.SIGKILL)

        wait_until(lambda: len(worker_pids(server.output())) == 3)
        url = f"{server.url}/health/ready"
        wait_until(lambda: httpx.get(url, trust_env=False, timeout=TIMEOUT_SECONDS).status_code == 200)
        assert server.stop() == 0
