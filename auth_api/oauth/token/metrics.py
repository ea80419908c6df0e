"""Metrics of the token endpoint."""

from typing import Final

from auth_api.kit.prometheus import counters
from auth_api.oauth.clients.client import GrantType

TOKENS: Final = counters("oauth_tokens", "Access tokens for other applications.", "grant_type", tuple(GrantType))
"""Counters by grant type."""
