"""Requests of devices: which browser gets them, and how often a device may ask."""

import asyncio

import pytest

from auth_api.kit.crypto.tokens import BROWSER_ID, digest, new_token
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.requests.device_requests import DeviceRequests
from auth_api.oauth.requests.request import OAuthRequest, RequestKind, RequestParameters, RequestState
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from tests.support.aged_rows import ago
from tests.support.oauth_rows import add_client_row

BROWSER, OTHER_BROWSER = new_token(BROWSER_ID).raw, new_token(BROWSER_ID).raw
PARAMETERS = RequestParameters(scopes=("openid", "email"))
DEVICE = RequestContext(client_ip="203.0.113.9", user_agent="tv/1.0")
USER_CODE = "digest-of-a-user-code"


@pytest.fixture
def devices(services: Services) -> DeviceRequests:
    return DeviceRequests(database=services.core.database, clock=services.core.clock)


@pytest.fixture
def requests(services: Services) -> OAuthRequests:
    return OAuthRequests(database=services.core.database, clock=services.core.clock)


async def opened(devices: DeviceRequests) -> tuple[str, int]:
    client_id = await add_client_row()
    device_code = await devices.open(client_id, PARAMETERS, USER_CODE, DEVICE)
    assert device_code is not None
    return device_code, client_id


async def entered(devices: DeviceRequests, requests: OAuthRequests) -> OAuthRequest:
    raw = await devices.bind(USER_CODE, BROWSER)
    assert raw is not None
    request = await requests.find(raw, BROWSER)
    assert request is not None
    return request


async def has_interval(seconds: int) -> bool:
    """Return whether the device has this interval, and let it pass."""
    row = await OAuthRequestRow.select(OAuthRequestRow.poll_interval).first()
    await OAuthRequestRow.update({OAuthRequestRow.polled_at: ago(seconds=seconds)}, force=True)
    return row == {"poll_interval": seconds}


async def test_user_code_leads_to_the_request_in_the_first_browser_only(
    devices: DeviceRequests, requests: OAuthRequests
) -> None:
    device_code, client_id = await opened(devices)

    request = await entered(devices, requests)

    assert (request.kind, request.state, request.client_id) == (RequestKind.DEVICE, RequestState.OPEN, client_id)
    assert (request.parameters, request.ip_address, request.user_agent) == (PARAMETERS, "203.0.113.9", "tv/1.0")
    assert await devices.bind(USER_CODE, OTHER_BROWSER) is None
    assert await devices.bind("another digest", BROWSER) is None
    assert (await entered(devices, requests)).step == request.step + 1
    assert not await requests.deny(request)  # of the page before
    (row,) = await OAuthRequestRow.select(OAuthRequestRow.device_hash, OAuthRequestRow.binding_hash)
    assert row == {"device_hash": digest(device_code), "binding_hash": digest(BROWSER)}


async def test_user_code_is_unique_and_works_until_the_decision_or_the_end(
    devices: DeviceRequests, requests: OAuthRequests
) -> None:
    _, client_id = await opened(devices)
    assert await devices.open(client_id, PARAMETERS, USER_CODE, DEVICE) is None

    assert await requests.deny(await entered(devices, requests))
    assert await devices.bind(USER_CODE, BROWSER) is None

    assert await devices.open(client_id, PARAMETERS, USER_CODE, DEVICE) is not None  # free again
    await OAuthRequestRow.update({OAuthRequestRow.expires_at: ago(seconds=1)}, force=True)
    assert await devices.bind(USER_CODE, BROWSER) is None


async def test_device_that_asks_too_early_must_wait_longer(devices: DeviceRequests) -> None:
    device_code, client_id = await opened(devices)

    polled = await devices.poll(device_code, client_id)
    assert polled is not None
    assert (polled.request.parameters, polled.has_expired) == (PARAMETERS, False)
    for interval in (5, 10, 15):
        await OAuthRequestRow.update({OAuthRequestRow.polled_at: ago(seconds=-60)}, force=True)
        assert await devices.poll(device_code, client_id) is None
        assert await devices.slow_down(device_code, client_id)
        assert await has_interval(interval + 5)
    polls = await asyncio.gather(*(devices.poll(device_code, client_id) for _ in range(20)))

    assert len([each for each in polls if each is not None]) == 1


async def test_device_code_of_another_application_is_unknown(devices: DeviceRequests) -> None:
    device_code, client_id = await opened(devices)
    other_id = await add_client_row("app_00000000000000000001")

    assert await devices.poll(device_code, other_id) is None
    assert not await devices.slow_down(device_code, other_id)
    assert await has_interval(5)
    await OAuthRequestRow.update({OAuthRequestRow.expires_at: ago(seconds=1)}, force=True)
    polled = await devices.poll(device_code, client_id)
    assert polled is not None
    assert polled.has_expired
