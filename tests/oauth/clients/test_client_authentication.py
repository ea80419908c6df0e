"""Applications prove who they are, and everything else gets the same answer."""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.errors import RateLimitedException
from auth_api.kit.http.oauth_errors import InvalidClientException, InvalidRequestException
from auth_api.oauth.clients.authentication import ClientAuthentication
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.clients.rate_limits import ClientRateLimits
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.services import Services
from auth_api.throttling.policy import ThrottlingPolicy
from tests.support.aged_rows import ago
from tests.support.clock import MovableMonotonicClock
from tests.support.oauth_clients import register_client
from tests.support.oauth_requests import basic, request_with


@pytest.fixture
def limit_clock() -> MovableMonotonicClock:
    return MovableMonotonicClock()


@pytest.fixture
def authentication(services: Services, limit_clock: MovableMonotonicClock) -> ClientAuthentication:
    """Authentication with limits whose clock stands still."""
    limits = ClientRateLimits(ThrottlingPolicy(), limit_clock)
    return ClientAuthentication(database=services.core.database, audit=services.core.audit, limits=limits)


async def authenticate(
    authentication: ClientAuthentication,
    authorization: str = "",
    form: Mapping[str, str] = MappingProxyType({}),
    *,
    allows_public: bool = True,
    client_ip: str = "203.0.113.7",
) -> OAuthClient:
    parameters = Parameters({name: (value,) for name, value in form.items()})
    request = request_with(authorization, client_ip=client_ip)
    return await authentication.authenticate(request, parameters, allows_public=allows_public)


async def test_secret_is_sent_in_the_header_or_in_the_form(
    services: Services, authentication: ClientAuthentication
) -> None:
    registered = await register_client(services)
    client_id, secret = registered.client.client_id, registered.secret or ""
    header = basic(client_id, secret)

    for accepted in (
        await authenticate(authentication, header),
        await authenticate(authentication, header.replace("Basic", "bAsIc"), {"client_id": client_id}),
        await authenticate(authentication, "", {"client_id": client_id, "client_secret": secret}, allows_public=False),
    ):
        assert accepted.client_id == client_id
    encoded = "".join(f"%{byte:02X}" for byte in secret.encode())
    pair = base64.b64encode(f"{client_id}:{encoded}".encode()).decode()
    assert (await authenticate(authentication, f"Basic {pair}")).client_id == client_id
    for form in ({"client_secret": secret}, {"client_id": client_id, "client_secret": secret}, {"client_id": "app_x"}):
        with pytest.raises(InvalidRequestException):
            await authenticate(authentication, header, form)


async def test_application_without_secret_sends_only_its_name(
    services: Services, authentication: ClientAuthentication
) -> None:
    client_id = (await register_client(services, "spa")).client.client_id

    assert (await authenticate(authentication, "", {"client_id": client_id})).client_id == client_id
    assert (await authenticate(authentication, basic(client_id, ""))).client_id == client_id
    for header, form, allows_public in (
        ("", {"client_id": client_id, "client_secret": "cs_x"}, True),
        (basic(client_id, "cs_x"), {}, True),
        ("", {"client_id": client_id}, False),
    ):
        with pytest.raises(InvalidClientException):
            await authenticate(authentication, header, form, allows_public=allows_public)


async def test_all_failures_have_one_answer(services: Services, authentication: ClientAuthentication) -> None:
    registered, other, disabled = [await register_client(services) for _ in range(3)]
    client_id, secret = registered.client.client_id, registered.secret or ""
    await OAuthClientRow.raw("UPDATE oauth_clients SET is_active = false WHERE id = {}", disabled.client.id)
    in_form: list[dict[str, str]] = [
        {},
        {"client_secret": secret},
        {"client_id": client_id},
        {"client_id": client_id, "client_secret": other.secret or ""},
        {"client_id": client_id, "client_secret": secret + "x"},
        {"client_id": "app_" + "0" * 20, "client_secret": secret},
        {"client_id": "\x00", "client_secret": secret},
        {"client_id": disabled.client.client_id, "client_secret": disabled.secret or ""},
    ]
    headers = [
        basic(client_id, ""),
        basic(client_id, other.secret or ""),
        basic(f"{client_id}\x00", secret),
        *("Basic", "Basic ???", "Basic " + base64.b64encode(b"\xff:x").decode()),
        *(f"Basic {base64.b64encode(pair.encode()).decode()}" for pair in (client_id, f"{client_id}:%FF")),
    ]

    errors = []
    for form in in_form:
        with pytest.raises(InvalidClientException) as refused:
            await authenticate(authentication, "", form)
        errors.append((refused.value.description, refused.value.headers))
    assert len({description for description, _ in errors}) == 1
    assert all(not challenge for _, challenge in errors)
    for header in headers:
        with pytest.raises(InvalidClientException) as refused:
            await authenticate(authentication, header)
        assert refused.value.headers == {"WWW-Authenticate": 'Basic realm="auth_api"'}, header
        assert refused.value.description == errors[0][0]


