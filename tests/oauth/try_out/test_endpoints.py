"""A trial names what is wrong with the server at PUBLIC_URL."""

import json

import pytest

from auth_api.kit.outbound.client import Outbound
from auth_api.kit.outbound.policy import OutboundPolicy
from auth_api.oauth.try_out.endpoints import DISCOVERY_PATH, Endpoints, TrialFailedError
from tests.support.processes import free_port
from tests.support.static_site import static_site

pytestmark = pytest.mark.engine_independent


async def failure(issuer: str) -> str:
    """Return why the discovery of an issuer fails."""
    outbound = Outbound(OutboundPolicy(allows_loopback=True))
    try:
        with pytest.raises(TrialFailedError) as failed:
            await Endpoints.discover(outbound, issuer, {"client_id": "app_x"})
    finally:
        await outbound.close()
    return str(failed.value)


async def test_discovery_names_what_is_wrong_with_the_server() -> None:
    with static_site({DISCOVERY_PATH: json.dumps({"issuer": "https://other.example.com"})}) as site:
        assert await failure(site) == f"{site}{DISCOVERY_PATH} names the issuer https://other.example.com, not {site}."
        assert f"{site}/path{DISCOVERY_PATH} cannot be read: the body is not JSON." in await failure(f"{site}/path")
    unreachable = await failure(f"http://127.0.0.1:{free_port()}")
    assert unreachable.endswith("cannot be read: ConnectError. Is the server running there, with OAUTH_ENABLED=true?")
    assert "is not an https URL" in await failure("http://auth.example.com")
