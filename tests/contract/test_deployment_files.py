"""The files of deploy/, the Dockerfile and compose.yaml agree with the settings and with each other."""

import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from auth_api.settings import Settings
from auth_api.settings.catalogue import known_variables
from auth_api.settings.env_file import parse_env_file
from auth_api.settings.reader import InvalidSettingsError

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


def test_image_runs_as_a_number_with_a_folder_of_group_0() -> None:
    """Kubernetes checks `runAsNonRoot` only for numbers; OpenShift chooses the user id, and keeps group 0."""
    (user,) = re.findall(r"^USER (.+)$", text_of("Dockerfile"), re.MULTILINE)
    uid, gid = user.split(":")

    assert (int(uid) > 0, gid) == (True, "0")
    assert f"install --directory --owner={uid} --group=0 --mode=770 /data" in text_of("Dockerfile")
    assert f"--uid {uid} --gid 0" in text_of("Dockerfile")


def test_entrypoint_is_executable() -> None:
    assert (REPOSITORY / "deploy/entrypoint.sh").stat().st_mode & 0o111 == 0o111


def test_unit_starts_production_unless_its_file_says_otherwise() -> None:
    """systemd applies EnvironmentFile after Environment, whatever their order."""
    assert "\nEnvironment=ENVIRONMENT=production\n" in text_of("deploy/auth-api.service")


def test_images_of_compose_have_a_version() -> None:
    images = [service["image"] for service in SERVICES.values() if "image" in service]

    assert [image for image in images if ":" not in image or image.endswith(":latest")] == []


def test_example_of_the_env_file_lacks_only_the_secret() -> None:
    text = text_of(".env.example")
    commented = re.sub(r"^# ([A-Z_]+=)", r"\1", text, flags=re.MULTILINE)
    for content in (text, commented):
        example = parse_env_file(content.encode())
        assert (example.problems, list(example.unknown_names(known_variables(example.values)))) == ((), [])

        with pytest.raises(InvalidSettingsError) as raised:
            Settings.from_env(example.values)
        assert [problem.variable for problem in raised.value.problems] == ["JWT_SECRET_KEY"]
        Settings.from_env({**example.values, "JWT_SECRET_KEY": PRODUCTION["JWT_SECRET_KEY"]})


def test_readme_writes_the_secret_once(tmp_path: Path) -> None:
    """The second run keeps the secret, as a new one would end the access tokens."""
    (command,) = re.findall(r"^grep -q \^JWT_SECRET_KEY=.*>> \.env", text_of("README.md"), re.MULTILINE)
    (tmp_path / ".env").write_text(text_of(".env.example"))
    secrets = []
    for secret in ("first-secret_0", "second-secret"):
        script = f"auth-api() {{ echo {secret}; }}; {command}"
        subprocess.run(["/bin/sh", "-c", script.replace("auth-api", "auth_api")], cwd=tmp_path, check=True, timeout=20)
        secrets.append(parse_env_file((tmp_path / ".env").read_bytes()).values["JWT_SECRET_KEY"])

    assert secrets == ["first-secret_0"] * 2
