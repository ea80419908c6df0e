"""Where a sign-in may lead: only to pages of this server (CWE-601)."""

import pytest

from auth_api.sign_in_flows.return_urls import ReturnUrls
from auth_api.web.frame.journey import Journey, is_safe_target, read_journey
from auth_api.web.frame.languages import LANGUAGES

NO_APPLICATIONS = ReturnUrls(urls=frozenset())

pytestmark = pytest.mark.engine_independent

SAFE = (
    "/account",
    "/account/",
    "/account?done=saved",
    "/account/security",
    "/account/sessions?cursor=a/b//c&limit=20",
    "/account/authorize?request=ar_1%2F..%2F2",
    "/account/%61pps",
    "/account?" + "a" * 2039,
)

UNSAFE = (
    "",
    "account",
    "https://evil.example/account",
    "//evil.example",
    "/\\evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/account//evil.example",
    "/account/\\evil.example",
    "/account/%5Cevil.example",
    "/account/%2F/evil.example",
    "/account/%2F%2Fevil.example",
    "/account/../..//evil.example",
    "/account/../admin",
    "/account/.%2e/admin",
    "/account/%2e%2e/admin",
    "/account/./admin",
    "/accountx",
    "/account%78",
    "/account%2Fsecurity/%2e%2e",
    "/account\r\nSet-Cookie: a=b",
    "/account?a=b\r\nSet-Cookie: a=b",
    "/account/%0d%0aSet-Cookie:%20a=b",
    "/account?a=b\\c",
    "/account#top",
    "/account?a=b#top",
    "/account/%23top",
    "/account ",
    "/account/ä",
    "/account?" + "a" * 2040,
)


def test_target_is_a_page_of_this_server() -> None:
    assert [target for target in SAFE if not is_safe_target(target)] == []
    assert [target for target in UNSAFE if is_safe_target(target)] == []


def test_unacceptable_parameters_are_ignored() -> None:
    fields = {"continue": "//evil.example", "lang": "xx", "return_to": ""}
    assert read_journey(fields, LANGUAGES, NO_APPLICATIONS) == Journey()


def test_journey_travels_in_fields_and_links() -> None:
    fields = {"continue": "/account/security?a=1&b=2", "lang": "de", "other": "x"}
    journey = read_journey(fields, LANGUAGES, NO_APPLICATIONS)

    assert journey.fields == {"continue": "/account/security?a=1&b=2", "lang": "de"}
    assert journey.link("/account/login", again="1") == (
        "/account/login?continue=%2Faccount%2Fsecurity%3Fa%3D1%26b%3D2&lang=de&again=1"
    )
    assert Journey().link("/account/login") == "/account/login"
