"""Redirects to other pages, and what happens to a request that needs a session, or a more recent proof of identity."""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response

from auth_api.kit.http.scope_keys import PAGE_KIND
from auth_api.kit.http.security_headers import PageKind
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.web.frame.journey import ACCOUNT, LOGIN, is_safe_target

CONFIRM: Final = "/account/confirm"

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class SignedOutError(Exception):
    """The page needs a session. The person logs in first, and then gets to the page; a POST is not repeated."""


def see_other(location: str, headers: Mapping[str, str] = NO_HEADERS) -> Response[str]:
    """Return a redirect after which the browser sends a GET (303, RFC 9110 §15.4.4)."""
    return Response(
        "", status_code=HTTPStatus.SEE_OTHER, media_type="text/plain", headers={"Location": location, **headers}
    )


def page_address(request: Request[Any, Any, Any]) -> str:
    """Return the path of a page with its query string; of a form, the path of the page that it belongs to.

    A query string to which a sign-in would not lead back is left out, so that it leads back to the page at least.
    """
    path: str = request.url.path
    if request.method == "GET":
        query = request.scope["query_string"].decode("latin-1")
        address = f"{path}?{query}"
        return address if query and is_safe_target(address) else path
    return page_of_form(path, request.app.state.pages)


def page_of_form(path: str, pages: Collection[str]) -> str:
    """Return the path of the page that a form belongs to: the longest beginning of its path that can be opened.

    Forms below a page, such as that to remove a passkey, have a path that only a POST has.

    Args:
        path: of the form.
        pages: the pages that exist, by their paths below `/account/`.
    """
    name = path.removeprefix(ACCOUNT).strip("/")
    while name and name not in pages:
        name = name.rpartition("/")[0]
    return f"{ACCOUNT}/{name}" if name else ACCOUNT


def confirm_address(address: str, *, acr: str) -> str:
    """Return the address of the page that asks for a proof of identity.

    Args:
        address: of the page that it leads back to.
        acr: the level that is needed.
    """
    return f"{CONFIRM}?{urlencode({'acr': acr, 'continue': address})}"


def lead_to_sign_in(request: Request[Any, Any, Any], _error: Exception) -> Response[str]:
    """Return a redirect to the sign-in page, which leads back. It is an exception handler of the pages of a session."""
    request.scope["state"][PAGE_KIND] = PageKind.SIGN_IN
    return see_other(f"{LOGIN}?{urlencode({'continue': page_address(request)})}")


def lead_to_confirmation(request: Request[Any, Any, Any], error: StepUpRequiredException) -> Response[str]:
    """Return a redirect to the page that asks for a proof and leads back. It is an exception handler, too."""
    request.scope["state"][PAGE_KIND] = PageKind.SIGN_IN
    return see_other(confirm_address(page_address(request), acr=error.acr))
