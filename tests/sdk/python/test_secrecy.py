"""Secrets are neither logged nor shown, and the import costs little."""

import logging
import subprocess
import sys

import httpx2
import pytest

from auth_api_sdk import AuthError
from auth_api_sdk.calls import login, profile
from auth_api_sdk.exchanges import request_of
from tests.sdk.python.fake_server import URL, Subject, pair, problem, settled

pytestmark = pytest.mark.engine_independent

WITHOUT_IO = """
import sys
forbidden = {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename"}
def check(event, arguments):
    if event in forbidden or (event == "open" and arguments[1] is not None and set(arguments[1]) & set("wax+")):
        raise RuntimeError(event)
sys.addaudithook(check)
import auth_api_sdk
from auth_api_sdk import AsyncAuthClient, AuthClient, AuthError, MemoryStore, Principal
AuthClient("https://auth.example.com").sign_in_url("https://site.example/")
print(sorted({"httpx", "httpx2", "jwt", "cryptography", "sqlite3", "fastapi", "litestar"} & set(sys.modules)))
"""


async def test_secrets_are_not_logged(subject: Subject, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    subject.server.on("POST /api/auth/login", problem(403, "MFA_REQUIRED", mfa_token="secret-mfa"))
    subject.server.on("POST /api/auth/refresh", (200, pair(1)))
    with pytest.raises(AuthError):
        await settled(subject.client.login("ada", "secret-password"))
    await settled(subject.client.refresh("secret-refresh"))
    await settled(subject.session.adopt(await settled(subject.client.refresh("secret-refresh"))))
    assert "/api/auth/login" in caplog.text
    for secret in ("secret", "access-1", "rt_1"):
        assert secret not in caplog.text


def test_calls_and_requests_hide_secrets() -> None:
    for call in (login("ada", "secret-password"), profile("secret-token")):
        assert "secret" not in f"{call} {request_of(call, URL, {})}"


def test_import_does_no_io_and_loads_no_http_client() -> None:
    command = [sys.executable, "-B", "-W", "error", "-c", WITHOUT_IO]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout.strip()) == (0, "", "[]")


async def test_network_error_does_not_show_the_request(subject: Subject) -> None:
    subject.server.on("POST /api/auth/login", httpx2.ReadError("secret-detail"))
    with pytest.raises(AuthError) as caught:
        await settled(subject.client.login("ada", "secret-password"))
    assert "secret" not in str(caught.value)
