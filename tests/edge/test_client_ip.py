"""Who is calling: the peer, or what a trusted proxy says. Nobody else is believed, and garbage is nobody's key."""

from collections.abc import Callable, Iterator
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

Find = Callable[..., str | None]


def addresses(trusted: str) -> ClientIpResolver:
    environ = {"ENVIRONMENT": "testing", "JWT_SECRET_KEY": SECRET, "TRUSTED_PROXIES": trusted}
    return ClientIpResolver(Settings.from_env(environ).http.trusted_proxies)


def scope(peer: str | None, *forwarded: str, header: str = "x-forwarded-for") -> dict[str, Any]:
    headers = [(header.encode(), value.encode("latin-1")) for value in forwarded]
    return {"client": (peer, 4711) if peer is not None else None, "headers": headers}


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """What is logged meanwhile."""
    lines: list[str] = []
    number = logger.add(lambda message: lines.append(message.record["message"]), level="WARNING")
    yield lines
    logger.remove(number)


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        pytest.param("203.0.113.9", ["198.51.100.1"], "203.0.113.9", id="a stranger is not believed"),
        pytest.param("11.0.0.1", ["198.51.100.1"], "11.0.0.1", id="just outside of the trusted network"),
        pytest.param("192.0.2.2", ["198.51.100.1"], "192.0.2.2", id="the neighbour of a trusted address"),
        pytest.param("10.1.2.3", ["198.51.100.1"], "198.51.100.1", id="a trusted proxy is"),
        pytest.param("192.0.2.1", ["198.51.100.1"], "198.51.100.1", id="so is a trusted address"),
        pytest.param("10.1.2.3", [], "10.1.2.3", id="a proxy that says nothing"),
        pytest.param("10.1.2.3", [""], "10.1.2.3", id="a proxy that says nothing at length"),
        pytest.param("10.1.2.3", ["198.51.100.1, 10.9.9.9"], "198.51.100.1", id="two proxies"),
        pytest.param("10.1.2.3", ["198.51.100.1,10.9.9.9,192.0.2.1"], "198.51.100.1", id="three, without spaces"),
        pytest.param("10.1.2.3", ["1.1.1.1, 198.51.100.1"], "198.51.100.1", id="what stands left is made up"),
        pytest.param("10.1.2.3", ["10.0.0.1, 198.51.100.1"], "198.51.100.1", id="as a trusted proxy, too"),
        pytest.param("10.1.2.3", ["198.51.100.1, 11.0.0.1, 10.9.9.9"], "11.0.0.1", id="a foreign proxy ends the walk"),
        pytest.param("10.1.2.3", ["1.1.1.1", "198.51.100.1"], "198.51.100.1", id="several headers are one list"),
        pytest.param("10.1.2.3", ["198.51.100.1", "10.9.9.9"], "198.51.100.1", id="in their order"),
        pytest.param("10.1.2.3", ["10.0.0.1, 10.0.0.2"], "10.0.0.1", id="all are trusted: the farthest"),
        pytest.param("10.1.2.3", ["198.51.100.1, unknown"], "10.1.2.3", id="garbage next to the proxy"),
        pytest.param("10.1.2.3", ["198.51.100.1, <script>, 10.9.9.9"], "10.9.9.9", id="garbage ends the walk"),
        pytest.param("10.1.2.3", ["198.51.100.1,,10.9.9.9"], "10.9.9.9", id="an empty hop ends the walk"),
        pytest.param("10.1.2.3", ["198.51.100.1:443"], "198.51.100.1", id="an address with a port"),
        pytest.param("10.1.2.3", ["[2001:db8::1]:443"], "2001:db8::1", id="ipv6 with a port"),
        pytest.param("10.1.2.3", ["[2001:db8::1]"], "2001:db8::1", id="ipv6 in brackets"),
        pytest.param("10.1.2.3", ["198.51.100.1:443:1"], "10.1.2.3", id="two ports are garbage"),
        pytest.param("10.1.2.3", ["198.51.100.1:x"], "10.1.2.3", id="so is a port of letters"),
        pytest.param("10.1.2.3", ["[198.51.100.1"], "10.1.2.3", id="so is half a bracket"),
        pytest.param("10.1.2.3", ["198.51.100.01"], "10.1.2.3", id="a leading zero is garbage"),
        pytest.param("10.1.2.3", ["198.51.100"], "10.1.2.3", id="nor one of three parts"),
        pytest.param("10.1.2.3", ["3325256705"], "10.1.2.3", id="nor a number"),
        pytest.param("10.1.2.3", ["\xb9\xb2.1.1.1"], "10.1.2.3", id="nor one of odd digits"),
        pytest.param("10.1.2.3", ["x" * 15000], "10.1.2.3", id="nor a long text"),
        pytest.param("10.1.2.3", ["2001:DB8:0:0::1"], "2001:db8::1", id="ipv6 in its one form"),
        pytest.param("10.1.2.3", ["fe80::1%eth0"], "fe80::1", id="ipv6 without its zone"),
        pytest.param("2001:db8:ffff::1", ["2001:db8::1"], "2001:db8::1", id="an ipv6 proxy"),
        pytest.param("2001:db8:fffe::1", ["2001:db8::1"], "2001:db8:fffe::1", id="a foreign one"),
        pytest.param("::ffff:10.1.2.3", ["198.51.100.1"], "198.51.100.1", id="an ipv4 proxy on an ipv6 socket"),
        pytest.param("::ffff:203.0.113.9", [], "203.0.113.9", id="an ipv4 client on an ipv6 socket"),
        pytest.param("10.1.2.3", ["::ffff:198.51.100.1"], "198.51.100.1", id="ipv4 written as ipv6"),
        pytest.param("10.1.2.3", ["198.51.100.1, ::ffff:10.9.9.9"], "198.51.100.1", id="a proxy written as ipv6"),
        pytest.param(None, ["198.51.100.1"], None, id="a unix socket has no address"),
        pytest.param("testclient", ["198.51.100.1"], None, id="nor has a name"),
    ],
)
def test_the_first_hop_from_the_right_that_is_no_trusted_proxy_is_the_client(
    peer: str | None, forwarded: list[str], found: str | None
) -> None:
    assert addresses(PROXIES).resolve(scope(peer, *forwarded)) == found


