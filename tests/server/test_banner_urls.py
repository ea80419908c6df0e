"""The URLs of the banner can be opened, also if the server listens on all addresses."""

import socket

import pytest

from auth_api.server import banner
from auth_api.settings import Settings

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize(
    ("host", "network", "expected"),
    [
        ("127.0.0.1", "192.0.2.7", ["localhost"]),
        ("::1", "2001:db8::7", ["localhost"]),
        ("192.0.2.7", "192.0.2.7", ["192.0.2.7"]),
        ("0.0.0.0", "192.0.2.7", ["localhost", "192.0.2.7"]),  # noqa: S104 - the server listens on all addresses
        ("0.0.0.0", "", ["localhost"]),  # noqa: S104
        ("::", "2001:db8::7", ["localhost", "[2001:db8::7]"]),
    ],
)
def test_banner_shows_addresses_that_can_be_opened(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, host: str, network: str, expected: list[str]
) -> None:
    class Listening:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def getsockname(self) -> tuple[str, int]:
            return host, 8000

    monkeypatch.setattr(banner, "network_address", lambda _: network)
    settings = Settings.from_env({"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo"})

    banner.print_banner(settings, Listening(), has_database=True)  # type: ignore[arg-type]

    output = capsys.readouterr().out
    first, second = (f"  Network   http://{address}:8000" for address in (expected * 2)[:2])
    assert output.startswith(f"auth_api is running at http://{expected[0]}:8000 ")
    assert (second in output.splitlines()) is (len(expected) == 2)
    assert first not in output
    assert f"curl -s http://{expected[0]}:8000/api/auth/register" in output


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_network_address_is_an_address_or_empty(family: socket.AddressFamily) -> None:
    address = banner.network_address(family)

    assert not address or socket.inet_pton(family, address)


def test_machine_without_a_network_has_no_network_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unreachable)

    assert banner.network_address(socket.AF_INET) == ""
