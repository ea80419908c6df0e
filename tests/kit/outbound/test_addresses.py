"""Addresses to which the server connects, in all forms that programs understand."""

import pytest

from auth_api.kit.outbound.addresses import is_allowed
from auth_api.kit.outbound.client import Outbound
from auth_api.kit.outbound.errors import OutboundRefusedError, OutboundUnavailableError
from auth_api.kit.outbound.policy import OutboundPolicy
from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError

pytestmark = pytest.mark.engine_independent

PUBLIC = ["8.8.8.8", "142.250.74.46", "2a00:1450:4001:82a::200e", "2606:4700::6810:84e5", "::ffff:8.8.8.8"]

NOT_PUBLIC = [
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1"),  # noqa: S104
    *("192.0.0.1", "192.0.0.8", "192.0.0.10", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "233.252.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:224.0.0.1"),
    *("::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1"),
    *("2001:20::1", "2002:7f00:1::", "2002:808:808::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1"),
    *("fe80::1%eth0", "fec0::1", "ff02::1", "4000::1", "1fff::1"),
]


def test_only_public_addresses_are_allowed() -> None:
    policy = OutboundPolicy()

    assert [address for address in PUBLIC if not is_allowed(address, policy)] == []
    assert [address for address in NOT_PUBLIC if is_allowed(address, policy)] == []


def test_allowed_networks_open_their_addresses_only() -> None:
    environ = {"ENVIRONMENT": "testing", "JWT_SECRET_KEY": "a-secret-that-only-the-tests-know-0123456789"}
    networks = '["10.20.0.0/16", "::ffff:10.30.0.0/112", "fd12::/16"]'
    policy = Settings.from_env({**environ, "OUTBOUND_ALLOWED_NETWORKS": networks}).outbound
    opened = ["10.20.0.1", "::ffff:10.20.0.1", "10.30.0.1", "fd12::1"]

    assert [address for address in opened if not is_allowed(address, policy)] == []
    assert [address for address in [*NOT_PUBLIC, "10.21.0.1", "fd13::1"] if is_allowed(address, policy)] == []
    for network in ("169.254.169.254/32", "169.254.0.0/16", "0.0.0.0/0", "fe80::/64", "::/0", "::ffff:169.254.1.0/120"):
        with pytest.raises(InvalidSettingsError, match="OUTBOUND_ALLOWED_NETWORKS must not contain link-local"):
            Settings.from_env({**environ, "OUTBOUND_ALLOWED_NETWORKS": network})


def test_loopback_is_allowed_in_development_only() -> None:
    secret = {"JWT_SECRET_KEY": "a-secret-that-only-the-tests-know-0123456789"}
    development = Settings.from_env({"ENVIRONMENT": "development", **secret}).outbound
    loopback = {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"}

    assert {address for address in NOT_PUBLIC if is_allowed(address, development)} == loopback
    assert not Settings.from_env({"ENVIRONMENT": "testing", **secret}).outbound.allows_loopback


async def test_host_is_refused_in_every_form_of_an_internal_address() -> None:
    hosts = ["localhost", "LOCALHOST", "127.0.0.1", "127.1", "127.0.0.1.", "0x7f000001", "0x7f.1", "2130706433"]
    hosts += ["017700000001", "0177.0.0.1", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"]
    hosts += ["169.254.169.254", "0xa9fea9fe", "2852039166", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]"]
    outbound = Outbound(OutboundPolicy())

    for host in hosts:
        with pytest.raises((OutboundRefusedError, OutboundUnavailableError)) as caught:
            await outbound.get(f"https://{host}/")
        # The system does not resolve some of these forms; it must never connect to one of them.
        assert caught.type is OutboundRefusedError or host.endswith("."), host


async def test_url_is_refused_unless_it_is_an_unambiguous_https_url() -> None:
    outbound = Outbound(OutboundPolicy())
    urls = [
        "http://8.8.8.8/",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "https:///path",
        "https:8.8.8.8",
        "//8.8.8.8/",
        "",
    ]
    urls += ["https://\u246027.0.0.1/", "https://8.8.8.8:0/", "https://8.8.8.8:65536/", "https://8.8.8.8:x/"]
    urls += ["https://user@8.8.8.8/", "https://8.8.8.8\\@127.0.0.1/", "https://8.8.8.8/#part", "https://8.8.8.8/\n"]
    urls += [
        "https://8.8.8.8/a b",
        "https://[8.8.8.8/",
        "https://\t8.8.8.8/",
        "javascript:alert(1)",
        "http://localhost/",
    ]

    for url in urls:
        with pytest.raises(OutboundRefusedError):
            await outbound.get(url)


async def test_plain_http_reaches_only_loopback_in_development() -> None:
    development = Outbound(OutboundPolicy(allows_loopback=True))

    for url in ("http://8.8.8.8/", "http://example.com/", "http://127.1/", "http://localhost.example.com/"):
        with pytest.raises(OutboundRefusedError):
            await development.get(url)
    with pytest.raises(OutboundUnavailableError):  # nothing listens there
        await development.get("http://localhost:1/")
