"""Routes of sign-ins by a provider."""

from typing import Annotated, Any, Final

from litestar import Controller, Request, Response, get
from litestar.params import PathParameter

from auth_api.flows.federation.provider_redirects import ProviderRedirects
from auth_api.flows.federation.schemas import EXAMPLE_PROVIDERS, ProviderList
from auth_api.flows.federation.start_request import StartRequests
from auth_api.kit.errors import ValidationException
from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.browser_cookie import BrowserCookie
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import public
from auth_api.kit.http.query_values import known_parameters

_RESPONSE_PARAMETERS: Final = frozenset({"state", "code", "iss", "error"})

REDIRECT: Final[dict[str, Any]] = {ACCESS: PUBLIC, "include_in_schema": False, "status_code": 303}
"""Keyword arguments of a handler that browsers visit, as they visit pages: no program calls it."""

ProviderId = Annotated[str, PathParameter(description="The id of a provider.")]


class ProviderController(Controller):
    """The ways to a provider and back."""

    path = "/api/auth/providers"
    tags = ("Authentication",)

    @get("/", summary="List the providers", operation_id="listProviders", **public(response=EXAMPLE_PROVIDERS))
    async def show(self, listed_providers: Injected[ProviderList]) -> ProviderList:
        """Return the providers with which people can log in, in the order in which to show them."""
        return listed_providers

    @get("/{provider_id:str}/start", rate_limit="provider_start", **REDIRECT)
    async def start(
        self,
        provider_id: ProviderId,
        request: Request[Any, Any, Any],
        start_requests: Injected[StartRequests],
        provider_redirects: Injected[ProviderRedirects],
        browser_cookie: Injected[BrowserCookie],
    ) -> Response[str]:
        """Begin a sign-in in this browser, and send it to the provider (RFC 9700 §4.12 recommends 303)."""
        provider = provider_redirects.providers.find(provider_id)
        begun = start_requests.read(request.scope["query_string"], request.scope["headers"])
        browser, set_cookie = browser_cookie.keep_or_create(request.scope["headers"])
        address = await provider_redirects.begin(provider, begun, browser)
        return _redirect({"Location": address, "Set-Cookie": set_cookie})

    @get("/{provider_id:str}/callback", rate_limit="provider_callback", **REDIRECT)
    async def finish(
        self,
        provider_id: ProviderId,
        request: Request[Any, Any, Any],
        provider_redirects: Injected[ProviderRedirects],
        browser_cookie: Injected[BrowserCookie],
    ) -> Response[str]:
        """Take a browser back from the provider, and lead it to the page that completes the sign-in."""
        provider = provider_redirects.providers.find(provider_id)
        browser = browser_cookie.read(request.scope["headers"])
        response = _authorization_response(request.scope["query_string"])
        return _redirect({"Location": await provider_redirects.finish(provider, response, browser)})


def _redirect(headers: dict[str, str]) -> Response[str]:
    return Response("", media_type="text/plain", headers=headers)


def _authorization_response(query_string: bytes) -> dict[str, str]:
    """Return the parameters of the provider's response; none if one is repeated, which no provider does."""
    try:
        return known_parameters(query_string, _RESPONSE_PARAMETERS)
    except ValidationException:
        return {}
