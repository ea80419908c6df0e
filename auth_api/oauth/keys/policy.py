"""Settings of the OAuth provider."""

from datetime import timedelta
from typing import Annotated

import msgspec

from auth_api.kit.setting import Setting
from auth_api.oauth.keys.oauth_keys import OAuthKeys


class OAuthPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Whether users sign in to other applications with this server, and for how long.

    Attributes:
        signing_keys: the keys in the form of the settings; empty once they are parsed.
        keys: the parsed keys.
    """

    keys: OAuthKeys = OAuthKeys("", ())
    enabled: Annotated[
        bool,
        Setting(
            "OAUTH_ENABLED",
            "Whether users sign in to [other applications](oauth-provider.md) with this server (OAuth, OpenID).",
            default_text="`true` in development, if this server has pages and `JWT_ISSUER` is `PUBLIC_URL`; otherwise "
            "`false`",
        ),
    ] = False
    signing_keys: Annotated[
        tuple[str, ...],
        Setting(
            "OAUTH_SIGNING_KEYS",
            "Keys that sign tokens for other applications; `auth-api keys generate --oauth` prints new ones. Of each "
            "algorithm, the first signs, and all are accepted.",
            accepts="private RSA and P-256 keys in PEM form, as a list or one after another",
            default_text="created at the first start in development and kept in a file; otherwise none",
            is_secret=True,
        ),
    ] = ()
    access_token_ttl: Annotated[
        timedelta,
        Setting(
            "OAUTH_ACCESS_TOKEN_MINUTES",
            "Lifetime of access tokens for other applications.",
            minimum=1,
            maximum=60,
            unit="minutes",
        ),
    ] = timedelta(minutes=10)
    refresh_idle_ttl: Annotated[
        timedelta,
        Setting(
            "OAUTH_REFRESH_IDLE_DAYS",
            "Time without a refresh after which an application loses its offline access.",
            minimum=1,
            maximum=365,
            unit="days",
        ),
    ] = timedelta(days=30)
    grant_ttl: Annotated[
        timedelta,
        Setting(
            "OAUTH_GRANT_DAYS",
            "Time after which offline access needs a new authorization by the user.",
            minimum=1,
            maximum=3650,
            unit="days",
        ),
    ] = timedelta(days=180)

    def __repr__(self) -> str:
        """Omit the keys."""
        return f"OAuthPolicy(enabled={self.enabled!r})"
