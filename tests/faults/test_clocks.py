"""FT18: clocks that differ between nodes, and clocks that jump."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.clock import MovableClock
from tests.support.deployment import Deployment
from tests.support.measurements import record

pytestmark = pytest.mark.slow

SHIFTED_CLOCK_MODULE = """
from datetime import timedelta
from auth_api.kit import clock
true = clock.utc_now
clock.utc_now = lambda: true() + timedelta(seconds={seconds})
"""
"""Module `sitecustomize`, which runs before any other module imports the only function that reads the time."""


@pytest.mark.parametrize("hours", [-1, 1])
async def test_ft18_tokens_can_be_refreshed_after_a_clock_jump_of_an_hour(
    user_factory: UserFactory, clock: MovableClock, engine: str, hours: int
) -> None:
    """An access token from before the jump is expired or from the future; a refresh returns a valid one."""
    ada = await user_factory()
    clock.move(hours=hours)

    assert (await ada.profile()).outcome == (401, "TOKEN_EXPIRED")
    refreshed = await ada.refresh()

    assert refreshed.status == 200
    assert 0 < refreshed["expires_in"] <= 1800
    assert refreshed["refresh_expires_in"] > 0
    assert (await ada.profile()).status == 200
    assert (await ada.log_in()).status == 200
    record("FT18", engine=engine, workers=1, seen={}, lost=0, outcome=f"jump of {hours:+} h: a refresh is enough")


@pytest.mark.torture
async def test_ft18_nodes_a_minute_apart_accept_each_others_tokens(
    deployment: Deployment, engine: str, tmp_path: Path
) -> None:
    """Each node accepts at once the tokens that the other one issues."""
    folders = {}
    for seconds in (-30, 30):
        folders[seconds] = tmp_path / str(seconds)
        folders[seconds].mkdir()
        (folders[seconds] / "sitecustomize.py").write_text(SHIFTED_CLOCK_MODULE.format(seconds=seconds))
    shared: dict[str, Any] = {"PUBLIC_URL": "http://localhost:8000"}  # one deployment
    with (
        deployment.server(PYTHONPATH=str(folders[-30]), **shared) as late,
        deployment.server(PYTHONPATH=str(folders[30]), **shared) as early,
    ):
        async with (
            httpx.AsyncClient(base_url=late.url, trust_env=False) as behind,
            httpx.AsyncClient(base_url=early.url, trust_env=False) as ahead,
        ):
            dates = [(await client.get("/unknown")).json()["timestamp"] for client in (behind, ahead)]
            assert dates[0] < dates[1]
            for first, second in ((behind, ahead), (ahead, behind)):
                ada = Actor(first, username=f"ada{id(first)}", email=f"ada{id(first)}@example.com")
                await ada.register()
                for client in (second, first, second):
                    ada.client = client
                    assert (await ada.profile()).status == 200
                    responses = await asyncio.gather(*(ada.try_refresh() for _ in range(3)))
                    assert {response.status for response in responses} == {200}
                    assert (await ada.refresh()).status == 200
                ada.client = first
                await ada.log_out()
                ada.client = second
                assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    record("FT18", engine=engine, workers=2, seen={}, lost=0, outcome="nodes 60 s apart: every token accepted")
