"""Sign-ins with providers that behave as the real ones, lie, change their keys, or are down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest

from auth_api.credentials.providers import kept_document, upstream_calls
from auth_api.kit.breaker.breaker import breakers
from auth_api.sign_in_flows.flow import FlowStage
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.clock import MovableMonotonicClock
from tests.support.forgeries import signed
from tests.support.provider_browser import APPLICATION
from tests.support.secret_recorder import SecretRecorder
from tests.support.upstream.authority import Authority
from tests.support.upstream.provider import ABSENT, CLIENT_SECRET, LyingProvider, Person, always, hang
from tests.support.upstream.server import Answer
from tests.support.upstream.shapes import GENERIC, GITHUB, GOOGLE, MICROSOFT, TENANT, Shape
from tests.support.upstream.tab import Tab, identity_of
from tests.support.waiting import TIMEOUT_SECONDS


class ServerFactory(Protocol):
    """Starts a server and its provider."""

    def __call__(
        self, shape: Shape = GENERIC, **variables: str
    ) -> AbstractAsyncContextManager[tuple[OtherApp, LyingProvider]]: ...


@pytest.fixture
def server_with(
    app_with: OtherAppFactory, authority: Authority, secret_recorder: SecretRecorder, monkeypatch: pytest.MonkeyPatch
) -> ServerFactory:
    monkeypatch.setattr(kept_document, "PAUSE_SECONDS", 0)

    @asynccontextmanager
    async def make(shape: Shape = GENERIC, **variables: str) -> AsyncIterator[tuple[OtherApp, LyingProvider]]:
        async with LyingProvider(shape).running(authority) as provider:
            settings = {"RETURN_URLS": f'["{APPLICATION}"]', **provider.variables, **variables}
            async with app_with(outbound=provider.outbound, **settings) as server:
                yield server, provider
        for secret in (CLIENT_SECRET, "A text of the provider", *provider.issued):
            secret_recorder.record(secret)

    return make


@pytest.mark.parametrize(
    ("shape", "claims", "is_proven"),
    [
        (GENERIC, {}, True),
        (GOOGLE, {"iss": "accounts.google.com"}, True),
        (MICROSOFT, {}, False),
        (MICROSOFT, {"xms_edov": True}, True),
        (GITHUB, {}, True),
    ],
    ids=["generic", "google", "microsoft", "microsoft-own-domain", "github"],
)
async def test_provider_of_each_kind_proves_a_person(
    shape: Shape, claims: dict[str, Any], is_proven: bool, server_with: ServerFactory
) -> None:
    """The address and the name of a person may pass to another person, the subject never does."""
    async with server_with(shape) as (server, provider):
        provider.claims = claims
        first = identity_of(await Tab(server, provider).sign_in())
        renamed = identity_of(await Tab(server, provider).sign_in(Person(email="new@example.com", username="new")))
        other = identity_of(await Tab(server, provider).sign_in(Person(subject="31")))
        unproven = identity_of(await Tab(server, provider).sign_in(Person(email_verified=False)))
        tab = Tab(server, provider)
        denied = await tab.come_home(provider.refuse(await tab.leave()))

    assert (first.provider, first.issuer, first.subject) == (shape.id, shape.issuer, "248289761001")
    assert (first.email, first.is_email_proven, first.name) == ("ada@example.com", is_proven, "Ada Example")
    assert (renamed.issuer, renamed.subject, renamed.email) == (first.issuer, first.subject, "new@example.com")
    assert (other.subject, other.email) == ("31", first.email)
    assert unproven.is_email_proven == (is_proven and shape is MICROSOFT)
    assert (denied.stage, denied.error_code) == (FlowStage.FAILED, "PROVIDER_DENIED")


async def test_tenants_of_microsoft_are_accepted_as_configured(server_with: ServerFactory) -> None:
    other, third = TENANT.replace("8b8f1d2c", "11111111"), TENANT.replace("8b8f1d2c", "22222222")
    for tenants, error_code in (
        ('["common"]', None),
        ('["organizations"]', None),
        (f'["{other}", "{TENANT}"]', None),
        (f'["{other}", "{third}"]', "PROVIDER_ERROR"),
    ):
        async with server_with(MICROSOFT, PROVIDER_MICROSOFT_TENANTS=tenants) as (server, provider):
            assert (await Tab(server, provider).sign_in()).error_code == error_code


async def test_lies_are_errors_of_the_provider(server_with: ServerFactory) -> None:
    """No lie leads to a proof, to an outage, or to a call of an address that an ID token names."""
    async with server_with() as (server, provider):
        evil = "https://login.example.com/evil"
        jwk = provider.key.jwk
        forged = signed({"alg": "HS256", "kid": jwk["kid"]}, {"sub": "248289761001"}, CLIENT_SECRET.encode())
        lies: list[tuple[str, dict[str, Any]]] = [
            *(("header", lie) for lie in ({"alg": "none"}, {"alg": "HS256"}, {"crit": ["exp"]}, {"kid": "evil"})),
            *(("header", {name: evil, "kid": "evil"}) for name in ("jku", "x5u")),
            *(("claims", {"sub": lie}) for lie in (7, "", "s" * 256, ABSENT)),
            *(("claims", {"iss": lie}) for lie in (f"{GENERIC.issuer}/", "https://accounts.google.com", [], ABSENT)),
            *(("claims", {"aud": lie}) for lie in ("other", ["auth-api", "other"], [], ABSENT)),
            *(("claims", lie) for lie in ({"azp": "other"}, {"nonce": ABSENT}, {"exp": "123"}, {"iat": 2**33})),
            ("userinfo", {"sub": "31"}),
            *(("tokens", {"id_token": lie}) for lie in (forged, "", 7, ABSENT)),
            *(("tokens", {"access_token": lie}) for lie in ("", 7, "a b", ABSENT)),
        ]
        for document, lie in lies:
            provider.header, provider.tokens, provider.userinfo = {}, {}, {}
            provider.claims = {"email": ABSENT} if document == "userinfo" else {}
            setattr(provider, document, lie)
            flow = await Tab(server, provider).sign_in()
            assert (flow.stage, flow.error_code, flow.evidence) == (FlowStage.FAILED, "PROVIDER_ERROR", None), lie
        provider.header, provider.tokens, provider.claims = {}, {}, {}
        tab = Tab(server, provider)
        for iss in ("https://accounts.google.com", None):
            back = {**provider.log_in(await tab.leave()), "iss": iss}
            refused = await tab.come_home({name: value for name, value in back.items() if value is not None})
            assert refused.error_code == "PROVIDER_ERROR"

        assert identity_of(await tab.sign_in()).subject == "248289761001"
    assert "unknown" not in provider.requested
    assert breakers.snapshot().keys() == {"database", "mail"}


async def test_sign_ins_survive_new_keys_of_the_provider(server_with: ServerFactory) -> None:
    """The new key has a new id or that of the old one, and signs at once."""
    async with server_with() as (server, provider):
        await Tab(server, provider).sign_in()
        for kid in ("second", "second", "third"):
            fetches = provider.requested.count("keys")
            tabs = [Tab(server, provider) for _ in range(20)]
            addresses = [await tab.leave() for tab in tabs]
            provider.rotate_keys(kid)
            flows = await asyncio.gather(
                *(tab.come_home(provider.log_in(address)) for tab, address in zip(tabs, addresses, strict=True))
            )

            assert [flow.error_code for flow in flows] == [None] * 20
            assert 1 <= provider.requested.count("keys") - fetches <= 20


async def test_provider_that_is_down_disturbs_nothing_else(
    server_with: ServerFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its network loses all packets: callbacks end at the deadline, and from the fifth on at once."""
    assert upstream_calls.DEADLINE_SECONDS <= 7.5  # so that a callback ends within 8 s

    async with server_with() as (server, provider):
        ada = Actor(server.client)
        assert (await ada.register()).status == 201
        await Tab(server, provider).sign_in()
        service = "provider:staff"
        tabs = [Tab(server, provider) for _ in range(6)]
        parameters = [provider.log_in(await tab.leave()) for tab in tabs]
        provider.answers["token"] = hang
        monkeypatch.setattr(upstream_calls, "DEADLINE_SECONDS", 0.1)

        flows = [await tab.come_home(each) for tab, each in zip(tabs[:5], parameters[:5], strict=True)]
        calls = len(provider.requested)
        flows.append(await tabs[5].come_home(parameters[5]))
        started = await tabs[5].leave()
        ready = await server.client.get("/health/ready")

        assert {flow.error_code for flow in flows} == {"PROVIDER_UNAVAILABLE"}
        assert started.startswith("http://testserver/account/login/provider?state=us_")
        assert len(provider.requested) == calls  # none was sent
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        assert ready.json()["circuit_breakers"][service]["state"] == "open"
        assert (await ada.log_in()).status == 200

        monkeypatch.setattr(upstream_calls, "DEADLINE_SECONDS", TIMEOUT_SECONDS)
        clock = breakers.get(service)._clock  # noqa: SLF001 - it stands still in tests
        assert isinstance(clock, MovableMonotonicClock)
        clock.now += 60
        provider.answers.clear()
        assert identity_of(await Tab(server, provider).sign_in()).subject == "248289761001"
        assert breakers.get(service).snapshot().state == "closed"


