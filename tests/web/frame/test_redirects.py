"""Pages and forms that need a session, or a more recent proof of identity, lead there and from there back."""

from types import SimpleNamespace
from typing import Any

import pytest

from auth_api.services import Services
from auth_api.sessions.browser_sessions import BrowserSession
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.web.frame.confirmation import missing_confirmation
from auth_api.web.frame.redirects import SignedOutError, lead_to_confirmation, lead_to_sign_in, page_address
from tests.conftest import UserFactory
from tests.support.browser_sessions import find, log_in_in_browser
from tests.support.factors import add_totp
from tests.support.rows import age_sessions

PAGES = frozenset({"account", "security", "security/totp"})


def request(method: str, path: str, query: str = "") -> Any:
    """Return a request to an application with some pages."""
    return SimpleNamespace(
        method=method,
        url=SimpleNamespace(path=path),
        scope={"query_string": query.encode(), "state": {}},
        app=SimpleNamespace(state=SimpleNamespace(pages=PAGES)),
    )


@pytest.mark.engine_independent
def test_form_leads_back_to_the_page_that_it_belongs_to() -> None:
    assert page_address(request("GET", "/account/security", "done=saved")) == "/account/security?done=saved"
    for path, page in (
        ("/account/security/totp", "/account/security/totp"),
        ("/account/security/totp/confirm", "/account/security/totp"),
        ("/account/security/passkeys/remove", "/account/security"),
        ("/account", "/account"),
        ("/account/unknown", "/account"),
    ):
        assert page_address(request("POST", path, "ignored=1")) == page, path


@pytest.mark.engine_independent
def test_query_to_which_no_sign_in_leads_back_is_left_out() -> None:
    for query in ("utm=" + "x" * 2048, "utm=a\\b", "utm=\xe4"):
        signed_out = lead_to_sign_in(request("GET", "/account/security", query), SignedOutError())
        assert signed_out.headers["Location"] == "/account/login?continue=%2Faccount%2Fsecurity", query[:8]


@pytest.mark.engine_independent
def test_request_without_a_session_or_a_recent_proof_leads_to_the_page_that_asks_for_it() -> None:
    form = request("POST", "/account/security/totp/confirm")

    signed_out = lead_to_sign_in(form, SignedOutError())
    assert (signed_out.status_code, signed_out.headers["Location"]) == (
        303,
        "/account/login?continue=%2Faccount%2Fsecurity%2Ftotp",
    )
    unconfirmed = lead_to_confirmation(form, StepUpRequiredException(acr="aal2"))
    assert (unconfirmed.status_code, unconfirmed.headers["Location"]) == (
        303,
        "/account/confirm?acr=aal2&continue=%2Faccount%2Fsecurity%2Ftotp",
    )


async def test_page_asks_for_a_proof_where_the_password_in_its_form_is_not_enough(
    services: Services, user_factory: UserFactory
) -> None:
    await user_factory(is_verified=True)
    cookie = await log_in_in_browser(services)

    async def missing(**arguments: bool) -> str | None:
        browser = await find(services, cookie)
        assert isinstance(browser, BrowserSession)
        visit: Any = SimpleNamespace(principal=browser.principal, request=request("GET", "/account/email"))
        return await missing_confirmation(visit, services.core.freshness, **arguments)

    assert await missing() is None
    await age_sessions(minutes=10)
    assert await missing() == "/account/confirm?acr=aal1&continue=%2Faccount%2Femail"
    assert await missing(has_password_field=True) is None
    await add_totp(services, "ada")
    assert await missing(has_password_field=True) == "/account/confirm?acr=aal2&continue=%2Faccount%2Femail"
