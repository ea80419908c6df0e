"""Check the keys of the OAuth provider, and whether clients find its metadata at its address."""

import http.client
from collections.abc import Iterator
from typing import Final

from auth_api.doctor.findings import Finding, fail, ok, warn
from auth_api.doctor.proxy import RefusedError, fetch_document, reason_of_failure
from auth_api.oauth.keys.oauth_keys import OAUTH_ALGORITHMS
from auth_api.oauth.keys.policy import OAuthPolicy

DISCOVERY: Final = "/.well-known/openid-configuration"

METADATA_CHECK: Final = "oauth.metadata"


def check_oauth_keys(policy: OAuthPolicy) -> Iterator[Finding]:
    """Report the keys that sign, and rotations that are not complete; nothing if the provider is off."""
    if not policy.enabled:
        return
    rings = [policy.keys.of_algorithm(algorithm) for algorithm in OAUTH_ALGORITHMS]
    names = " and ".join(f"{key.kid} ({key.algorithm}, {key.bits} bits)" for key, *_ in rings)
    yield ok("oauth.keys", f"Users sign in to other applications. Keys: {names}.")
    for key, *others in rings:
        if others:
            fix = f"Take its next step: auth-api keys rotate --oauth --algorithm {key.algorithm}"
            yield warn("oauth.rotation", f"A rotation of the {key.algorithm} key is not complete.", fix)


def check_oauth_metadata(issuer: str) -> Finding:
    """Read the metadata as clients do, which refuse those of another issuer (RFC 8414 §3.3).

    Args:
        issuer: the issuer, which is also the public URL of this server.
    """
    url, fix = f"{issuer}{DISCOVERY}", "Check PUBLIC_URL, and let the proxy forward this path to a running server."
    try:
        found = fetch_document(url, {})["issuer"]
    except RefusedError as error:
        return fail(METADATA_CHECK, f"{url} returns {error.status}.", fix)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        return fail(METADATA_CHECK, f"Clients cannot read {url}: {reason_of_failure(error)}.", fix)
    if found != issuer:
        return fail(METADATA_CHECK, f"The metadata at {url} belong to another issuer.", fix)
    return ok(METADATA_CHECK, f"Clients find the metadata at {url}.")
