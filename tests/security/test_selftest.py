"""`auth-api selftest enumeration`: an operator measures whether a server gives away who has an account."""

from collections.abc import AsyncIterator

import pytest
from click.testing import CliRunner, Result

from auth_api.cli import commands
from auth_api.cli.selftest import area_under_curve
from tests.conftest import DeploymentFactory
from tests.support.deployment import Deployment
from tests.support.processes import RunningServer

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]


@pytest.mark.parametrize(
    ("first", "second", "area"),
    [
        ([1.0], [2.0], 0.0),
        ([2.0], [1.0], 1.0),
        ([1.0], [1.0], 0.5),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.5),
        ([1.0, 4.0], [2.0, 3.0], 0.5),
        ([3.0, 4.0], [1.0, 2.0, 3.0], 5.5 / 6),
        ([1.0, 1.0, 5.0], [2.0], 1 / 3),
    ],
)
def test_the_area_tells_how_often_the_first_is_the_larger(first: list[float], second: list[float], area: float) -> None:
    assert area_under_curve(first, second) == pytest.approx(area)
    assert area_under_curve(second, first) == pytest.approx(1 - area)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["selftest", "enumeration", *arguments])


def test_it_compares_answers_and_times_and_its_status_tells_the_outcome(server: RunningServer) -> None:
    """How the times come out is the machine's mood."""
    done = run(server.url, "--samples", "20")

    lines = [line.split()[:2] for line in done.stdout.splitlines()]
    assert [what for _, what in lines] == ["answers", "medians", "AUC"]
    assert lines[0] == ["ok", "answers"]
    assert done.exit_code == int("FAIL" in done.stdout)


@pytest.fixture(scope="module")
async def limited(deployment_factory: DeploymentFactory) -> AsyncIterator[tuple[Deployment, RunningServer]]:
    deployment = await deployment_factory()
    with deployment.server(RATE_LIMIT_ENABLED="true") as running:
        yield deployment, running


async def test_where_limits_are_on_it_says_what_to_do_and_leaves_nothing_behind(
    limited: tuple[Deployment, RunningServer],
) -> None:
    deployment, running = limited

    done = run(running.url)

    assert (done.exit_code, done.stdout) == (1, "")
    assert "429: limits are on; set RATE_LIMIT_ENABLED=false" in done.stderr
    assert await deployment.rows("SELECT count(*) FROM users") == [(0,)]
    assert await deployment.rows("SELECT count(*) FROM audit_logs WHERE action = 'account:deleted'") == [(1,)]


def test_where_nobody_answers_it_says_so() -> None:
    done = run("http://127.0.0.1:9")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: http://127.0.0.1:9 does not answer as expected: ")


@pytest.mark.parametrize("samples", ["0", "19", "5001", "many"])
def test_too_few_samples_are_refused(samples: str) -> None:
    assert run("http://127.0.0.1:9", "--samples", samples).exit_code == 2
