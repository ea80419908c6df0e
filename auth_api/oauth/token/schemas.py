"""The response of the token endpoint."""

import msgspec
from msgspec import UNSET, UnsetType


class TokenResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens for an application (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).

    Attributes:
        expires_in: the lifetime of the access token in seconds.
        scope: the scopes of the access token, separated by spaces.
    """

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int
    scope: str
    refresh_token: str | UnsetType = UNSET
    id_token: str | UnsetType = UNSET

    def __repr__(self) -> str:
        """Omit the tokens."""
        return f"TokenResponse(scope={self.scope!r})"
