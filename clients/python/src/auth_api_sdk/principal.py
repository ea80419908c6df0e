"""Who sends a request to your service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PrincipalKind = Literal["session", "oauth", "key"]


@dataclass(frozen=True, slots=True)
class Principal:
    """The user or program that a verified token belongs to.

    Attributes:
        subject: the claim `sub` of a token, as text; for an API key the id of its user or service account.
        kind: `session` for access tokens of sessions, `oauth` for those of applications, `key` for API keys.
        session_id: the claim `sid`; None unless `kind` is `session`.
        client_id: the application that the token was issued to; None unless `kind` is `oauth`.
        roles: names of the user's roles at the time of the token.
        scopes: scopes of the token.
        amr: how the user logged in (RFC 8176), in the order of the last proofs.
        acr: how surely: `aal1`, `aal2` or `phr`; None if the token does not say.
        auth_time: when the user last proved the identity, in seconds since 1970; None if the token does not say.
        expires_at: when the token expires, in seconds since 1970; None for API keys without an end.
        claims: all claims of the token.
        is_stale: whether the revocation feed has not been read for a minute, so that the session may have ended.
    """

    subject: str
    kind: PrincipalKind
    session_id: str | None = None
    client_id: str | None = None
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    amr: tuple[str, ...] = ()
    acr: str | None = None
    auth_time: int | None = None
    expires_at: int | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    is_stale: bool = False
