"""Settings of how the API appears to the outside."""

import ipaddress
import re
from typing import Final

import msgspec

from auth_api.kit.http.client_address import Network
from auth_api.settings.reader import Reader

DEVELOPMENT_ORIGINS: Final = ("http://localhost:3000", "http://localhost:5173")


class HttpPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How the API appears to the outside."""

    public_url: str
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    docs_enabled: bool = True


def read_http(read: Reader, *, port: int, production: bool) -> HttpPolicy:
    """Return how the API appears; stricter in production, where nothing has a default that only a developer wants."""
    public_url = read.text("PUBLIC_URL", "" if production else f"http://127.0.0.1:{port}").rstrip("/")
    if production and not public_url.startswith("https://"):
        read.problem("PUBLIC_URL", "must be this server's https address in production", "https://auth.your-company.com")
    elif not public_url.startswith(("http://", "https://")):
        read.problem("PUBLIC_URL", "must be an http or https address", "http://127.0.0.1:8000")
    origins = read.string_list("CORS_ORIGINS", () if production else DEVELOPMENT_ORIGINS)
    for origin in origins:
        scheme, separator, rest = origin.partition("://")
        is_exact = rest == rest.lower() and rest.isascii() and not {"/", "*"} & set(rest)
        if scheme not in {"http", "https"} or not separator or not rest or not is_exact:
            read.problem(
                "CORS_ORIGINS",
                "must list exact origins in lower case: scheme, host and port, without a path and without '*'",
                '["https://app.your-company.com"]',
            )
    return HttpPolicy(
        public_url=public_url,
        cors_origins=origins,
        trusted_proxies=_trusted_proxies(read),
        allowed_hosts=_allowed_hosts(read),
        docs_enabled=read.boolean("DOCS_ENABLED", default=not production),
    )


def _trusted_proxies(read: Reader) -> tuple[Network, ...]:
    networks = []
    for text in read.string_list("TRUSTED_PROXIES", ()):
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            network = None
        if network is None or network.prefixlen == 0:
            problem = "must list the networks of proxies; everybody cannot be trusted"
            read.problem("TRUSTED_PROXIES", problem, '["10.0.0.0/8"]')
        else:
            networks.append(network)
    return tuple(networks)


def _allowed_hosts(read: Reader) -> tuple[str, ...]:
    hosts = read.string_list("ALLOWED_HOSTS", ())
    if any(re.fullmatch(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", host) is None for host in hosts):
        read.problem(
            "ALLOWED_HOSTS", "must list names or addresses, without scheme and port", '["auth.your-company.com"]'
        )
    return hosts
