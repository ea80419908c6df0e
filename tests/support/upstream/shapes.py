"""How the documents and endpoints of real providers look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

TENANT: Final = "8b8f1d2c-5f0e-4f3c-9a57-2f6f3f8f8c11"
"""A tenant of Microsoft."""


@dataclass(frozen=True)
class Shape:
    """A kind of provider.

    Attributes:
        id: its id in `PROVIDERS`.
        issuer: what its ID tokens contain.
        discovery: its discovery document; empty if it speaks only OAuth.
        endpoints: the names of its endpoints, by URL.
        claims: what its ID tokens contain besides the usual claims.
        variables: further settings that it needs.
        algorithm: what it signs ID tokens with.
    """

    id: str
    issuer: str
    discovery: Mapping[str, Any]
    endpoints: Mapping[str, str]
    claims: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    algorithm: str = "RS256"

    @property
    def hosts(self) -> list[str]:
        """The names of all its hosts."""
        return sorted({url.split("/")[2] for url in self.endpoints})

    @property
    def authorization_endpoint(self) -> str:
        """Where the person logs in."""
        return next(url for url, name in self.endpoints.items() if name == "authorization")


_STAFF: Final = "https://login.example.com/realms/staff"

GENERIC: Final = Shape(
    id="staff",
    issuer=_STAFF,
    discovery={
        "issuer": _STAFF,
        "authorization_endpoint": f"{_STAFF}/auth",
        "token_endpoint": f"{_STAFF}/token",
        "userinfo_endpoint": f"{_STAFF}/userinfo",
        "jwks_uri": f"{_STAFF}/certs",
        "response_types_supported": ["code", "none", "id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["PS384", "ES256", "HS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": True,
    },
    endpoints={
        f"{_STAFF}/.well-known/openid-configuration": "discovery",
        f"{_STAFF}/auth": "authorization",
        f"{_STAFF}/token": "token",
        f"{_STAFF}/userinfo": "userinfo",
        f"{_STAFF}/certs": "keys",
    },
    claims={"typ": "ID", "azp": "auth-api", "acr": "1", "realm_access": {"roles": ["offline_access"]}},
    variables={"PROVIDER_STAFF_ISSUER": _STAFF, "PROVIDER_STAFF_TRUST_EMAIL": "true"},
    algorithm="ES256",
)
"""As Keycloak."""

_GOOGLE: Final = "https://accounts.google.com"

GOOGLE: Final = Shape(
    id="google",
    issuer=_GOOGLE,
    discovery={
        "issuer": _GOOGLE,
        "authorization_endpoint": f"{_GOOGLE}/o/oauth2/v2/auth",
        "token_endpoint": "https://oauth2.googleapis.com/token",
        "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
        "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["plain", "S256"],
    },
    endpoints={
        f"{_GOOGLE}/.well-known/openid-configuration": "discovery",
        f"{_GOOGLE}/o/oauth2/v2/auth": "authorization",
        "https://oauth2.googleapis.com/token": "token",
        "https://openidconnect.googleapis.com/v1/userinfo": "userinfo",
        "https://www.googleapis.com/oauth2/v3/certs": "keys",
    },
    claims={"azp": "auth-api", "hd": "example.com", "picture": "https://lh3.googleusercontent.com/a/x=s96-c"},
)

_MICROSOFT: Final = f"https://login.microsoftonline.com/{TENANT}"

MICROSOFT: Final = Shape(
    id="microsoft",
    issuer=f"{_MICROSOFT}/v2.0",
    discovery={
        "issuer": f"{_MICROSOFT}/v2.0",
        "authorization_endpoint": f"{_MICROSOFT}/oauth2/v2.0/authorize",
        "token_endpoint": f"{_MICROSOFT}/oauth2/v2.0/token",
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "jwks_uri": f"{_MICROSOFT}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "id_token_signing_alg_values_supported": ["RS256"],
    },
    endpoints={
        **{
            f"https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration": "discovery"
            for tenant in (TENANT, "common", "organizations", "consumers")
        },
        f"{_MICROSOFT}/oauth2/v2.0/authorize": "authorization",
        f"{_MICROSOFT}/oauth2/v2.0/token": "token",
        "https://graph.microsoft.com/oidc/userinfo": "userinfo",
        f"{_MICROSOFT}/discovery/v2.0/keys": "keys",
    },
    claims={"tid": TENANT, "oid": "00000000-0000-0000-66f3-3332eca7ea81", "ver": "2.0"},
    variables={"PROVIDER_MICROSOFT_TENANTS": f'["{TENANT}"]'},
)

GITHUB: Final = Shape(
    id="github",
    issuer="https://github.com/login/oauth",
    discovery={},
    endpoints={
        "https://github.com/login/oauth/authorize": "authorization",
        "https://github.com/login/oauth/access_token": "token",
        "https://api.github.com/user": "user",
        "https://api.github.com/user/emails": "emails",
    },
)
