"""The paths of the OAuth provider, whose errors and CORS headers are those of OAuth."""

from typing import Final

OAUTH_PREFIX: Final = "/oauth2/"

OAUTH_PAGES: Final = frozenset({"/oauth2/authorize", "/oauth2/authorize/response", "/oauth2/logout"})
"""Paths that browsers visit, whose errors are pages."""

CORS_PATHS: Final = frozenset(
    {
        "/oauth2/token",
        "/oauth2/userinfo",
        "/oauth2/revoke",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/.well-known/jwks.json",
    }
)
"""Paths that web pages of every origin may call: they accept no cookies, only tokens and codes."""


def is_oauth_endpoint(route_path: str) -> bool:
    """Return whether programs call this path, and get the errors of RFC 6749 §5.2."""
    return route_path.startswith(OAUTH_PREFIX) and route_path not in OAUTH_PAGES
