"""The files of deploy/, the Dockerfile and compose.yaml agree with the product, as far as reading them tells."""

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
    """Return the one number that a file has there."""
    (found,) = re.findall(pattern, text_of(name), re.MULTILINE)
    return float(found)


def test_the_settings_of_compose_are_valid_and_those_of_the_migration_the_same() -> None:
    settings = Settings.from_env(SERVICES["api"]["environment"])

    assert settings.server.workers == 2
    assert settings.mail.is_on
    assert SERVICES["migrate"]["environment"] == SERVICES["api"]["environment"]
    assert SERVICES["database"]["environment"]["POSTGRES_USER"] in str(settings.database.postgres_dsn)


def test_whoever_stops_the_server_gives_it_time() -> None:
    server = Settings.from_env(PRODUCTION).server
    needed = server.shutdown_delay + server.shutdown_timeout

    assert number(r"^TimeoutStopSec=(\d+)$", "deploy/auth-api.service") > needed
    assert float(SERVICES["api"]["stop_grace_period"].removesuffix("s")) > needed


@pytest.mark.parametrize(
    ("name", "idle", "answer"),
    [
        ("deploy/nginx.conf", r"keepalive_timeout (\d+)s;", r"proxy_read_timeout (\d+)s;"),
        ("deploy/Caddyfile", r"keepalive (\d+)s", r"response_header_timeout (\d+)s"),
    ],
)
def test_a_proxy_hangs_up_first_and_waits_for_answers(name: str, idle: str, answer: str) -> None:
    server = Settings.from_env(PRODUCTION).server

    assert number(idle, name) < server.keep_alive_timeout
    assert number(answer, name) > server.request_timeout


def test_what_the_image_copies_is_let_through() -> None:
    let_through = {line[1:] for line in text_of(".dockerignore").splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--)(\S+) ", text_of("Dockerfile"), re.MULTILINE)

    assert set(copied) - {"."} <= let_through
    assert [name for name in let_through if not (REPOSITORY / name).exists()] == []


def test_the_program_that_starts_the_image_may_be_run() -> None:
    assert (REPOSITORY / "deploy/entrypoint.sh").stat().st_mode & 0o111 == 0o111
