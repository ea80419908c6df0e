"""The page that creates the account of a sign-in by a provider."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response

from auth_api.flows.federation.errors import SignUpRequiredException
from auth_api.web.frame.visit import Visit

SIGN_UP: Final = "federation/sign_up.html"


def sign_up_page(visit: Visit, required: SignUpRequiredException) -> Response[str]:
    """Return the page, filled in with what the provider says about the person."""
    suggested = required.suggested
    initial = {"username": suggested.username, "email": suggested.email, "display_name": suggested.name}
    pending = {"signup_token": required.signup_token, "provider": required.provider}
    return visit.page(
        SIGN_UP,
        initial={name: value for name, value in initial.items() if value is not None},
        **sign_up_values(visit, pending),
    )


def sign_up_values(visit: Visit, sent: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page needs to go on with the sign-in: its token and its provider."""
    pending = {name: sent.get(name, "") for name in ("signup_token", "provider")}
    names = (each.name for each in visit.frame.providers if each.id == pending["provider"])
    return {"pending": pending, "provider": next(names, visit.frame.brand.name)}
