"""`auth-api migrate`, and Piccolo's own command beside it."""

import subprocess
import sys
from pathlib import Path

from tests.support.deployment import Deployment
from tests.support.processes import clean_environment

REPOSITORY = Path(__file__).parents[2]
MIGRATIONS = len(list((REPOSITORY / "piccolo_migrations").glob("auth_api_*.py")))


def test_migrating_is_told_and_done_once(unmigrated: Deployment) -> None:
    pending = unmigrated.command("migrate", "--check")
    first = unmigrated.command("migrate")
    second = unmigrated.command("migrate")
    nothing = unmigrated.command("migrate", "--check")

    assert [done.returncode for done in (pending, first, second, nothing)] == [1, 0, 0, 0]
    assert [done.stderr for done in (pending, first, second, nothing)] == [""] * 4
    names = [line.removeprefix("pending: ") for line in pending.stdout.splitlines()]
    assert len(names) == MIGRATIONS
    assert first.stdout.splitlines() == [f"applied {name}" for name in names]
    assert second.stdout == "nothing to do\n"
    assert nothing.stdout == "nothing is pending\n"


def test_several_may_migrate_at_once(unmigrated: Deployment) -> None:
    command = [sys.executable, "-m", "auth_api", "migrate"]
    environment = clean_environment(unmigrated.environ)
    running = [
        subprocess.Popen(
            command, env=environment, cwd=unmigrated.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]

    outputs = [process.communicate(timeout=30) for process in running]

    assert [(process.returncode, errors) for process, (_, errors) in zip(running, outputs, strict=True)] == [
        (0, b"")
    ] * 4
    assert sorted(output == b"nothing to do\n" for output, _ in outputs) == [False, True, True, True]


def test_tables_and_migrations_say_the_same(deployment: Deployment) -> None:
    done = deployment.command("migrate", "--drift")

    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing is missing from the migrations\n", "")


def test_piccolos_own_command_works_in_the_repository(unmigrated: Deployment) -> None:
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
