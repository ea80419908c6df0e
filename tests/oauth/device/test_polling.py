"""What a device is told that asks for its tokens (RFC 8628 §3.5)."""

from typing import Any

import pytest

from auth_api.kit.clock import utc_now
from auth_api.kit.crypto.tokens import BROWSER_ID, new_token
from auth_api.kit.http.oauth_errors import (
    AccessDeniedException,
    AuthorizationPendingException,
    ExpiredTokenException,
    InvalidGrantException,
    SlowDownException,
)
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.device.polling import DevicePolling
from auth_api.oauth.requests.device_requests import DeviceRequests
from auth_api.oauth.requests.request import Decider, OAuthRequest, RequestParameters, RequestState
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from tests.support.aged_rows import add_session, add_user, ago
from tests.support.oauth_clients import register_client

BROWSER = new_token(BROWSER_ID).raw


@pytest.fixture
def requests(services: Services) -> OAuthRequests:
    return services.of(OAuthRequests)


class Device:
    """A device that asks for its tokens."""

    def __init__(self, services: Services, client: OAuthClient, device_code: str) -> None:
        self.polling = services.of(DevicePolling)
        self.client = client
        self.device_code = device_code

    async def poll(self) -> OAuthRequest:
        """Ask after the interval has passed."""
        await OAuthRequestRow.update({OAuthRequestRow.polled_at: ago(hours=1)}, force=True)
        return await self.polling.poll(self.client, self.device_code)


@pytest.fixture
async def device(services: Services) -> Device:
    client = (await register_client(services, "device", name="Television", scopes=["openid"])).client
    devices = services.of(DevicePolling).requests
    code = await devices.open(client.id, RequestParameters(scopes=("openid",)), "hash", RequestContext())
    assert code is not None
    return Device(services, client, code)


async def entered(services: Services, requests: OAuthRequests) -> OAuthRequest:
    devices: DeviceRequests = services.of(DevicePolling).requests
    request = await requests.find(str(await devices.bind("hash", BROWSER)), BROWSER)
    assert request is not None
    return request


async def approved(services: Services, requests: OAuthRequests) -> None:
    user_id = await add_user()
    decider = Decider(user_id=user_id, session_id=await add_session(user_id, absolute_end=utc_now()))
    assert await requests.approve(await entered(services, requests), decider)


async def test_device_waits_until_the_user_has_decided(
    services: Services, requests: OAuthRequests, device: Device
) -> None:
    with pytest.raises(AuthorizationPendingException):
        await device.poll()
    with pytest.raises(SlowDownException):
        await device.polling.poll(device.client, device.device_code)
    await approved(services, requests)

    request = await device.poll()

    assert (request.state, request.parameters.scopes) == (RequestState.APPROVED, ("openid",))
    with pytest.raises(SlowDownException):  # also after the approval
        await device.polling.poll(device.client, device.device_code)


async def test_device_is_told_that_the_user_has_refused(
    services: Services, requests: OAuthRequests, device: Device
) -> None:
    assert await requests.deny(await entered(services, requests))

    for _ in range(2):
        with pytest.raises(AccessDeniedException):
            await device.poll()


async def test_device_code_of_another_application_is_invalid(services: Services, device: Device) -> None:
    other = (await register_client(services, "device", name="Other", scopes=["openid"])).client

    for client, code in ((other, device.device_code), (device.client, f"{device.device_code}A")):
        with pytest.raises(InvalidGrantException):
            await device.polling.poll(client, code)
    with pytest.raises(AuthorizationPendingException):
        await device.polling.poll(device.client, device.device_code)


@pytest.mark.parametrize("state", list(RequestState))
async def test_expired_device_code_is_only_told_as_such_if_it_was_not_redeemed(
    device: Device, state: RequestState
) -> None:
    end: dict[Any, Any] = {OAuthRequestRow.expires_at: ago(seconds=1), OAuthRequestRow.state: state.value}
    await OAuthRequestRow.update(end, force=True)

    if state is RequestState.REDEEMED:
        assert (await device.poll()).state is RequestState.REDEEMED
    else:
        with pytest.raises(ExpiredTokenException):
            await device.poll()
