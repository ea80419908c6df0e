"""Redirects to other pages, and what happens to a request that needs a session and has none."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response

from auth_api.kit.http.scope_keys import PAGE_KIND
from auth_api.kit.http.security_headers import PageKind
from auth_api.web.frame.journey import LOGIN

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class SignedOutError(Exception):
    """The page needs a session. The person logs in first, and then gets to the page; a POST is not repeated."""

    def __init__(self, address: str, base: str) -> None:
        super().__init__(address)
        self.location = f"{base}{LOGIN}?{urlencode({'continue': address})}"


def see_other(location: str, headers: Mapping[str, str] = NO_HEADERS) -> Response[str]:
    """Return a redirect after which the browser sends a GET (303, RFC 9110 §15.4.4)."""
    return Response(
        "", status_code=HTTPStatus.SEE_OTHER, media_type="text/plain", headers={"Location": location, **headers}
    )


def lead_to_sign_in(request: Request[Any, Any, Any], error: SignedOutError) -> Response[str]:
    """Return a redirect to the sign-in page, which leads back. It is the exception handler of all pages."""
    request.scope["state"][PAGE_KIND] = PageKind.SIGN_IN
    return see_other(error.location)
