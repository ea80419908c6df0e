"""Calls to a provider that is down, slow or overloaded."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest

from auth_api.credentials.providers import upstream_calls
from auth_api.credentials.providers.answers import AnswerRefusedError
from auth_api.credentials.providers.errors import ProviderUnavailableException
from auth_api.credentials.providers.metrics import OUTCOMES
from auth_api.credentials.providers.upstream_calls import MAX_UNDER_WAY, ProviderCalls
from auth_api.kit.outbound.client import Outbound
from auth_api.kit.outbound.policy import OutboundPolicy
from tests.support.exposition import current
from tests.support.upstream.authority import Authority
from tests.support.upstream.caches import Upstream
from tests.support.upstream.provider import LyingProvider, always, hang
from tests.support.upstream.server import Answer

pytestmark = pytest.mark.engine_independent

URL = "https://login.example.com/realms/staff/certs"


@pytest.fixture
async def provider(authority: Authority) -> AsyncIterator[LyingProvider]:
    async with LyingProvider().running(authority) as running:
        yield running


@pytest.fixture
def upstream(provider: LyingProvider) -> Upstream:
    return Upstream(provider)


def counted() -> dict[str, float]:
    return {
        outcome: current("provider_calls_total", provider="staff", endpoint="keys", outcome=outcome)
        for outcome in OUTCOMES
    }


async def test_outages_open_the_breaker_and_answers_do_not(provider: LyingProvider, upstream: Upstream) -> None:
    bomb = Answer(gzip.compress(bytes(2**20)), headers={"content-encoding": "gzip"})
    outages = [Answer({}, 500), Answer({}, 429), Answer({}, 302, {"location": "/"}), bomb, Answer(b"{")]
    before = counted()

    for status in (200, 400, 401, 404):
        provider.answers["keys"] = always(Answer({}, status))
        assert (await upstream.calls.get("keys", URL)).status == status
    provider.answers["keys"] = always(outages)
    for failures in range(len(outages)):
        assert upstream.breaker.fail_counter == failures
        upstream.calls.require_available()
        with pytest.raises(ProviderUnavailableException):
            await upstream.calls.get("keys", URL)
    requests = len(provider.requested)
    with pytest.raises(ProviderUnavailableException):
        await upstream.calls.post_form("keys", URL, {})
    with pytest.raises(ProviderUnavailableException):
        upstream.calls.require_available()
    with pytest.raises(ProviderUnavailableException):
        async with upstream.calls.under_way():
            pytest.fail("the breaker is open")

    assert len(provider.requested) == requests
    expected = {"answered": 1, "refused": 3, "unavailable": 5, "forbidden": 0, "not_sent": 1}
    assert {outcome: number - before[outcome] for outcome, number in counted().items()} == expected


async def test_breaker_lets_a_call_test_whether_the_provider_has_recovered(
    provider: LyingProvider, upstream: Upstream
) -> None:
    upstream.breaker.open()
    upstream.clock.now += 60

    async with upstream.calls.under_way():
        assert (await upstream.calls.get("keys", URL)).status == 200

    assert upstream.breaker.snapshot().state == "closed"


async def test_private_address_is_refused_and_no_outage(provider: LyingProvider, upstream: Upstream) -> None:
    outbound = Outbound(OutboundPolicy(), resolve=provider.server.resolve)
    calls = ProviderCalls("staff", outbound, upstream.breaker)
    before = counted()

    with pytest.raises(AnswerRefusedError, match=r"keys\.address"):
        await calls.get("keys", URL)

    assert (upstream.breaker.fail_counter, provider.requested) == (0, [])
    assert counted()["forbidden"] - before["forbidden"] == 1


async def test_calls_of_one_person_end_at_the_deadline(
    provider: LyingProvider, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that never answers is down, too: five deadlines open the breaker."""
    monkeypatch.setattr(upstream_calls, "DEADLINE_SECONDS", 0.1)
    provider.answers["keys"] = hang

    for _ in range(5):
        with pytest.raises(ProviderUnavailableException):
            async with upstream.calls.under_way():
                await upstream.calls.get("keys", URL)

    assert upstream.breaker.snapshot().state == "open"


async def test_few_people_wait_for_a_provider_at_the_same_time(upstream: Upstream) -> None:
    is_over = asyncio.Event()
    entered = 0

    async def wait() -> None:
        nonlocal entered
        async with upstream.calls.under_way():
            entered += 1
            await is_over.wait()

    waiting = asyncio.gather(*(wait() for _ in range(MAX_UNDER_WAY + 1)), return_exceptions=True)
    while entered < MAX_UNDER_WAY:  # noqa: ASYNC110 - the tasks have no event
        await asyncio.sleep(0)
    is_over.set()
    results = await waiting

    assert [type(result) for result in results] == [type(None)] * MAX_UNDER_WAY + [ProviderUnavailableException]
    async with upstream.calls.under_way():
        pass
