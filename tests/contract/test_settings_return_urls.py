"""RETURN_URLS."""

import pytest

from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError
from auth_api.sign_in_flows.policy import ReturnPolicy
from auth_api.sign_in_flows.return_urls import with_result

pytestmark = pytest.mark.engine_independent

PRODUCTION = {
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://auth.example.com",
    "DATABASE_URL": "postgres://host/db",
    "JWT_SECRET_KEY": "4a7d1ed414474e4033ac29ccb8653d9b4a7d1ed414474e40",
}

ACCEPTED = (
    "https://app.example.com",
    "https://app.example.com/",
    "https://app.example.com:65535/",
    "https://app.example.com:8443/signed-in?tab=1&x=%20",
    "https://[2001:db8::1]/",
    "com.example.app:/signed-in",
    "com.example.app://signed-in",
    "https://app.example.com/" + "a" * 476,
)

REFUSED = (
    "http://app.example.com/",
    "http://localhost.evil.example/",
    "https://user@app.example.com/",
    "https://app.example.com/#here",
    "https:///signed-in",
    "https://app.example.com:port/",
    "https://app.example.com:65536/",
    "http://localhost:99999/",
    "https://app.example.com/a b",
    "https://app.example.com\\evil",
    "https://app.example.com/ä",
    "//app.example.com/",
    "/signed-in",
    "javascript:alert(1)",
    "javascript:/signed-in",
    "myapp:/signed-in",
    "com.example.app:signed-in",
    "data:text/html,x",
    "https://app.example.com/" + "a" * 477,
)


def return_urls(**variables: str) -> tuple[str, ...]:
    """Return the addresses of a server with these variables."""
    return Settings.from_env({"JWT_SECRET_KEY": PRODUCTION["JWT_SECRET_KEY"], **variables}).of(ReturnPolicy).urls


def test_return_urls_lead_to_an_application_without_ambiguity() -> None:
    for url in ACCEPTED:
        assert return_urls(RETURN_URLS=f'["{url}"]') == (url,)
    for url in REFUSED:
        with pytest.raises(InvalidSettingsError, match="RETURN_URLS"):
            return_urls(RETURN_URLS=f"{url},")


def test_return_urls_have_defaults_to_try_them_out() -> None:
    own = ("http://localhost:8000/account/signed-in", "http://localhost:3000/", "http://localhost:5173/")
    assert return_urls() == own
    assert return_urls(ENVIRONMENT="testing") == ("http://127.0.0.1:8000/account/signed-in",)
    assert return_urls(**PRODUCTION, FRONTEND_URL="https://app.example.com") == (
        "https://app.example.com/account/signed-in",
    )
    assert return_urls(RETURN_URLS="[]") == ()


def test_production_returns_only_over_https() -> None:
    local = "http://localhost:3000/"
    assert return_urls(RETURN_URLS=local) == (local,)
    with pytest.raises(InvalidSettingsError, match="RETURN_URLS must not have http URLs"):
        return_urls(**PRODUCTION, RETURN_URLS=local)


def test_result_is_in_the_fragment_of_pages_and_in_the_query_of_apps() -> None:
    assert with_result("https://app.example.com/?a=1", "code", "fc_1") == "https://app.example.com/?a=1#code=fc_1"
    assert with_result("com.example.app:/in", "code", "fc_1") == "com.example.app:/in?code=fc_1"
    assert with_result("com.example.app:/in?a=1", "error", "X") == "com.example.app:/in?a=1&error=X"