async def test_unreadable_answers_are_outages(server_with: ServerFactory) -> None:
    async with server_with() as (server, provider):
        evil = {"location": "https://login.example.com/evil"}
        big = Answer(b'"' + b"a" * 2**20 + b'"')
        for answer in (Answer({}, 500), Answer({}, 302, evil), big, Answer(b"<html>")):
            provider.answers["token"] = always(answer)
            assert (await Tab(server, provider).sign_in()).error_code == "PROVIDER_UNAVAILABLE"

        assert breakers.get("provider:staff").fail_counter == 4
    assert "unknown" not in provider.requested


async def test_provider_without_discovery_document_leads_back_at_once(server_with: ServerFactory) -> None:
    """A start that fails has a flow, too: the page that leads back tells the application why."""
    async with server_with() as (server, provider):
        for lie, error_code in (
            (always(Answer({}, 503)), "PROVIDER_UNAVAILABLE"),
            (always(Answer({"issuer": "https://evil.example"})), "PROVIDER_ERROR"),
        ):
            provider.answers["discovery"] = lie
            tab = Tab(server, provider)
            address = await tab.leave()
            back = await tab.get("/account/login/provider", urlsplit(address).query)
            assert back.headers["location"] == f"{APPLICATION}#error={error_code}"


async def test_used_code_does_not_count_as_an_outage(server_with: ServerFactory) -> None:
    async with server_with() as (server, provider):
        tab = Tab(server, provider)
        back = provider.log_in(await tab.leave())
        other = provider.log_in(await tab.leave())
        await tab.come_home(back)

        used = await tab.come_home({**other, "code": back["code"]})

        assert (used.stage, used.error_code) == (FlowStage.FAILED, "PROVIDER_ERROR")
        assert breakers.get("provider:staff").fail_counter == 0
