"""The files of deploy/, the Dockerfile and compose.yaml agree with the settings and with each other."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from auth_api.settings import Settings

pytestmark = pytest.mark.engine_independent

REPOSITORY: Final = Path(__file__).parent.parent.parent
PRODUCTION: Final = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://auth@database/auth",
    "JWT_SECRET_KEY": "9fK2-vQ7x_Lw4Rz8Tn1Yc6Hb3Jd5Gm0Ps",
    "PUBLIC_URL": "https://auth.example.com",
}
SERVICES: Final[dict[str, Any]] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text(encoding="utf-8"))["services"]


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def number(pattern: str, name: str) -> float:
    """Return the number that the pattern matches in a file; it must match once."""
    (found,) = re.findall(pattern, text_of(name), re.MULTILINE)
    return float(found)


def test_compose_has_valid_settings_and_migrates_with_the_same_ones() -> None:
    settings = Settings.from_env(SERVICES["api"]["environment"])

    assert settings.server.workers == 2
    assert settings.mail.is_on
    assert SERVICES["migrate"]["environment"] == SERVICES["api"]["environment"]
    assert SERVICES["database"]["environment"]["POSTGRES_USER"] in str(settings.database.postgres_dsn)


def test_stop_timeouts_exceed_the_shutdown_of_the_server() -> None:
    server = Settings.from_env(PRODUCTION).server
    needed = server.shutdown_delay + server.shutdown_timeout

    assert number(r"^TimeoutStopSec=(\d+)$", "deploy/auth-api.service") > needed
    assert float(SERVICES["api"]["stop_grace_period"].removesuffix("s")) > needed


@pytest.mark.parametrize(
    ("name", "idle", "response"),
    [
        ("deploy/nginx.conf", r"keepalive_timeout (\d+)s;", r"proxy_read_timeout (\d+)s;"),
        ("deploy/Caddyfile", r"keepalive (\d+)s", r"response_header_timeout (\d+)s"),
    ],
)
def test_proxy_closes_idle_connections_first_and_waits_longer_for_responses(
    name: str, idle: str, response: str
) -> None:
    server = Settings.from_env(PRODUCTION).server

    assert number(idle, name) < server.keep_alive_timeout
    assert number(response, name) > server.request_timeout


def test_dockerignore_includes_what_the_image_copies() -> None:
    included = {line[1:] for line in text_of(".dockerignore").splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--)(\S+) ", text_of("Dockerfile"), re.MULTILINE)

    assert set(copied) - {"."} <= included
    assert [name for name in included if not (REPOSITORY / name).exists()] == []


def test_entrypoint_is_executable() -> None:
    assert (REPOSITORY / "deploy/entrypoint.sh").stat().st_mode & 0o111 == 0o111
