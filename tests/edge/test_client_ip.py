"""The client's IP address: the peer's, or the one that a trusted proxy forwards."""

from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

from auth_api.kit.http.client_ip import ClientIpResolver
from auth_api.kit.networks import network_of
from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError
from tests.conftest import CLIENT_IP, OtherAppFactory
from tests.support.actors import Actor

pytestmark = pytest.mark.engine_independent

SECRET = "a-secret-that-only-the-tests-know-0123456789"
PROXIES = '["10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.1"]'


def resolver(trusted: str) -> ClientIpResolver:
    environ = {"ENVIRONMENT": "testing", "JWT_SECRET_KEY": SECRET, "TRUSTED_PROXIES": trusted}
    return ClientIpResolver(Settings.from_env(environ).http.trusted_proxies)


def scope(peer: str | None, *forwarded: str, header: str = "x-forwarded-for") -> dict[str, Any]:
    headers = [(header.encode(), value.encode("latin-1")) for value in forwarded]
    return {"client": (peer, 4711) if peer is not None else None, "headers": headers}


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """Warnings that are logged during the test."""
    lines: list[str] = []
    number = logger.add(lambda message: lines.append(message.record["message"]), level="WARNING")
    yield lines
    logger.remove(number)


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        pytest.param("203.0.113.9", ["198.51.100.1"], "203.0.113.9", id="untrusted-peer"),
        pytest.param("11.0.0.1", ["198.51.100.1"], "11.0.0.1", id="peer-next-to-the-trusted-network"),
        pytest.param("192.0.2.2", ["198.51.100.1"], "192.0.2.2", id="peer-next-to-the-trusted-address"),
        pytest.param("10.1.2.3", ["198.51.100.1"], "198.51.100.1", id="peer-in-the-trusted-network"),
        pytest.param("192.0.2.1", ["198.51.100.1"], "198.51.100.1", id="peer-at-the-trusted-address"),
        pytest.param("10.1.2.3", [], "10.1.2.3", id="no-header"),
        pytest.param("10.1.2.3", [""], "10.1.2.3", id="empty-header"),
        pytest.param("10.1.2.3", ["198.51.100.1, 10.9.9.9"], "198.51.100.1", id="two-proxies"),
        pytest.param(
            "10.1.2.3", ["198.51.100.1,10.9.9.9,192.0.2.1"], "198.51.100.1", id="three-proxies-without-spaces"
        ),
        pytest.param("10.1.2.3", ["1.1.1.1, 198.51.100.1"], "198.51.100.1", id="forged-first-entry"),
        pytest.param(
            "10.1.2.3", ["10.0.0.1, 198.51.100.1"], "198.51.100.1", id="forged-first-entry-of-a-trusted-proxy"
        ),
        pytest.param(
            "10.1.2.3", ["198.51.100.1, 11.0.0.1, 10.9.9.9"], "11.0.0.1", id="untrusted-proxy-ends-the-search"
        ),
        pytest.param("10.1.2.3", ["1.1.1.1", "198.51.100.1"], "198.51.100.1", id="repeated-headers-are-one-list"),
        pytest.param("10.1.2.3", ["198.51.100.1", "10.9.9.9"], "198.51.100.1", id="repeated-headers-keep-their-order"),
        pytest.param("10.1.2.3", ["10.0.0.1, 10.0.0.2"], "10.0.0.1", id="all-trusted-first-entry"),
        pytest.param("10.1.2.3", ["198.51.100.1, unknown"], "10.1.2.3", id="invalid-last-entry"),
        pytest.param("10.1.2.3", ["198.51.100.1, <script>, 10.9.9.9"], "10.9.9.9", id="invalid-entry-ends-the-search"),
        pytest.param("10.1.2.3", ["198.51.100.1,,10.9.9.9"], "10.9.9.9", id="empty-entry-ends-the-search"),
        pytest.param("10.1.2.3", ["198.51.100.1:443"], "198.51.100.1", id="ipv4-with-port"),
        pytest.param("10.1.2.3", ["[2001:db8::1]:443"], "2001:db8::1", id="ipv6-with-port"),
        pytest.param("10.1.2.3", ["[2001:db8::1]"], "2001:db8::1", id="ipv6-in-brackets"),
        pytest.param("10.1.2.3", ["198.51.100.1:443:1"], "10.1.2.3", id="two-ports-are-invalid"),
        pytest.param("10.1.2.3", ["198.51.100.1:x"], "10.1.2.3", id="letters-as-port-are-invalid"),
        pytest.param("10.1.2.3", ["[198.51.100.1"], "10.1.2.3", id="open-bracket-is-invalid"),
        pytest.param("10.1.2.3", ["198.51.100.01"], "10.1.2.3", id="leading-zero-is-invalid"),
        pytest.param("10.1.2.3", ["198.51.100"], "10.1.2.3", id="three-parts-are-invalid"),
        pytest.param("10.1.2.3", ["3325256705"], "10.1.2.3", id="integer-is-invalid"),
        pytest.param("10.1.2.3", ["\xb9\xb2.1.1.1"], "10.1.2.3", id="non-ascii-digits-are-invalid"),
        pytest.param("10.1.2.3", ["x" * 15000], "10.1.2.3", id="long-text-is-invalid"),
        pytest.param("10.1.2.3", ["2001:DB8:0:0::1"], "2001:db8::1", id="ipv6-in-canonical-form"),
        pytest.param("10.1.2.3", ["fe80::1%eth0"], "fe80::1", id="ipv6-without-zone"),
        pytest.param("10.1.2.3", ["fe80::1%" + "a" * 15000], "10.1.2.3", id="ipv6-with-a-long-zone-is-invalid"),
        pytest.param("2001:db8:ffff::1", ["2001:db8::1"], "2001:db8::1", id="ipv6-proxy"),
        pytest.param("2001:db8:fffe::1", ["2001:db8::1"], "2001:db8:fffe::1", id="untrusted-ipv6-proxy"),
        pytest.param("::ffff:10.1.2.3", ["198.51.100.1"], "198.51.100.1", id="ipv4-proxy-on-an-ipv6-socket"),
        pytest.param("::ffff:203.0.113.9", [], "203.0.113.9", id="ipv4-client-on-an-ipv6-socket"),
        pytest.param("10.1.2.3", ["::ffff:198.51.100.1"], "198.51.100.1", id="ipv4-mapped-client"),
        pytest.param("10.1.2.3", ["198.51.100.1, ::ffff:10.9.9.9"], "198.51.100.1", id="ipv4-mapped-proxy"),
        pytest.param(None, ["198.51.100.1"], None, id="unix-socket"),
        pytest.param("testclient", ["198.51.100.1"], None, id="peer-without-ip-address"),
    ],
)
def test_client_ip_is_the_first_untrusted_entry_from_the_right(
    peer: str | None, forwarded: list[str], found: str | None
) -> None:
    assert resolver(PROXIES).resolve(scope(peer, *forwarded)) == found


