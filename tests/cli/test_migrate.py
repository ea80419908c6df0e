"""`auth-api migrate`, and the migration command of Piccolo."""

import subprocess
import sys
from pathlib import Path

from tests.support.deployment import Deployment
from tests.support.processes import clean_environment

REPOSITORY = Path(__file__).parents[2]
MIGRATIONS = len(list((REPOSITORY / "piccolo_migrations").glob("auth_api_*.py")))


def test_migrations_are_listed_and_applied_once(unmigrated: Deployment) -> None:
    pending = unmigrated.command("migrate", "--check")
    first = unmigrated.command("migrate")
    second = unmigrated.command("migrate")
    check = unmigrated.command("migrate", "--check")

    assert [done.returncode for done in (pending, first, second, check)] == [1, 0, 0, 0]
    assert [done.stderr for done in (pending, first, second, check)] == [""] * 4
    names = [line.removeprefix("pending: ") for line in pending.stdout.splitlines()]
    assert len(names) == MIGRATIONS
    assert first.stdout.splitlines() == [f"applied {name}" for name in names]
    assert second.stdout == "No migrations are pending.\n"
    assert check.stdout == "No migrations are pending.\n"


def test_piccolo_migrates_in_the_repository(unmigrated: Deployment) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("piccolo"), "migrations", "forwards", "auth_api"],
        env=clean_environment(unmigrated.environ),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert unmigrated.command("migrate", "--check").returncode == 0
