"""METRICS_PORT: a small server beside the API, in a thread."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from auth_api.operations.health.exposition import Exposition
from auth_api.operations.health.policy import MetricsPolicy
from auth_api.server.metrics_server import SCRAPES_AT_ONCE, MetricsUnavailableError, own_port
from tests.support.processes import free_port

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

TOKEN = "a-token-of-the-tests-42"

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves on a free port, and returns its address."""
    with ExitStack() as stack:

        def start(token: str | None = None) -> str:
            port = free_port()
            policy = MetricsPolicy(token=token, port=port)
            stack.enter_context(own_port("127.0.0.1", port, Exposition(policy)))
            return f"http://127.0.0.1:{port}"

        yield start


def ask(url: str, method: str = "GET", token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return httpx.request(method, url, headers=headers, trust_env=False, timeout=5)


def test_it_answers_with_the_metrics(serve: Serve) -> None:
    response = ask(f"{serve()}/metrics?x=1")

    assert response.status_code == 200
    assert dict(response.headers) == {
        "content-type": "text/plain; version=0.0.4; charset=utf-8",
        "cache-control": "no-store",
        "content-length": str(len(response.content)),
    }
    assert "# TYPE auth_api_http_requests_total counter" in response.text


def test_it_answers_with_the_head_alone(serve: Serve) -> None:
    response = ask(f"{serve()}/metrics", "HEAD")

    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["content-length"]) > 1000


@pytest.mark.parametrize(
    ("method", "path", "token", "outcome"),
    [
        ("GET", "/metrics", None, (401, "AUTHENTICATION_REQUIRED")),
        ("GET", "/metrics", "another-token-of-the-tests", (401, "TOKEN_INVALID")),
        ("GET", "/", TOKEN, (404, "NOT_FOUND")),
        ("GET", "/health/live", TOKEN, (404, "NOT_FOUND")),
        ("POST", "/metrics", TOKEN, (405, "METHOD_NOT_ALLOWED")),
        ("BREW", "/metrics", TOKEN, (405, "METHOD_NOT_ALLOWED")),
    ],
)
def test_it_refuses_with_the_envelope(
    serve: Serve, method: str, path: str, token: str | None, outcome: tuple[int, str]
) -> None:
    response = ask(f"{serve(TOKEN)}{path}", method, token)

    assert (response.status_code, response.json()["error_code"]) == outcome
    assert response.headers.get_list("content-type") == ["application/problem+json"]
    assert response.headers.get_list("content-length") == [str(len(response.content))]


def test_the_token_opens_it(serve: Serve) -> None:
    assert ask(f"{serve(TOKEN)}/metrics", token=TOKEN).status_code == 200


def test_who_holds_connections_open_does_not_pile_up_threads(serve: Serve) -> None:
    address = httpx.URL(serve())
    before = threading.active_count()

    with ExitStack() as stack:
        for _ in range(3 * SCRAPES_AT_ONCE):
            stack.enter_context(socket.create_connection((address.host, address.port or 0)))
        last = stack.enter_context(socket.create_connection((address.host, address.port or 0)))
        last.settimeout(5)
        assert last.recv(1) == b""  # closed at once
        assert threading.active_count() <= before + SCRAPES_AT_ONCE


def test_a_port_that_is_taken_is_a_clear_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with (
            pytest.raises(MetricsUnavailableError) as refused,
            own_port("127.0.0.1", port, Exposition(MetricsPolicy())),
        ):
            pass

    assert str(refused.value) == (
        f"Cannot listen on 127.0.0.1:{port} for metrics: address already in use. "
        "Choose another port with METRICS_PORT=…."
    )
