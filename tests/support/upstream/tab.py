"""A browser tab that signs in with a provider of the tests."""

import msgspec

from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.sign_in_flows.flow import Flow, FlowStage
from tests.conftest import OtherApp
from tests.support.provider_browser import APPLICATION_START, ProviderBrowser
from tests.support.upstream.provider import LyingProvider, Person


class Tab(ProviderBrowser):
    """A tab of a browser of its own, unless it gets the cookies of another one."""

    def __init__(self, server: OtherApp, provider: LyingProvider, cookies: dict[str, str] | None = None) -> None:
        super().__init__(server.client, {} if cookies is None else cookies)
        self._flows = server.services.core.sign_in_flows
        self._provider = provider
        self._path = f"/api/auth/providers/{provider.shape.id}"

    async def leave(self) -> str:
        """Start a sign-in of an application, and return the address to which the browser is led."""
        response = await self.get(f"{self._path}/start", APPLICATION_START)
        assert response.status_code == 303, response.text
        return response.headers["location"]

    async def come_home(self, parameters: dict[str, str]) -> Flow:
        """Come back from the provider with these parameters, and return the flow after that."""
        response = await self.get(f"{self._path}/callback", parameters)
        assert response.status_code == 303, response.text
        flow = await self._flows.find(parameters["state"], self.cookies["auth_browser_80"])
        assert flow is not None
        return flow

    async def sign_in(self, person: Person | None = None) -> Flow:
        """Sign in with the provider, and return the flow after that."""
        return await self.come_home(self._provider.log_in(await self.leave(), person))


def identity_of(flow: Flow) -> UpstreamIdentity:
    """Return what the provider has proved."""
    assert flow.stage is FlowStage.PROVED, flow.error_code
    return msgspec.convert(flow.evidence, UpstreamIdentity)
