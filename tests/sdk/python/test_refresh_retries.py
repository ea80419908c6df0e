"""How often a refresh is sent."""

from typing import Final

import httpx2
import pytest

from auth_api_sdk import AuthError, Unavailable
from tests.sdk.python.fake_server import REFRESH, Answer, Subject, pair, problem, settled

pytestmark = pytest.mark.engine_independent

LOST: Final = httpx2.ReadError("reset")


@pytest.mark.parametrize(
    "outage",
    [
        LOST,
        httpx2.ReadTimeout("late"),
        problem(503, "SERVER_OVERLOADED"),
        problem(429, "RATE_LIMITED"),
        problem(408, "REQUEST_TIMEOUT"),
        (502, b"<h1>Bad gateway</h1>"),
        (302, None, {"Location": "https://wifi.example/"}),
        (200, b"<h1>Sign in to the network</h1>"),
    ],
)
async def test_refresh_is_sent_again_with_the_same_token(subject: Subject, waits: list[float], outage: Answer) -> None:
    subject.server.on(REFRESH, outage, outage, outage, (200, pair(1)))
    assert (await settled(subject.client.refresh("rt_0"))).refresh_token == "rt_1"
    assert subject.server.sent() == [{"refresh_token": "rt_0"}] * 4
    assert [round(seconds / 2**number, 1) for number, seconds in enumerate(waits)] == pytest.approx([1, 1, 1], abs=0.2)
    assert len(set(waits)) == 3


async def test_refresh_is_sent_at_most_four_times(subject: Subject, waits: list[float]) -> None:
    subject.server.on(REFRESH, LOST)
    with pytest.raises(Unavailable, match="OFFLINE"):
        await settled(subject.client.refresh("rt_0"))
    assert (len(subject.server.requests), len(waits)) == (4, 3)


async def test_retry_after_is_obeyed_if_it_is_short(subject: Subject, waits: list[float]) -> None:
    subject.server.on(REFRESH, (*problem(503, "OUTAGE"), {"Retry-After": "10"}), (200, pair(1)))
    await settled(subject.client.refresh("rt_0"))
    assert waits == [10.0]


async def test_refresh_does_not_wait_for_minutes(subject: Subject, waits: list[float]) -> None:
    subject.server.on(REFRESH, (*problem(429, "RATE_LIMITED"), {"Retry-After": "11"}))
    with pytest.raises(Unavailable) as caught:
        await settled(subject.client.refresh("rt_0"))
    assert (waits, caught.value.retry_after, len(subject.server.requests)) == ([], 11.0, 1)


@pytest.mark.parametrize("refusal", [problem(401, "TOKEN_EXPIRED"), problem(400, "VALIDATION_ERROR"), (403, b"no")])
async def test_refused_refresh_is_not_sent_again(subject: Subject, waits: list[float], refusal: Answer) -> None:
    subject.server.on(REFRESH, refusal)
    with pytest.raises(AuthError):
        await settled(subject.client.refresh("rt_0"))
    assert (waits, len(subject.server.requests)) == ([], 1)
