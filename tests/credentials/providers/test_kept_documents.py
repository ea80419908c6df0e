"""The discovery document and the keys of a provider, which are kept."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from auth_api.credentials.providers import kept_document
from auth_api.credentials.providers.errors import ProviderErrorException, ProviderUnavailableException
from auth_api.credentials.providers.kept_document import MAX_KEPT_SECONDS, MIN_KEPT_SECONDS
from tests.support.clock import MovableMonotonicClock
from tests.support.exposition import current
from tests.support.upstream.authority import Authority
from tests.support.upstream.caches import Upstream
from tests.support.upstream.keys import UpstreamKey
from tests.support.upstream.provider import ABSENT, LyingProvider, always
from tests.support.upstream.server import Answer, ServedRequest

pytestmark = pytest.mark.engine_independent

DAY_SECONDS = 24 * 3600


@pytest.fixture
async def provider(authority: Authority) -> AsyncIterator[LyingProvider]:
    async with LyingProvider().running(authority) as running:
        yield running


@pytest.fixture
def upstream(provider: LyingProvider) -> Upstream:
    return Upstream(provider)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovableMonotonicClock:
    """The clock of kept documents; the pause between fetches is over at once."""
    stopped = MovableMonotonicClock()
    monkeypatch.setattr(kept_document, "monotonic", stopped)
    monkeypatch.setattr(kept_document, "PAUSE_SECONDS", 0)
    return stopped


async def test_document_is_kept_for_its_max_age_within_bounds(
    provider: LyingProvider, upstream: Upstream, clock: MovableMonotonicClock
) -> None:
    document = dict(provider.shape.discovery)
    table = {
        "": MIN_KEPT_SECONDS,
        "no-store": MIN_KEPT_SECONDS,
        "max-age=0": MIN_KEPT_SECONDS,
        "max-age=x, s-maxage=7200": MIN_KEPT_SECONDS,
        "public, max-age=3600, must-revalidate": 3600,
        'Max-Age="3600"': 3600,
        "max-age=999999999": MAX_KEPT_SECONDS,
        "max-age=99999999999999999999": MAX_KEPT_SECONDS,
    }

    for cache_control, seconds in table.items():
        provider.answers["discovery"] = always(Answer(document, headers={"cache-control": cache_control}))
        clock.now += MAX_KEPT_SECONDS
        await upstream.discovery.read()
        requests = len(provider.requested)
        clock.now += seconds - 1
        await upstream.discovery.read()
        assert len(provider.requested) == requests, cache_control
        clock.now += 1
        await upstream.discovery.read()
        assert len(provider.requested) == requests + 1, cache_control


async def test_failed_answer_never_replaces_a_document(
    provider: LyingProvider, upstream: Upstream, clock: MovableMonotonicClock
) -> None:
    metadata, keys = await upstream.discovery.read(), await upstream.keys.read()
    for lie in (Answer({}, 404), Answer({"issuer": "https://other.example"}), Answer([]), Answer({}, 500)):
        provider.answers["discovery"] = provider.answers["keys"] = always(lie)
        clock.now += DAY_SECONDS / 5
        upstream.breaker.close()

        assert await upstream.discovery.read() == metadata
        assert await upstream.keys.read() == keys

    clock.now += DAY_SECONDS / 5
    with pytest.raises(ProviderUnavailableException):  # the keys are a day old
        await upstream.keys.read()
    clock.now += 6 * DAY_SECONDS - 1
    assert await upstream.discovery.read() == metadata
    clock.now += 1
    with pytest.raises(ProviderUnavailableException):  # the discovery document is a week old
        await upstream.discovery.read()


async def test_discovery_document_that_breaks_a_rule_is_refused(provider: LyingProvider, upstream: Upstream) -> None:
    issuer = provider.shape.issuer
    lies: list[dict[str, Any]] = [
        *({"issuer": text} for text in (f"{issuer}/", issuer.upper(), "https://evil.example", 7, None, ABSENT)),
        *({name: ABSENT} for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")),
        *(
            {name: url}
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
            for url in ("http://login.example.com/", "http://localhost/", "javascript:alert(1)", "//evil", "", 7)
        ),
        {"authorization_endpoint": "https://login.example.com/\r\nset-cookie: a=b"},
        {"authorization_endpoint": "https://login.example.com@evil.example/"},
        {"token_endpoint_auth_methods_supported": "client_secret_basic"},
        {"authorization_response_iss_parameter_supported": "true"},
    ]

    for provider.discovery in lies:
        with pytest.raises(ProviderErrorException):
            await upstream.discovery.read()
    provider.answers["discovery"] = always(Answer(dict(provider.shape.discovery), 404))
    with pytest.raises(ProviderErrorException):
        await upstream.discovery.read()
    provider.answers.clear()
    provider.discovery = {"userinfo_endpoint": ABSENT, "token_endpoint_auth_methods_supported": ABSENT}

    assert (await upstream.discovery.read()).userinfo_endpoint is None
    assert upstream.breaker.fail_counter == 0


async def test_document_is_fetched_once_for_all_who_wait(provider: LyingProvider, upstream: Upstream) -> None:
    """A person whose time is over does not end the fetch for the others."""
    may_answer = asyncio.Event()

    async def answer_later(_: ServedRequest) -> Answer:
        await may_answer.wait()
        return Answer(dict(provider.shape.discovery))

    provider.answers["discovery"] = answer_later
    first, *others = [asyncio.create_task(upstream.keys.read()) for _ in range(20)]
    while not provider.requested:  # noqa: ASYNC110 - the server has no event
        await asyncio.sleep(0.001)
    first.cancel()
    may_answer.set()

    assert await asyncio.gather(*others) == [(provider.key.jwk,)] * 19
    assert provider.requested == ["discovery", "keys"]


async def test_new_keys_are_fetched_once_for_all_sign_ins(provider: LyingProvider, upstream: Upstream) -> None:
    await upstream.keys.read()
    provider.rotate_keys()
    refetches = current("provider_key_refetches_total", provider="staff")

    keys = await asyncio.gather(*(upstream.keys.reread() for _ in range(20)))

    assert all(each == (provider.key.jwk,) for each in keys)
    assert await upstream.keys.read() == (provider.key.jwk,)
    assert provider.requested == ["discovery", "keys", "keys"]
    assert current("provider_key_refetches_total", provider="staff") - refetches == 20


async def test_keys_are_fetched_again_at_most_once_per_pause(
    provider: LyingProvider, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_document, "PAUSE_SECONDS", 0.2)
    times: list[float] = []

    async def note_time(_: ServedRequest) -> Answer:
        times.append(asyncio.get_running_loop().time())
        return Answer({"keys": []}) if len(times) <= 3 else Answer({}, 500)

    provider.answers["keys"] = note_time
    await upstream.keys.read()
    for _ in range(2):
        await upstream.keys.reread()
    for _ in range(2):
        with pytest.raises(ProviderUnavailableException):
            await upstream.keys.reread()

    assert all(after - before > 0.15 for before, after in pairwise(times))
    assert await upstream.keys.read() == ()


async def test_list_of_keys_that_breaks_a_rule_is_refused(provider: LyingProvider, upstream: Upstream) -> None:
    lies: list[Any] = [[], {}, {"keys": {}}, {"keys": None}, {"keys": [{}] * 101}, "keys"]
    for lie in lies:
        provider.answers["keys"] = always(Answer(lie))
        with pytest.raises(ProviderErrorException):
            await upstream.keys.read()
    other = UpstreamKey("other")
    provider.answers["keys"] = always(Answer({"keys": [7, None, other.jwk, {"kty": "unknown"}]}))

    assert await upstream.keys.read() == (other.jwk, {"kty": "unknown"})
