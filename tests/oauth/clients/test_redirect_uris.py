"""Browsers are sent only to URIs that every parser reads in the same way, and that are registered."""

import pytest

from auth_api.oauth.clients.client import ClientKind, OAuthClient
from auth_api.oauth.clients.redirect_uris import uri_problem
from tests.support.oauth_samples import sample_client

pytestmark = pytest.mark.engine_independent

HTTPS = "https://wiki.example.com/callback"
LOOPBACK = "http://127.0.0.1:8080/callback"
PRIVATE = "com.example.app:/callback"


def is_accepted(uri: str, *, loopback: bool = True, private_schemes: bool = True) -> bool:
    return uri_problem(uri, loopback=loopback, private_schemes=private_schemes) == ""


def test_uri_has_a_scheme_of_its_kind() -> None:
    for uri in (
        HTTPS,
        "https://wiki.example.com",
        "https://wiki.example.com:8443/a%20b;c/?x=/y?z",
        "https://[2001:db8::1]/",
    ):
        assert is_accepted(uri, loopback=False, private_schemes=False), uri
    for uri in (LOOPBACK, "http://localhost/", "http://[::1]:1/x"):
        assert (is_accepted(uri, private_schemes=False), is_accepted(uri, loopback=False)) == (True, False), uri
    for uri in (PRIVATE, "com.example.app://callback", "com.example.app:///callback"):
        assert (is_accepted(uri, loopback=False), is_accepted(uri, private_schemes=False)) == (True, False), uri


def test_ambiguous_uri_is_refused() -> None:
    for uri in (
        *("", "callback", "/callback", "//wiki.example.com/", "https:", "https:///callback", "https:/callback"),
        *("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "app:/callback", "ftp://a.example.com/"),
        *("http://wiki.example.com/", "http://127.1/", "http://127.0.0.1.example.com/", "http://localhost.:1/"),
        *(f"{HTTPS}#", f"{HTTPS}#x", "https://ada@wiki.example.com/", "https://ada:x@wiki.example.com/"),
        *("https://*.example.com/", "https://wiki.example.com/*", "https://wiki.example.com/?x=*"),
        *(
            "https://wiki.example.com\\@evil.example.com/",
            "https://wiki.example.com/a\\b",
            "https://wiki.example.com/ä",
        ),
        *("https://wiki.example.com/a b", "https://wiki.example.com/\n", "https://wiki.example.com/\x00", " " + HTTPS),
        *("https://wiki.example.com/../x", "https://wiki.example.com/x/.", "https://wiki.example.com/%2e%2E/x"),
        *("https://wiki.example.com/%", "https://wiki.example.com/%zz", "https://wiki.example.com:99999/"),
        *("https://wiki.example.com@evil.example.com", "HTTPS://wiki.example.com/", HTTPS + "x" * 512),
        *("com.example.app:", "com.example.app:/../x", "com.example.app://ada@host/", "com.example.app:/x#y"),
    ):
        assert not is_accepted(uri), uri


def test_registered_uri_is_compared_as_a_string() -> None:
    """RFC 9700 §4.1.3."""
    client = sample_client(ClientKind.WEB, redirect_uris=(HTTPS, LOOPBACK))

    assert client.accepts_redirect_uri(HTTPS)
    for uri in (
        *(
            HTTPS + "/",
            HTTPS + "?",
            HTTPS + "?x",
            HTTPS + "#",
            HTTPS[:-1],
            HTTPS.upper(),
            HTTPS.replace("https", "http"),
        ),
        *(HTTPS.replace("callback", "%63allback"), HTTPS.replace("/callback", "/x/..;/callback"), HTTPS + "%2e"),
        *(
            HTTPS.replace("example.com", "example.com:443"),
            HTTPS.replace("wiki", "ada@wiki"),
            HTTPS.replace("/c", "\\c"),
        ),
        *(LOOPBACK.replace("8080", "8081"), LOOPBACK.replace("127.0.0.1", "localhost")),
    ):
        assert not client.accepts_redirect_uri(uri), uri


def test_native_application_uses_any_port_of_a_loopback_address() -> None:
    """RFC 8252 §7.3."""
    client: OAuthClient = sample_client(ClientKind.NATIVE, redirect_uris=(LOOPBACK, "http://[::1]/x", PRIVATE, HTTPS))

    for uri in (
        LOOPBACK,
        "http://127.0.0.1/callback",
        "http://127.0.0.1:1/callback",
        "http://[::1]:5/x",
        PRIVATE,
        HTTPS,
    ):
        assert client.accepts_redirect_uri(uri), uri
    for uri in (
        *("http://127.0.0.1:1/callback/", "http://127.0.0.1:1/x", "http://127.0.0.1:1/callback?x", "http://[::1]:5/"),
        *("http://localhost:8080/callback", "https://127.0.0.1:8080/callback", "http://127.0.0.1:80@evil.example.com/"),
        *(
            "http://127.0.0.1:1@evil.example.com/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:123456/callback",
        ),
        *("https://wiki.example.com:1/callback", "com.example.app:1/callback"),
    ):
        assert not client.accepts_redirect_uri(uri), uri


def test_only_the_port_of_the_address_itself_is_free() -> None:
    """An address within the query or the path is compared as it is."""
    for rest in ("?next=http://localhost:3000/", "/http://127.0.0.1:3000/"):
        client = sample_client(ClientKind.NATIVE, redirect_uris=(f"http://127.0.0.1:8080{rest}",))

        assert client.accepts_redirect_uri(f"http://127.0.0.1:1{rest}")
        assert not client.accepts_redirect_uri(f"http://127.0.0.1:1{rest.replace('3000', '666')}")
