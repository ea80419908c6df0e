"""Origins: what browsers send is accepted, what no browser sends is refused."""

import pytest

from auth_api.kit.http.origins import are_same_site, is_loopback_origin, origin_of, parse_origin

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "https://app.example.com:8443",
        "http://app.example.com:443",
        "https://app.example.com:80",
        "http://localhost:3000",
        "http://192.0.2.7:65535",
        "http://[::1]:5173",
        "https://[2001:db8::1]",
        "https://xn--bcher-kva.example",
        "https://my_app.example.com.",
        "https://1.example.com",
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "app://obsidian.md",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://0f8c2a4b-e1d9-4d6a-9a4f-7a5f3f0c1b2d",
        "vscode-webview+x.y://1",
    ],
)
def test_origin_that_browsers_send_is_accepted(origin: str) -> None:
    assert parse_origin(origin) == origin


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://app.example.com:443", ":443"),
        ("http://app.example.com:80", ":80"),
        ("http://[::1]:80", ":80"),
        ("https://app.example.com:08443", "scheme://host:port"),
        ("https://app.example.com:0", "scheme://host:port"),
        ("https://app.example.com:", "scheme://host:port"),
        ("https://app.example.com:65536", "1 to 65535"),
        ("https://app.example.com:99999", "1 to 65535"),
        ("https://app.example.com:84430", "1 to 65535"),
        ("https://app.example.com:http", "scheme://host:port"),
        ("https://App.example.com", "lower case"),
        ("HTTPS://app.example.com", "lower case"),
        ("https://app.example.com/", "without a path"),
        ("https://app.example.com/login", "without a path"),
        ("https://app.example.com?x=1", "scheme://host"),
        ("https://app.example.com#x", "scheme://host"),
        ("https://ada@app.example.com", "scheme://host"),
        ("https://ada:secret@app.example.com", "scheme://host"),
        ("https://app.example.com,https://b.example.com", "scheme://host"),
        ("https://app.example.com https://b.example.com", "scheme://host"),
        ("https://app example.com", "scheme://host"),
        (" https://app.example.com", "scheme://host"),
        ("https://app.example.com\n", "scheme://host"),
        ("https://*.example.com", "without '*'"),
        ("*", "without '*'"),
        ("null", "scheme://host"),
        ("file://", "scheme://host"),
        ("app.example.com", "scheme://host"),
        ("https:app.example.com", "scheme://host"),
        ("://app.example.com", "scheme://host"),
        ("1x://app.example.com", "scheme://host"),
        ("https://bücher.example", "scheme://host"),
        ("https://b%C3%BCcher.example", "scheme://host"),
        ("https://app.example.com\\", "scheme://host"),
        ("http://127.1:3000", "IP address"),
        ("http://127.0.0.01:3000", "IP address"),
        ("http://0x7f.0.0.1", "IP address"),
        ("http://2130706433", "IP address"),
        ("http://127.0.0.1.:3000", "IP address"),
        ("http://[0:0:0:0:0:0:0:1]", "IP address"),
        ("http://[::01]", "IP address"),
        ("http://[:]", "IP address"),
        ("http://[127]", "IP address"),
        ("http://[2001:DB8::1]", "lower case"),
        ("", "scheme://host"),
    ],
)
def test_origin_that_no_browser_sends_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="must") as raised:
        parse_origin(text)

    assert reason in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (b"http://localhost", True),
        (b"http://localhost:3000", True),
        (b"https://localhost:5173", True),
        (b"http://127.0.0.1:65535", True),
        (b"http://[::1]:8080", True),
        (b"http://localhost.example.com:3000", False),
        (b"http://localhost:3000.example.com", False),
        (b"http://127.0.0.1.example.com", False),
        (b"http://127.0.0.2:3000", False),
        (b"http://xlocalhost:3000", False),
        (b"http://localhost:3000/", False),
        (b"http://localhost:", False),
        (b"http://ada@localhost", False),
        (b"http://[::1", False),
        (b"capacitor://localhost", False),
        (b"null", False),
        (b"", False),
        (b"http://localhost:3000\n", False),
    ],
)
def test_loopback_origin_is_recognized(origin: bytes, expected: bool) -> None:
    assert is_loopback_origin(origin) is expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("https://auth.example.com", True),
        ("https://example.com", True),
        ("https://app.eu.example.com:8443", True),
        ("http://app.example.com", False),
        ("https://app.example.org", False),
        ("https://app.example.co.uk", False),
        ("https://192.0.2.7", False),
        ("https://localhost", False),
    ],
)
def test_sites_have_one_scheme_and_one_domain(*, other: str, expected: bool) -> None:
    assert are_same_site("https://auth.example.com", other) is expected


def test_sites_of_special_hosts_are_recognized() -> None:
    assert are_same_site("https://a.example.co.uk", "https://example.co.uk")
    assert not are_same_site("https://a.co.uk", "https://b.co.uk")
    assert are_same_site("http://localhost:8000", "http://localhost:3000")
    assert not are_same_site("http://localhost:8000", "http://127.0.0.1:8000")
    assert not are_same_site("http://192.0.2.7", "http://198.51.2.7")
    assert not are_same_site("http://[2001:db8::1]", "http://[2001:db8::2]")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://auth.example.com", "https://auth.example.com"),
        ("https://Auth.Example.com:443/auth", "https://auth.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("https://auth.example.com:8443", "https://auth.example.com:8443"),
        ("http://[0:0::1]:8000/auth", "http://[::1]:8000"),
    ],
)
def test_origin_of_a_url_is_the_one_that_browsers_send(url: str, origin: str) -> None:
    assert origin_of(url) == parse_origin(origin) == origin
