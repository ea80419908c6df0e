"""The cookie that binds sign-ins to a browser: one value for all tabs, and only a value from this server."""

import pytest

from auth_api.kit.http.browser_cookie import BrowserCookie

pytestmark = pytest.mark.engine_independent

SECURE = BrowserCookie(public_url="https://login.example.com", is_production=False)
NAME = "__Host-auth_browser"
RAW = "bb_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"


def headers(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"cookie", f"{NAME}={value}".encode()) for value in values]


def test_cookie_that_the_browser_has_is_kept_and_renewed() -> None:
    attributes = "Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=3600"

    assert SECURE.keep_or_create(headers(RAW)) == (RAW, f"{NAME}={RAW}; {attributes}")
    assert BrowserCookie(public_url="http://localhost", is_production=False).name == "auth_browser_80"


@pytest.mark.parametrize("values", [[], [""], [RAW[:-1]], [f"{RAW}A"], [f"{RAW[:-1]}="], ["bs" + RAW[2:]], [RAW, RAW]])
def test_new_value_replaces_a_missing_or_ambiguous_one(values: list[str]) -> None:
    first, cookie = SECURE.keep_or_create(headers(*values))
    second, _ = SECURE.keep_or_create(headers(*values))

    assert SECURE.read(headers(*values)) is None
    assert first not in {second, *values}
    assert cookie.startswith(f"{NAME}={first}; ")
    assert SECURE.read(headers(first)) == first
