"""Settings of the API as clients and browsers see it."""

import re
from typing import Annotated, Final

import msgspec

from auth_api.kit.http.client_ip import Network, parse_network
from auth_api.kit.http.cors import parse_header_name
from auth_api.kit.http.origins import parse_cookie_origin, parse_origin
from auth_api.kit.setting import Setting, parse_base_url

_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


def parse_proxy_network(text: str) -> Network:
    """Return the network of a proxy; raise a ValueError for none, and for the whole internet."""
    message = "must list IP networks of proxies, not host names; the whole internet cannot be trusted"
    try:
        network = parse_network(text)
    except ValueError as error:
        raise ValueError(message) from error
    if network.prefixlen == 0:
        raise ValueError(message)
    return network


def parse_host(text: str) -> str:
    """Return a value of the `Host` header without its port; raise a ValueError otherwise."""
    if _HOST.fullmatch(text) is None:
        message = "must list host names or IP addresses, without scheme and port"
        raise ValueError(message)
    return text


class HttpPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The API as clients and browsers see it."""

    public_url: Annotated[
        str,
        Setting(
            "PUBLIC_URL",
            "URL of this server for its clients, with its path below a proxy if it has one.",
            parse=parse_base_url,
            accepts="an http or https URL; in production an https URL",
            example="https://auth.your-company.com",
            default_text="`http://localhost:$PORT`, in testing `http://127.0.0.1:$PORT`; in production none",
        ),
    ]
    cors_origins: Annotated[
        tuple[str, ...],
        Setting(
            "CORS_ORIGINS",
            "Origins whose web pages may call the API, besides the pages of this server.",
            parse=parse_origin,
            accepts="list of origins: scheme, host and port, as browsers send them",
            example='["https://app.your-company.com"]',
            default_text="none; in development and testing also every port of `localhost`, `127.0.0.1` and `[::1]`",
        ),
    ] = ()
    cookie_origins: Annotated[
        tuple[str, ...],
        Setting(
            "COOKIE_ORIGINS",
            "Origins whose web pages may use [cookie mode](single-page-app.md), besides those of this server.",
            parse=parse_cookie_origin,
            accepts="list of http and https origins, as browsers send them; in production https origins",
            example='["https://app.your-company.com"]',
            default_in={"development": ("http://localhost:3000", "http://localhost:5173")},
        ),
    ] = ()
    cors_headers: Annotated[
        tuple[str, ...],
        Setting(
            "CORS_HEADERS",
            "Request headers that web pages may send, besides those listed in [browser.md](browser.md#cors).",
            parse=parse_header_name,
            accepts="list of header names",
            example='["x-datadog-trace-id"]',
        ),
    ] = ()
    allowed_hosts: Annotated[
        tuple[str, ...],
        Setting(
            "ALLOWED_HOSTS",
            "Values of the `Host` header that are accepted.",
            parse=parse_host,
            accepts="list of host names or IP addresses, without ports",
            example='["auth.your-company.com"]',
            default_text="any",
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Setting(
            "TRUSTED_PROXIES",
            "Networks of the proxies whose `X-Forwarded-For` header is trusted.",
            parse=parse_proxy_network,
            accepts="list of IP networks",
            example='["10.0.0.0/8"]',
        ),
    ] = ()
    docs_enabled: Annotated[
        bool,
        Setting(
            "DOCS_ENABLED",
            "Whether Swagger UI, ReDoc and the OpenAPI document are served.",
            default_in={"production": False},
        ),
    ] = True
