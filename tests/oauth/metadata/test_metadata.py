"""The metadata of the provider, at both addresses (RFC 8414, OpenID Connect Discovery)."""

import httpx

from tests.conftest import OtherAppFactory

ADDRESSES = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")

ISSUER = "http://testserver"

METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/oauth2/authorize",
    "token_endpoint": f"{ISSUER}/oauth2/token",
    "userinfo_endpoint": f"{ISSUER}/oauth2/userinfo",
    "jwks_uri": f"{ISSUER}/.well-known/jwks.json",
    "introspection_endpoint": f"{ISSUER}/oauth2/introspect",
    "revocation_endpoint": f"{ISSUER}/oauth2/revoke",
    "device_authorization_endpoint": f"{ISSUER}/oauth2/device_authorization",
    "end_session_endpoint": f"{ISSUER}/oauth2/logout",
    "scopes_supported": ["openid", "profile", "email", "roles", "offline_access"],
    "response_types_supported": ["code"],
    "response_modes_supported": ["query"],
    "grant_types_supported": [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    "code_challenge_methods_supported": ["S256"],
    "authorization_response_iss_parameter_supported": True,
    "prompt_values_supported": ["none", "login", "consent", "select_account"],
    "acr_values_supported": ["aal1", "aal2", "phr"],
    "claims_supported": [
        *("iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "acr", "amr", "at_hash"),
        *("name", "preferred_username", "locale", "updated_at", "email", "email_verified", "roles"),
    ],
    "claims_parameter_supported": False,
    "request_parameter_supported": False,
    "request_uri_parameter_supported": False,
    "ui_locales_supported": ["en", "de"],
}


async def test_both_addresses_have_the_same_metadata(client: httpx.AsyncClient) -> None:
    forged = {"Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com", "X-Forwarded-Proto": "https"}
    for address in ADDRESSES:
        response = await client.get(address, headers=forged)
        assert response.json() == METADATA
        assert response.headers["cache-control"] == "public, max-age=300"
        assert response.headers["content-type"] == "application/json"


async def test_server_without_provider_has_no_metadata(app_with: OtherAppFactory) -> None:
    async with app_with(OAUTH_ENABLED="false") as other:
        for address in ADDRESSES:
            response = await other.client.get(address)
            assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")