async def test_failures_are_recorded_once_a_minute(
    services: Services, authentication: ClientAuthentication, limit_clock: MovableMonotonicClock
) -> None:
    client_id = (await register_client(services)).client.client_id

    async def fail(name: str) -> list[Any]:
        with pytest.raises(InvalidClientException):
            await authenticate(authentication, "", {"client_id": name, "client_secret": "cs_x"})
        rows = await AuditLogRow.select(AuditLogRow.resource, AuditLogRow.ip_address).where(
            AuditLogRow.action == "oauth:client_auth_failed"
        )
        return [(row["resource"], row["ip_address"]) for row in rows]

    event = (f"oauth_client:{client_id}", "203.0.113.7")
    assert await fail("app_" + "0" * 20) == []
    assert [await fail(client_id), await fail(client_id)] == [[event], [event]]
    limit_clock.now += 61
    assert await fail(client_id) == [event, event]


async def test_failures_of_a_network_do_not_refuse_a_right_secret(
    services: Services, authentication: ClientAuthentication, limit_clock: MovableMonotonicClock
) -> None:
    registered = await register_client(services)
    right = {"client_id": registered.client.client_id, "client_secret": registered.secret or ""}
    wrong = {**right, "client_secret": "cs_x"}

    for _ in range(60):
        with pytest.raises(InvalidClientException):
            await authenticate(authentication, "", wrong)
    with pytest.raises(RateLimitedException):
        await authenticate(authentication, "", wrong)
    with pytest.raises(RateLimitedException):
        await authenticate(authentication, "Basic")
    await authenticate(authentication, "", right)
    with pytest.raises(InvalidClientException):
        await authenticate(authentication, "Basic", client_ip="203.0.113.8")
    limit_clock.now += 61
    with pytest.raises(InvalidClientException):
        await authenticate(authentication, "Basic")


async def test_applications_have_limits_of_their_own(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {"oauth_failures": 9, "oauth_public_clients": 1, "oauth_clients": 2, "oauth_introspection": 3}
    monkeypatch.setattr("auth_api.oauth.clients.rate_limits.REQUESTS_PER_MINUTE", numbers)
    limits = ClientRateLimits(ThrottlingPolicy(), MovableMonotonicClock())
    authentication = ClientAuthentication(database=services.core.database, audit=services.core.audit, limits=limits)
    web, other, spa = [await register_client(services, kind) for kind in ("web", "web", "spa")]

    async def accepted(registered: Any, **options: Any) -> int:
        header = basic(registered.client.client_id, registered.secret or "")
        for number in range(10):
            try:
                await authenticate(authentication, header, **options)
            except RateLimitedException:
                return number
        return 10

    assert [await accepted(each) for each in (web, web, other, spa)] == [2, 0, 2, 1]
    assert await accepted(web, allows_public=False) == 3
    assert [await accepted(spa, client_ip=each) for each in ("203.0.113.7", "203.0.113.8")] == [0, 1]
    off = ClientAuthentication(
        database=services.core.database,
        audit=services.core.audit,
        limits=ClientRateLimits(ThrottlingPolicy(enabled=False), MovableMonotonicClock()),
    )
    for _ in range(3):
        await authenticate(off, "", {"client_id": spa.client.client_id})


async def test_last_use_moves_once_an_hour(services: Services, authentication: ClientAuthentication) -> None:
    client = (await register_client(services, "spa")).client

    async def used() -> Any:
        await authenticate(authentication, "", {"client_id": client.client_id})
        return (await OAuthClientRow.select(OAuthClientRow.last_used_at).where(OAuthClientRow.id == client.id))[0][
            "last_used_at"
        ]

    first = await used()
    assert first is not None
    assert await used() == first
    aged = ago(minutes=61)
    await OAuthClientRow.raw("UPDATE oauth_clients SET last_used_at = {} WHERE id = {}", aged, client.id)
    assert await used() > aged
