"""Limits per client IP address: a number of requests of a kind per window, whatever their outcome."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.client_ips import from_ip
from tests.support.counters import age_counters
from tests.support.log_lines import lines_of_request
from tests.support.statements import recorded

LOGIN = "/api/auth/login"
UNKNOWN = {"username": "unknown", "password": "whatever"}


numbers = itertools.count()


async def log_in(person: Actor) -> ApiResponse:
    """Use another identifier each time, so that the account throttle does not refuse."""
    return await person.log_in(username=f"unknown{next(numbers)}")


async def register(person: Actor) -> ApiResponse:
    return await person.register(username="!")


async def rename(person: Actor) -> ApiResponse:
    return await person.call("PATCH", "/api/user/profile", json={"username": "!"})


async def refresh(person: Actor) -> ApiResponse:
    return await person.try_refresh("rt_unknown")


Request = Callable[[Actor], Awaitable[ApiResponse]]

LIMITS: dict[str, tuple[Request, int, int, tuple[int, str]]] = {
    "login": (log_in, 5, 60, (401, "INVALID_CREDENTIALS")),
    "register": (register, 20, 3600, (400, "VALIDATION_ERROR")),
}


@pytest.mark.parametrize(("send", "allowed", "window", "passed"), LIMITS.values(), ids=LIMITS)
async def test_exactly_the_allowed_number_of_200_parallel_requests_passes(
    strict: OtherApp, send: Request, allowed: int, window: int, passed: tuple[int, str]
) -> None:
    responses = await asyncio.gather(*(send(Actor(strict.client)) for _ in range(200)))

    assert Counter(response.outcome for response in responses) == {
        passed: allowed,
        (429, "RATE_LIMITED"): 200 - allowed,
    }
    refused = [response for response in responses if response.status == 429]
    assert {response.response.headers["Retry-After"] for response in refused} == {str(window)}


@pytest.mark.parametrize(("name", "limit"), LIMITS.items(), ids=LIMITS)
async def test_every_response_has_the_limit_and_the_remaining_requests(
    strict: OtherApp, name: str, limit: tuple[Request, int, int, tuple[int, str]]
) -> None:
    send, allowed, window, passed = limit

    responses = [await send(Actor(strict.client)) for _ in range(allowed + 2)]

    assert [response.outcome for response in responses] == [passed] * allowed + [(429, "RATE_LIMITED")] * 2
    shown = [response.response.headers["RateLimit"].rpartition(";t=") for response in responses]
    left = [*range(allowed - 1, -1, -1), 0, 0]
    assert [usage for usage, _, _ in shown] == [f'"{name}";r={number}' for number in left]
    assert {seconds for _, _, seconds in shown} == {str(window)}
    policies = {response.response.headers["RateLimit-Policy"] for response in responses}
    assert policies == {f'"{name}";q={allowed};w={window}'}
    assert ["Retry-After" in response.response.headers for response in responses] == [False] * allowed + [True] * 2


async def test_successful_requests_count(strict: OtherApp) -> None:
    ada = Actor(strict.client)

    responses = [await ada.register(), *[await ada.log_in() for _ in range(5)], await ada.refresh()]

    assert [response.status for response in responses] == [201, 200, 200, 200, 200, 200, 200]
    assert [response.response.headers["RateLimit"].partition(";t=")[0] for response in responses] == [
        '"register";r=19',
        '"login";r=4',
        '"login";r=3',
        '"login";r=2',
        '"login";r=1',
        '"login";r=0',
        '"refresh";r=149',
    ]
    assert (await ada.log_in()).outcome == (429, "RATE_LIMITED")


async def test_kinds_of_requests_are_counted_separately(strict: OtherApp) -> None:
    ada = Actor(strict.client)
    await ada.register()
    for _ in range(6):
        await log_in(ada)

    assert (await ada.log_in()).outcome == (429, "RATE_LIMITED")
    assert (await ada.refresh()).status == 200
    assert (await register(ada)).outcome == (400, "VALIDATION_ERROR")


async def test_other_routes_have_no_limit_headers(strict: OtherApp) -> None:
    ada = Actor(strict.client)
    await ada.register()

    responses = [await ada.profile() for _ in range(30)]

    assert {response.status for response in responses} == {200}
    assert not {"ratelimit", "ratelimit-policy", "retry-after"} & set(responses[-1].response.headers)


async def test_request_with_an_invalid_body_counts(strict: OtherApp) -> None:
    """Otherwise a client could keep the server busy without being limited."""
    bodies = [b"", b"{", b"[]", b"{}", b'{"username": 7}']

    outcomes = [
        ApiResponse(await strict.client.post(LOGIN, content=body, headers={"Content-Type": "application/json"})).status
        for body in bodies
    ]

    assert outcomes == [400] * 5
    assert (await log_in(Actor(strict.client))).outcome == (429, "RATE_LIMITED")


async def test_limit_is_checked_before_the_body_is_read(strict: OtherApp) -> None:
    for _ in range(5):
        await log_in(Actor(strict.client))

    refused = await strict.client.post(LOGIN, content=b"<login/>", headers={"Content-Type": "text/xml"})

    assert ApiResponse(refused).outcome == (429, "RATE_LIMITED")


async def test_each_ip_address_has_a_separate_count(strict: OtherApp) -> None:
    for _ in range(6):
        await log_in(Actor(strict.client))

    assert (await log_in(from_ip(Actor(strict.client), "198.51.100.1"))).outcome == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("2001:db8:0:1::2", 429),
        ("2001:DB8:0:1:FFFF:FFFF:FFFF:FFFF", 429),
        ("2001:0db8:0000:0001:0000:0000:0000:0001", 429),
        ("2001:db8:0:2::1", 401),
        ("2001:db8:1:1::1", 401),
    ],
)
async def test_ipv6_addresses_of_one_64_bit_network_share_a_count(strict: OtherApp, address: str, status: int) -> None:
    """RFC 6177: a client has a whole /64."""
    for _ in range(5):
        await log_in(from_ip(Actor(strict.client), "2001:db8:0:1::1"))

    assert (await log_in(from_ip(Actor(strict.client), address))).status == status


@pytest.mark.parametrize("address", ["::ffff:198.51.100.1", "::FFFF:c633:6401"])
async def test_ipv4_mapped_ipv6_address_shares_the_count_of_the_ipv4_address(strict: OtherApp, address: str) -> None:
    for _ in range(5):
        await log_in(from_ip(Actor(strict.client), "198.51.100.1"))

    assert (await log_in(from_ip(Actor(strict.client), address))).outcome == (429, "RATE_LIMITED")


async def test_next_window_starts_at_zero(strict: OtherApp) -> None:
    for _ in range(5):
        await log_in(Actor(strict.client))

    await age_counters(60)

    response = await log_in(Actor(strict.client))
    assert response.outcome == (401, "INVALID_CREDENTIALS")
    assert response.response.headers["RateLimit"].startswith('"login";r=4;t=')


async def test_window_does_not_restart_before_its_end(strict: OtherApp) -> None:
    for _ in range(5):
        await log_in(Actor(strict.client))

    await age_counters(50)

    refused = await log_in(Actor(strict.client))
    assert refused.outcome == (429, "RATE_LIMITED")
    assert refused.response.headers["Retry-After"] == "10"


async def test_refused_client_costs_no_statement_until_the_window_ends(strict: OtherApp) -> None:
    for _ in range(6):
        await log_in(Actor(strict.client))

    with recorded(strict.services.core.database.engine) as statements:
        responses = [await log_in(Actor(strict.client)) for _ in range(20)]

    assert Counter(response.outcome for response in responses) == {(429, "RATE_LIMITED"): 20}
    assert statements == []


async def test_counted_request_costs_one_statement(strict: OtherApp) -> None:
    with recorded(strict.services.core.database.engine) as statements:
        await register(Actor(strict.client))

    assert [statement.split()[:3] for statement in statements] == [["INSERT", "INTO", "throttle_counters"]]


@pytest.mark.parametrize(
    "path",
    [
        "http://testserver//api/auth/login",
        "/api//auth///login",
        "/api/auth/login/",
        "/api/auth/login//",
        "/api/auth/%6cogin",
        "/%61%70%69/auth/login",
        "/api/auth%2flogin",
        "/api%2Fauth%2Flogin",
        "/api/auth/login?next=/",
    ],
)
async def test_no_spelling_of_the_path_bypasses_the_limit(strict: OtherApp, path: str) -> None:
    """ASVS 5.0 V1.1.1; CVE-2026-48710: the limit belongs to the route, not to the text of the path."""
    spelled = [(await strict.client.post(path, json=UNKNOWN)).status_code for _ in range(5)]

    assert spelled == [401] * 5
    assert (await strict.client.post(LOGIN, json=UNKNOWN)).json()["error_code"] == "RATE_LIMITED"
    assert (await strict.client.post(path, json=UNKNOWN)).json()["error_code"] == "RATE_LIMITED"


@pytest.mark.parametrize("path", ["/API/auth/login", "/api/auth/login;x", "/api/auth/login%00", "/api/auth/login%20"])
async def test_other_paths_do_not_log_in(strict: OtherApp, path: str) -> None:
    assert (await strict.client.post(path, json=UNKNOWN)).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
async def test_other_methods_do_not_log_in(strict: OtherApp, method: str) -> None:
    with recorded(strict.services.core.database.engine) as statements:
        response = await strict.client.request(method, LOGIN, json=UNKNOWN)

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert statements == []


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
async def test_method_override_headers_are_ignored(strict: OtherApp, header: str) -> None:
    responses = [
        await strict.client.get(LOGIN, headers={header: "POST"}),
        await strict.client.post(LOGIN, json=UNKNOWN, headers={header: "GET"}),
    ]

    assert [response.status_code for response in responses] == [405, 401]


async def test_disabled_limits_count_nothing_and_send_no_headers(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="false") as other:
        with recorded(other.services.core.database.engine) as statements:
            responses = [await register(Actor(other.client)) for _ in range(30)]

    assert {response.outcome for response in responses} == {(400, "VALIDATION_ERROR")}
    assert not {"ratelimit", "ratelimit-policy"} & set(responses[-1].response.headers)
    assert statements == []


@pytest.mark.parametrize(
    ("variables", "policies"),
    [
        ({"RATE_LIMIT_FACTOR": "3"}, ['"login";q=15;w=60', '"register";q=60;w=3600', '"refresh";q=450;w=300']),
        (
            {"RATE_LIMIT_REQUESTS": "2", "RATE_LIMIT_WINDOW": "10"},
            ['"login";q=2;w=10', '"register";q=20;w=3600', '"refresh";q=150;w=300'],
        ),
        (
            {"RATE_LIMIT_REQUESTS": "2", "RATE_LIMIT_FACTOR": "2"},
            ['"login";q=4;w=60', '"register";q=40;w=3600', '"refresh";q=300;w=300'],
        ),
    ],
)
async def test_settings_change_the_limits(
    app_with: OtherAppFactory, variables: dict[str, str], policies: list[str]
) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", **variables) as other:
        responses: list[httpx.Response] = [
            (await send(Actor(other.client))).response for send in (log_in, register, refresh)
        ]

    assert [response.headers["RateLimit-Policy"] for response in responses] == policies


async def test_log_line_of_a_refusal_names_the_setting_that_raises_the_limit(strict: OtherApp, log_file: Path) -> None:
    for _ in range(5):
        await strict.client.post(LOGIN, json=UNKNOWN)

    refused = await strict.client.post(LOGIN, json=UNKNOWN)

    deferred, _ = await lines_of_request(log_file, refused.headers["x-request-id"])
    assert (deferred["event"], deferred["error_code"]) == ("request:deferred", "RATE_LIMITED")
    assert deferred["setting"] == "RATE_LIMIT_FACTOR"
