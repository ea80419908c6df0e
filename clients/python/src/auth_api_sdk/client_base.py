"""What both API clients do without I/O."""

from collections.abc import Mapping
from copy import copy
from typing import Self

from auth_api_sdk.exchanges import check_url, visitor_headers
from auth_api_sdk.sign_in import sign_in_url, sign_out_url


class ClientBase:
    """The addresses of auth_api, and the visitor on whose behalf requests are sent."""

    def __init__(self, base_url: str, public_url: str | None) -> None:
        self._base_url = check_url(base_url)
        self._public_url = check_url(public_url or base_url)
        self._visitor: Mapping[str, str] = {}

    def on_behalf_of(self, client_ip: str, user_agent: str | None = None) -> Self:
        """Return a client whose requests count for a visitor of your site; it shares the connections of this one.

        auth_api must list the IP address of your site in TRUSTED_PROXIES; otherwise all visitors share one limit.

        Raises:
            ValueError: `client_ip` is not an IP address.
        """
        client = copy(self)
        client._visitor = visitor_headers(client_ip, user_agent)  # noqa: SLF001 - of the same class
        return client

    def sign_in_url(
        self, return_to: str, *, provider: str | None = None, login_hint: str | None = None, lang: str | None = None
    ) -> tuple[str, str]:
        """Return the address at which a person logs in, and the `code_verifier` to keep until the person comes back.

        Args:
            return_to: the address of your site that gets the code; one of RETURN_URLS of auth_api.
            provider: the id of a provider to go to at once, without a page of auth_api.
            login_hint: the account that the person probably wants to use.
            lang: the language of the pages.
        """
        return sign_in_url(self._public_url, return_to, provider=provider, login_hint=login_hint, lang=lang)

    def sign_out_url(self, return_to: str) -> str:
        """Return the address at which a person ends the session of auth_api's pages, which is one of its own."""
        return sign_out_url(self._public_url, return_to)
