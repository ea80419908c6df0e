"""What services return about a session for which a token is issued after the commit."""

from datetime import timedelta

import msgspec

from auth_api.kit.crypto.tokens import OpaqueToken
from auth_api.sessions.claims import Claims


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that was just opened.

    Attributes:
        claims: what its access tokens contain.
        secret: the first refresh token, or the value of the browser's cookie. It is returned only here.
        expires_in: time until the session ends unless it is used: refreshed, or requested by the browser.
        absolute_expires_in: time until the session ends, however often it is used.
        is_first: whether the user has no other session, in any state.
        is_known_network: whether another session was opened from the same network in the last 30 days.
    """

    claims: Claims
    secret: OpaqueToken
    expires_in: timedelta
    absolute_expires_in: timedelta
    is_first: bool
    is_known_network: bool


class ProvedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session whose user has just proved their identity again.

    Attributes:
        claims: what its access tokens contain.
        expires_in: time until the session ends unless it is used.
    """

    claims: Claims
    expires_in: timedelta
