"""The addresses on the way of an authorization request."""

from typing import Final
from urllib.parse import urlencode

from auth_api.sessions.assurance import Level
from auth_api.web.frame.journey import LOGIN
from auth_api.web.frame.redirects import CONFIRM

AUTHORIZE: Final = "/account/authorize"

_RESPONSE: Final = "/oauth2/authorize/response"


def page_of(request: str, language: str | None) -> str:
    """Return the address of the page with what the person has to do."""
    return _link(AUTHORIZE, request=request, lang=language)


def response_of(request: str) -> str:
    """Return the address from which the browser returns to the application."""
    return _link(_RESPONSE, request=request)


def sign_in_of(request: str, language: str | None, *, login_hint: str | None = None) -> str:
    """Return the address of the sign-in, which leads back to the page."""
    back = page_of(request, language)
    return _link(LOGIN, again="1", lang=language, login_hint=login_hint, **{"continue": back})


def proof_of(request: str, language: str | None, *, level: Level | None) -> str:
    """Return the address of the page that asks for a proof of identity of this level, and leads back to the page."""
    back = page_of(request, language)
    return _link(CONFIRM, again="1", lang=language, acr=level, **{"continue": back})


def _link(path: str, **parameters: str | None) -> str:
    return f"{path}?{urlencode({name: value for name, value in parameters.items() if value is not None})}"
