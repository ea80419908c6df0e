"""The metadata of the provider (RFC 8414 §2, OpenID Connect Discovery §3): what it supports, and nothing else."""

from collections.abc import Iterable
from typing import Any, Final

from auth_api.oauth.keys.oauth_keys import ID_TOKEN_ALGORITHM
from auth_api.oauth.resources.built_in_scopes import BUILT_IN_SCOPES
from auth_api.sessions.assurance import Level

DEVICE_CODE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
"""RFC 8628 §3.4."""

_ENDPOINTS: Final = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "userinfo_endpoint": "userinfo",
    "introspection_endpoint": "introspect",
    "revocation_endpoint": "revoke",
    "device_authorization_endpoint": "device_authorization",
    "end_session_endpoint": "logout",
}
_AUTHENTICATION: Final = ["client_secret_basic", "client_secret_post"]
_CLAIMS: Final = (
    *("iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "acr", "amr", "at_hash"),
    *("name", "preferred_username", "locale", "updated_at", "email", "email_verified", "roles"),
)


def metadata_of(issuer: str, languages: Iterable[str]) -> dict[str, Any]:
    """Return the metadata, which are the same at both addresses.

    Args:
        issuer: the issuer, which is also the URL of this server.
        languages: the languages of the pages.
    """
    return {
        "issuer": issuer,
        **{name: f"{issuer}/oauth2/{path}" for name, path in _ENDPOINTS.items()},
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "scopes_supported": list(BUILT_IN_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE_GRANT],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ID_TOKEN_ALGORITHM],
        "token_endpoint_auth_methods_supported": [*_AUTHENTICATION, "none"],
        "introspection_endpoint_auth_methods_supported": _AUTHENTICATION,
        "revocation_endpoint_auth_methods_supported": [*_AUTHENTICATION, "none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": [level.value for level in Level],
        "claims_supported": list(_CLAIMS),
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "ui_locales_supported": list(languages),
    }
