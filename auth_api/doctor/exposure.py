"""Check how the server appears to clients and browsers, as far as the settings show."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from auth_api.doctor.findings import Finding, note, ok, warn
from auth_api.kit.http.client_ip import Network
from auth_api.kit.http.origins import are_same_site, is_loopback_origin, origin_of
from auth_api.kit.http.policy import HttpPolicy


def check_exposure(policy: HttpPolicy, *, host: str, is_production: bool) -> list[Finding]:
    """Check origins, and in production also hosts, proxies and the API documentation."""
    return [
        evaluate_origins(policy.cors_origins, is_production=is_production),
        *evaluate_cookie_origins(policy),
        *(evaluate_production(policy, host) if is_production else ()),
    ]


def evaluate_origins(origins: tuple[str, ...], *, is_production: bool) -> Finding:
    """Report the origins whose web pages may call the API; warn about unsafe ones in production."""
    check = "http.cors"
    if not origins:
        others = "origins" if is_production else "machines"
        return note(check, f"Web pages of other {others} cannot call this API.", "Set CORS_ORIGINS if some should.")
    names = ", ".join(origins)
    if is_production and any(is_loopback_origin(origin.encode()) for origin in origins):
        fix = "Remove development origins from CORS_ORIGINS."
        return warn(check, f"{names}: at least one is on the visitor's own machine.", fix)
    if is_production and any(origin.startswith("http://") for origin in origins):
        fix = "List only https origins: pages loaded over http can be modified in transit."
        return warn(check, f"{names}: at least one does not use https.", fix)
    return ok(check, f"Web pages of these origins may call this API: {names}.")


def evaluate_cookie_origins(policy: HttpPolicy) -> Iterator[Finding]:
    """Warn of pages in cookie mode that would get no cookie, as they belong to another site than this server."""
    own_origin = origin_of(policy.public_url)
    others = [origin for origin in policy.cookie_origins if not are_same_site(origin, own_origin)]
    if others:
        yield warn(
            "http.cookie_origins",
            f"COOKIE_ORIGINS has origins of another site than {own_origin}: {', '.join(others)}. Browsers keep the "
            "refresh cookie from their pages.",
            "Give the application a host under the same domain, or let it use the API without cookie mode.",
        )


def evaluate_production(policy: HttpPolicy, host: str) -> Iterator[Finding]:
    """Check proxies, hosts and the API documentation."""
    yield evaluate_proxies(policy.trusted_proxies, host)
    if not policy.allowed_hosts:
        name = urlsplit(policy.public_url).hostname
        yield note("http.hosts", "Any Host header is accepted.", f"""Set ALLOWED_HOSTS='["{name}"]'.""")
    if policy.docs_enabled:
        yield note("http.docs", "Swagger UI and ReDoc are public.", "Set DOCS_ENABLED=false if they should not be.")


def evaluate_proxies(trusted: tuple[Network, ...], host: str) -> Finding:
    """Report which networks may set client IP addresses."""
    check = "http.proxies"
    if not trusted:
        return warn(
            check,
            "No proxy is trusted. Behind a proxy, all clients would share its IP address and its limits.",
            "Set TRUSTED_PROXIES to the proxy's network, then check it with: auth-api doctor --url URL",
        )
    public = [str(network) for network in trusted if network.is_global]
    if public:
        message = f"{', '.join(public)} is not a private network: clients in it can choose any IP address."
        return warn(check, message, "List only the addresses of the proxies in TRUSTED_PROXIES.")
    return ok(check, f"{', '.join(map(str, trusted))} may set client IP addresses; the server listens on {host}.")