@pytest.mark.parametrize("header", ["forwarded", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip"])
def test_no_other_header_is_believed(header: str) -> None:
    assert addresses(PROXIES).resolve(scope("10.1.2.3", "for=198.51.100.1", header=header)) == "10.1.2.3"
    assert addresses(PROXIES).resolve(scope("10.1.2.3", "198.51.100.1", header=header)) == "10.1.2.3"


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1", "10.1.2.3", "::1"])
def test_where_no_proxy_is_trusted_not_even_this_machine_is_believed(peer: str) -> None:
    assert addresses("").resolve(scope(peer, "198.51.100.1")) == peer


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_the_first_forwarded_header_that_is_ignored_is_warned_of_once(warnings: list[str], header: str) -> None:
    nobody = addresses("")

    for _ in range(3):
        nobody.resolve(scope("203.0.113.9", "198.51.100.1", header=header))

    (warning,) = warnings
    assert "TRUSTED_PROXIES" in warning


def test_without_such_a_header_there_is_nothing_to_warn_of(warnings: list[str]) -> None:
    addresses("").resolve(scope("203.0.113.9", "text/html", header="accept"))

    assert warnings == []


def test_strangers_who_send_one_past_the_proxy_are_no_reason_to_warn(warnings: list[str]) -> None:
    addresses(PROXIES).resolve(scope("203.0.113.9", "198.51.100.1"))

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
        "10.0.0.0/8,192.168.0.0/16",
        "[10.0.0.0/8]",
        "[7]",
        "true",
    ],
)
def test_everybody_and_garbage_cannot_be_trusted(value: str) -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        addresses(value)

    assert {problem.variable for problem in caught.value.problems} == {"TRUSTED_PROXIES"}


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
def test_a_caller_is_an_ipv4_address_or_an_ipv6_network(address: str | None, network: str) -> None:
    assert network_of(address) == network


async def test_the_address_found_stands_in_the_list_of_sessions(app_with: OtherAppFactory) -> None:
    async with app_with(TRUSTED_PROXIES=CLIENT_IP) as other:
        ada = Actor(other.client, headers={"X-Forwarded-For": "1.1.1.1, 2001:DB8::1"})
        await ada.register()

        sessions = await ada.call("GET", "/api/user/sessions")

    assert [session["ip_address"] for session in sessions["items"]] == ["2001:db8::1"]


async def test_an_address_that_a_stranger_made_up_stands_nowhere(app_with: OtherAppFactory) -> None:
    async with app_with() as other:
        ada = Actor(other.client, headers={"X-Forwarded-For": "198.51.100.1"})
        await ada.register()

        sessions = await ada.call("GET", "/api/user/sessions")

    assert [session["ip_address"] for session in sessions["items"]] == [CLIENT_IP]
