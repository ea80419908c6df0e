"""URLs in settings are read whole: links begin with them, and `iss` is compared with them."""

import io
import sys
from pathlib import Path

import pytest

from auth_api.flows.administration.commands import _new_password
from auth_api.settings import Settings
from auth_api.settings.environment import secret_file
from auth_api.settings.reader import InvalidSettingsError

pytestmark = pytest.mark.engine_independent

DEVELOPMENT = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}
PRODUCTION = {**DEVELOPMENT, "ENVIRONMENT": "production", "DATABASE_URL": "postgresql://u@h/auth"}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env(environ)
    return str(raised.value).splitlines()


@pytest.mark.parametrize("variable", ["PUBLIC_URL", "FRONTEND_URL"])
@pytest.mark.parametrize("environ", [DEVELOPMENT, PRODUCTION], ids=["development", "production"])
@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:///path",
        "https://:8000",
        "https:app.example.com",
        "//app.example.com",
        "app.example.com",
        "ftp://app.example.com",
        "javascript:alert(1)",
        "https://app example.com",
        "https://app.example.com/a b",
        "https://app.example.com?x=1",
        "https://app.example.com?",
        "https://app.example.com/#x",
        "https://app.example.com/#",
        "https://user:hunter2@app.example.com",
        "https://app.example.com:0",
        "https://app.example.com:65536",
        "https://app.example.com:port",
        "https://app.example.com:",
        "https://app..example.com",
        "https://.example.com",
        "https://app.example.com//x",
        "https://app.example.com/%zz",
        "https://app.example.com/%",
        "https://app.example.com\\x",
        "https://b\u00fccher.example",
        "https://[::1",
        "https://[app]",
        "https://app.example.com,https://b.example.com",
        "https://<host>",
        "https://*.example.com",
    ],
)
def test_url_that_is_not_whole_is_refused(environ: dict[str, str], variable: str, url: str) -> None:
    found = problems({"PUBLIC_URL": "https://auth.example.com", **environ, variable: url})

    assert len(found) == 1
    assert found[0].startswith(f"{variable} must be an http or https URL with a host")
    assert "hunter2" not in found[0]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("https://app.example.com/", "https://app.example.com"),
        ("HTTPS://app.example.com", "https://app.example.com"),
        ("https://app.example.com:8443/auth/", "https://app.example.com:8443/auth"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://my_host/a-b/~c/%C3%BC", "https://my_host/a-b/~c/%C3%BC"),
        (" https://app.example.com \n", "https://app.example.com"),
    ],
)
def test_url_is_accepted_without_its_final_slash(url: str, expected: str) -> None:
    settings = Settings.from_env({**PRODUCTION, "PUBLIC_URL": url, "FRONTEND_URL": url})

    assert (settings.http.public_url, settings.mail.frontend_url, settings.sessions.issuer) == (expected,) * 3


@pytest.mark.parametrize("url", ["http://localhost:3000", "http://127.0.0.1:8000/x"])
def test_plain_http_is_for_development(url: str) -> None:
    assert Settings.from_env({**DEVELOPMENT, "PUBLIC_URL": url, "FRONTEND_URL": url}).http.public_url == url

    found = problems({**PRODUCTION, "PUBLIC_URL": url, "FRONTEND_URL": url})
    assert [line.split()[0] for line in found] == ["PUBLIC_URL", "FRONTEND_URL"]


@pytest.mark.parametrize(
    "url", ["sqlite:///auth.db?mode=ro", "sqlite:///auth.db?", "sqlite:///${DIR}/auth.db", "sqlite:///a\nb.db"]
)
def test_sqlite_url_with_parameters_is_refused(url: str) -> None:
    found = problems({**DEVELOPMENT, "DATABASE_URL": url})

    assert [line.partition(". ")[0] for line in found] == [
        "DATABASE_URL must end with the path of the SQLite file, without parameters and placeholders"
    ]


def test_generated_secret_of_a_refused_url_is_beside_the_file() -> None:
    assert secret_file({"DATABASE_URL": "sqlite:///auth.db?mode=ro"}, Path()) == Path("auth.db.secret")


@pytest.mark.parametrize("line", [b"Correct-Horse-7\r\n", b"\xef\xbb\xbfCorrect-Horse-7\n", b"Correct-Horse-7"])
def test_password_on_standard_input_has_no_byte_order_mark(monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    """PowerShell writes one before what it pipes into a program."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line)))

    assert _new_password(from_stdin=True) == "Correct-Horse-7"
