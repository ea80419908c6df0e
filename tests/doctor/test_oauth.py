"""Checks of the OAuth provider: its keys, and its metadata at the address that clients use."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from auth_api.doctor.files import check_files
from auth_api.doctor.oauth import DISCOVERY, check_oauth_keys, check_oauth_metadata
from auth_api.kit.crypto.generation import new_key
from auth_api.kit.crypto.signing import SigningKey
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.oauth.keys.oauth_keys import OAuthKeys
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.settings.oauth import pem_blocks
from tests.support.oauth_keys import OAUTH_SIGNING_KEYS

pytestmark = pytest.mark.engine_independent

RING = [SigningKey.from_pem(pem) for pem in pem_blocks(OAUTH_SIGNING_KEYS)]


def policy(*more: SigningKey, enabled: bool = True) -> OAuthPolicy:
    return OAuthPolicy(enabled=enabled, keys=OAuthKeys("https://auth.example.com", [*RING, *more]))


def test_keys_are_reported_with_a_rotation_that_is_not_complete() -> None:
    (found,) = check_oauth_keys(policy())
    assert (found.check, found.verdict) == ("oauth.keys", "ok")
    assert all(key.kid in found.message for key in RING)

    _, rotation = check_oauth_keys(policy(SigningKey.from_pem(new_key("ES256"))))
    assert (rotation.check, rotation.verdict) == ("oauth.rotation", "warn")
    assert rotation.fix.endswith("auth-api keys rotate --oauth --algorithm ES256")

    assert list(check_oauth_keys(policy(enabled=False))) == []


@contextmanager
def metadata_server(content: str, status: int = 200) -> Iterator[str]:
    """A server with one document at all addresses; `{url}` in it is the URL of the server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = content.replace("{url}", url).encode() if self.path == DISCOVERY else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield url
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("content", "status", "verdict", "message"),
    [
        ('{"issuer": "{url}"}', 200, "ok", "Clients find the metadata"),
        ('{"issuer": "{url}/"}', 200, "fail", "belong to another issuer"),
        ('{"issuer": "{url}"}', 404, "fail", "returns 404"),
        ("{}", 200, "fail", "the response is not that of auth_api"),
        ("[]", 200, "fail", "the response is not that of auth_api"),
        ("<html>", 200, "fail", "the response is not that of auth_api"),
    ],
)
def test_metadata_must_be_those_of_the_issuer(content: str, status: int, verdict: str, message: str) -> None:
    with metadata_server(content, status) as url:
        found = check_oauth_metadata(url)

    assert (found.check, found.verdict) == ("oauth.metadata", verdict)
    assert message in found.message


def test_metadata_of_a_server_that_does_not_run_are_a_failure() -> None:
    with metadata_server("{}") as url:
        pass

    assert "the connection was refused" in check_oauth_metadata(url).message


def test_generated_keys_that_other_users_can_change_are_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "auth.db.oauth.secret"
    path.touch()
    path.chmod(0o666)

    (found,) = check_files({}, tmp_path, DatabasePolicy(sqlite_path=None))

    assert (found.check, found.verdict) == ("files.development_oauth_keys", "fail")
