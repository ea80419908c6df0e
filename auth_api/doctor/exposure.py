"""How the server appears to the outside, as far as the settings alone tell."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from auth_api.doctor.findings import Finding, note, ok, warn
from auth_api.kit.http.client_ip import Network
from auth_api.kit.http.policy import HttpPolicy

_OWN_MACHINE = {"localhost", "127.0.0.1", "::1"}


def check_exposure(policy: HttpPolicy, *, host: str, is_production: bool) -> list[Finding]:
    """Look at origins, hosts and proxies; in development nothing of it matters."""
    return [
        evaluate_origins(policy.cors_origins, is_production=is_production),
        *(evaluate_production(policy, host) if is_production else ()),
    ]


def evaluate_origins(origins: tuple[str, ...], *, is_production: bool) -> Finding:
    """Say whose scripts may read answers."""
    check = "http.cors"
    if not origins:
        return note(check, "no web page of another origin can use this API", "Set CORS_ORIGINS if one should.")
    says = ", ".join(origins)
    if is_production and any(urlsplit(origin).hostname in _OWN_MACHINE for origin in origins):
        return warn(check, f"{says}: one is on the visitor's own machine", "Leave development out of CORS_ORIGINS.")
    if is_production and any(origin.startswith("http://") for origin in origins):
        return warn(check, f"{says}: one is not https", "List https origins alone: others can be replaced on the way.")
    return ok(check, says)


def evaluate_production(policy: HttpPolicy, host: str) -> Iterator[Finding]:
    """Say what strangers can reach, and whom they seem to be."""
    yield evaluate_proxies(policy.trusted_proxies, host)
    if not policy.allowed_hosts:
        name = urlsplit(policy.public_url).hostname
        yield note("http.hosts", "any Host header is answered", f"""Set ALLOWED_HOSTS='["{name}"]'.""")
    if policy.docs_enabled:
        yield note("http.docs", "Swagger UI and ReDoc are public", "Set DOCS_ENABLED=false if they need not be.")


def evaluate_proxies(trusted: tuple[Network, ...], host: str) -> Finding:
    """Say whose word on client addresses is believed."""
    check = "http.proxies"
    if not trusted:
        return warn(
            check,
            "no proxy is trusted: behind one, all clients share its address and its limits",
            "Set TRUSTED_PROXIES to the proxy's network, and look with: auth-api doctor --url",
        )
    wide = [str(network) for network in trusted if network.is_global]
    if wide:
        says = f"{', '.join(wide)} is not a private network: whoever is in it chooses any address"
        return warn(check, says, "List the proxies' own addresses alone in TRUSTED_PROXIES.")
    return ok(check, f"{', '.join(map(str, trusted))} may name client addresses, listening on {host}")
