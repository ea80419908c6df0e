"""METRICS_PORT: a small server beside the API, in a thread."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from auth_api.kit.prometheus import registry
from auth_api.operations.health.exposition import Exposition
from auth_api.operations.health.policy import MetricsPolicy
from auth_api.server.metrics_server import (
    MAX_CONCURRENT_SCRAPES,
    MetricsUnavailableError,
    _ScrapeHandler,
    exposure_warning,
    metrics_port,
)
from tests.support.log_lines import logged
from tests.support.processes import free_port
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

TOKEN = "a-token-of-the-tests-42"

Serve = Callable[..., str]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Return a function that serves metrics on a free port and returns the URL."""
    monkeypatch.setattr(_ScrapeHandler, "timeout", TIMEOUT_SECONDS)
    with ExitStack() as stack:

        def start(token: str | None = None) -> str:
            port = free_port()
            policy = MetricsPolicy(token=token, port=port)
            stack.enter_context(metrics_port("127.0.0.1", port, Exposition(policy)))
            return f"http://127.0.0.1:{port}/metrics"

        yield start


def scrape(url: str, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return httpx.get(url, headers=headers, trust_env=False, timeout=TIMEOUT_SECONDS)


def test_metrics_port_returns_the_text_format(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    response = scrape(serve())

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE auth_api_http_requests_total counter" in response.text
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("token", [None, TOKEN], ids=["401", "200"])
def test_metrics_port_response_is_not_stored_and_hides_versions(serve: Serve, token: str | None) -> None:
    headers = scrape(serve(TOKEN), token).headers

    assert (headers["cache-control"], headers["server"]) == ("no-store", "auth_api")


def test_metrics_port_hides_versions_from_malformed_requests(serve: Serve) -> None:
    url = httpx.URL(serve())
    with socket.create_connection((url.host, url.port or 0), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(b"GET /metrics nonsense HTTP/1.1\r\n\r\n")
        response = b"".join(iter(lambda: connection.recv(4096), b""))

    assert b" 400 " in response
    assert b"Python" not in response


@pytest.mark.parametrize("token", [None, "another-token-of-the-tests"], ids=["no token", "wrong token"])
def test_metrics_port_without_the_configured_token_is_401(serve: Serve, token: str | None) -> None:
    response = scrape(serve(TOKEN), token)

    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.content == b""


def test_metrics_port_accepts_the_configured_token(serve: Serve) -> None:
    assert scrape(serve(TOKEN), TOKEN).status_code == 200


@pytest.mark.parametrize("path", ["/", "/metrics/", "/metricsx", "/health/live", "/favicon.ico", "*"])
@pytest.mark.parametrize("token", [None, TOKEN])
def test_metrics_port_has_no_other_path(serve: Serve, path: str, token: str | None) -> None:
    url = httpx.URL(serve(TOKEN))
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    with socket.create_connection((url.host, url.port or 0), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\n{authorization}\r\n".encode())
        response = b"".join(iter(lambda: connection.recv(4096), b""))

    head, _, body = response.partition(b"\r\n\r\n")
    assert (head.split()[1], body) == (b"404", b"")


def test_failed_scrape_is_logged_with_its_event(
    serve: Serve, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(TOKEN)
    monkeypatch.setattr(registry, "collect", lambda: 1 / 0)
    capfd.readouterr()

    with logged("ERROR") as lines:
        response = scrape(url, TOKEN)

    assert (response.status_code, response.content) == (500, b"")
    assert "Traceback" not in capfd.readouterr().err
    assert lines == [{"event": "scrape:failed", "error_type": "ZeroDivisionError"}]


@pytest.mark.parametrize(
    ("host", "token", "warns"),
    [
        ("0.0.0.0", None, True),  # noqa: S104 - only a text here
        ("::", None, True),
        ("10.0.0.7", None, True),
        ("auth.internal", None, True),
        ("0.0.0.0", TOKEN, False),  # noqa: S104
        ("127.0.0.1", None, False),
        ("127.0.0.9", None, False),
        ("::1", None, False),
        ("localhost", None, False),
    ],
)
def test_open_metrics_port_is_named_at_the_start(host: str, token: str | None, *, warns: bool) -> None:
    warning = exposure_warning(host, MetricsPolicy(token=token, port=9464))

    assert (warning is not None and f"9464 on {host} is open" in warning and "METRICS_TOKEN" in warning) == warns


def test_main_port_needs_no_warning_about_metrics() -> None:
    assert exposure_warning("0.0.0.0", MetricsPolicy()) is None  # noqa: S104 - only a text here


def test_metrics_port_starts_without_a_name_server(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object) -> str:
        pytest.fail("asks a name server")

    monkeypatch.setattr(socket, "getfqdn", look_up)

    assert scrape(serve()).status_code == 200


def test_idle_connections_to_the_metrics_port_use_a_bounded_number_of_threads(serve: Serve) -> None:
    url = httpx.URL(serve())
    before = threading.active_count()

    with ExitStack() as stack:
        for _ in range(3 * MAX_CONCURRENT_SCRAPES):
            stack.enter_context(socket.create_connection((url.host, url.port or 0)))
        last = stack.enter_context(socket.create_connection((url.host, url.port or 0)))
        last.settimeout(TIMEOUT_SECONDS)
        assert last.recv(1) == b""  # closed at once
        assert threading.active_count() <= before + MAX_CONCURRENT_SCRAPES


def test_metrics_port_in_use_is_an_error_that_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with (
            pytest.raises(MetricsUnavailableError) as refused,
            metrics_port("127.0.0.1", port, Exposition(MetricsPolicy())),
        ):
            pass

    assert str(refused.value) == (
        f"Cannot listen on 127.0.0.1:{port} for metrics: address already in use. "
        "Choose another port with METRICS_PORT=…."
    )