@pytest.mark.parametrize("header", ["forwarded", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip"])
def test_other_forwarded_headers_are_ignored(header: str) -> None:
    assert resolver(PROXIES).resolve(scope("10.1.2.3", "for=198.51.100.1", header=header)) == "10.1.2.3"
    assert resolver(PROXIES).resolve(scope("10.1.2.3", "198.51.100.1", header=header)) == "10.1.2.3"


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1", "10.1.2.3", "::1"])
def test_without_trusted_proxies_every_forwarded_header_is_ignored(peer: str) -> None:
    assert resolver("").resolve(scope(peer, "198.51.100.1")) == peer


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_first_ignored_forwarded_header_is_logged_once(warnings: list[str], header: str) -> None:
    without_proxies = resolver("")

    for _ in range(3):
        without_proxies.resolve(scope("203.0.113.9", "198.51.100.1", header=header))

    (warning,) = warnings
    assert "TRUSTED_PROXIES" in warning


def test_request_without_forwarded_headers_logs_no_warning(warnings: list[str]) -> None:
    resolver("").resolve(scope("203.0.113.9", "text/html", header="accept"))

    assert warnings == []


def test_forwarded_header_of_an_untrusted_peer_logs_no_warning_behind_a_proxy(warnings: list[str]) -> None:
    resolver(PROXIES).resolve(scope("203.0.113.9", "198.51.100.1"))

    assert warnings == []


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "0.0.0.0/0",
        "::/0",
        '["10.0.0.0/8", "0.0.0.0/0"]',
        '["10.0.0.0/8", "*"]',
        "proxy.example.com",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0/8,0.0.0.0/0",
        "::ffff:0:0/96",
        "[10.0.0.0/8]",
        "[7]",
        "true",
    ],
)
def test_setting_rejects_the_whole_internet_and_invalid_networks(value: str) -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        resolver(value)

    assert {problem.variable for problem in caught.value.problems} == {"TRUSTED_PROXIES"}


@pytest.mark.parametrize("trusted", ["::ffff:10.0.0.0/104", "::ffff:10.1.2.3", "::ffff:a01:203/128"])
@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_proxy_may_be_written_as_ipv4_mapped_address(trusted: str, peer: str) -> None:
    """So operators see it if the server listens on `::`."""
    assert resolver(trusted).resolve(scope(peer, "198.51.100.1")) == "198.51.100.1"
    assert resolver(trusted).resolve(scope("11.1.2.3", "198.51.100.1")) == "11.1.2.3"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        (None, "unknown"),
    ],
)
def test_network_of_a_client_is_an_ipv4_address_or_an_ipv6_prefix(address: str | None, network: str) -> None:
    assert network_of(address) == network


async def test_session_list_has_the_forwarded_ip_address(app_with: OtherAppFactory) -> None:
    async with app_with(TRUSTED_PROXIES=CLIENT_IP) as other:
        ada = Actor(other.client, headers={"X-Forwarded-For": "1.1.1.1, 2001:DB8::1"})
        await ada.register()

        sessions = await ada.call("GET", "/api/user/sessions")

    assert [session["ip_address"] for session in sessions["items"]] == ["2001:db8::1"]


async def test_session_list_has_the_ip_address_of_an_untrusted_peer(app_with: OtherAppFactory) -> None:
    async with app_with() as other:
        ada = Actor(other.client, headers={"X-Forwarded-For": "198.51.100.1"})
        await ada.register()

        sessions = await ada.call("GET", "/api/user/sessions")

    assert [session["ip_address"] for session in sessions["items"]] == [CLIENT_IP]
