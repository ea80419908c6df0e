"""Settings of the OAuth provider."""

from datetime import timedelta
from typing import Annotated

import msgspec

from auth_api.kit.setting import Setting


class OAuthPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Whether users sign in to other applications with this server, and for how long."""

    enabled: Annotated[
        bool, Setting("OAUTH_ENABLED", "Whether users sign in to other applications with this server (OAuth, OpenID).")
    ] = False
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
            "Time without a refresh after which an application loses its access.",
            minimum=1,
            maximum=365,
            unit="days",
        ),
    ] = timedelta(days=30)
    grant_ttl: Annotated[
        timedelta,
        Setting(
            "OAUTH_GRANT_DAYS",
            "Time after which an application needs a new authorization by the user.",
            minimum=1,
            maximum=3650,
            unit="days",
        ),
    ] = timedelta(days=180)
