"""Settings of sessions, tokens and the keys that sign them."""

from datetime import timedelta
from typing import Annotated, Final

import msgspec

from auth_api.kit.crypto.generation import ALGORITHMS
from auth_api.kit.crypto.signing import MIN_SECRET_BYTES, KeyRing
from auth_api.kit.setting import Setting
from auth_api.users.metadata import parse_metadata_key

JWKS_MAX_AGE: Final = 300
"""Seconds for which a verifier may cache the key set; a new key is published at least as long before it signs."""


class KeyVariables(msgspec.Struct, frozen=True, kw_only=True):
    """Keys in the form of the settings; `SessionPolicy` has the ring of parsed keys."""

    secret: Annotated[
        str,
        Setting(
            "JWT_SECRET_KEY",
            "Secret that signs access tokens with HS256; `auth-api secrets generate` prints a new one.",
            accepts=f"at least {MIN_SECRET_BYTES} bytes",
            default_text="created at the first start and kept in a file; in production none",
            is_secret=True,
        ),
    ] = ""
    algorithm: Annotated[
        str,
        Setting(
            "JWT_ALGORITHM",
            "Algorithm of access tokens; all except `HS256` need `JWT_PRIVATE_KEY` and `TOKEN_DERIVATION_KEY`.",
            choices=ALGORITHMS,
        ),
    ] = "HS256"
    private_key: Annotated[
        str,
        Setting(
            "JWT_PRIVATE_KEY",
            "Key that signs access tokens instead of `JWT_SECRET_KEY`; `auth-api keys generate` prints a new one.",
            accepts="an Ed25519, P-256 or RSA key in PEM form; line breaks may be written as `\\n`",
            is_secret=True,
        ),
    ] = ""
    next_key: Annotated[
        str,
        Setting(
            "JWT_NEXT_KEY",
            "Key that will sign next: already accepted and published. `auth-api keys rotate` sets it.",
            accepts="a secret or a private key in PEM form",
            is_secret=True,
        ),
    ] = ""
    previous_keys: Annotated[
        tuple[str, ...],
        Setting(
            "JWT_PREVIOUS_KEYS",
            "Keys whose access tokens are still accepted. `auth-api keys rotate` sets it.",
            accepts="list of secrets and keys in PEM form",
            is_secret=True,
        ),
    ] = ()
    derivation_secret: Annotated[
        str,
        Setting(
            "TOKEN_DERIVATION_KEY",
            "Secret that the successors of refresh tokens are derived from; set it if other services know "
            "`JWT_SECRET_KEY`.",
            accepts=f"at least {MIN_SECRET_BYTES} bytes",
            default_text="`JWT_SECRET_KEY`; without it, required with `EdDSA`, `ES256` and `RS256`",
            is_secret=True,
        ),
    ] = ""

    def __repr__(self) -> str:
        """Omit the keys."""
        return f"KeyVariables(algorithm={self.algorithm!r})"


MAX_METADATA_CLAIMS: Final = 20

KNOWN_NETWORK_PERIOD: Final = timedelta(days=30)
"""Time for which the network of a new session counts as known to its user."""


class SessionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Lifetimes, the contents of access tokens, and the keys that sign them. `idle_ttl` is at most `absolute_ttl`.

    Attributes:
        keys: keys that sign and verify access tokens.
        derivation_secrets: secrets that the successors of refresh tokens are derived from, newest first.
    """

    keys: KeyRing
    derivation_secrets: tuple[bytes, ...]
    issuer: Annotated[str, Setting("JWT_ISSUER", "Issuer of access tokens (`iss`).", default_text="`PUBLIC_URL`")]
    audience: Annotated[str, Setting("JWT_AUDIENCE", "Audience of access tokens (`aud`).")] = "auth_api"
    metadata_claims: Annotated[
        tuple[str, ...],
        Setting(
            "TOKEN_METADATA_CLAIMS",
            f"Keys of users' metadata that access tokens contain, at most {MAX_METADATA_CLAIMS}.",
            parse=parse_metadata_key,
            accepts="list of keys",
            example='["plan"]',
        ),
    ] = ()
    access_ttl: Annotated[
        timedelta,
        Setting("ACCESS_TOKEN_EXPIRE_MINUTES", "Lifetime of an access token.", minimum=1, maximum=1440, unit="minutes"),
    ] = timedelta(minutes=30)
    idle_ttl: Annotated[
        timedelta,
        Setting(
            "REFRESH_TOKEN_EXPIRE_DAYS",
            "Time after its last refresh at which a session ends; at most `SESSION_ABSOLUTE_DAYS`.",
            minimum=1,
            maximum=3650,
            unit="days",
        ),
    ] = timedelta(days=7)
    absolute_ttl: Annotated[
        timedelta,
        Setting(
            "SESSION_ABSOLUTE_DAYS",
            "Time after its start at which a session ends, however often it is refreshed.",
            minimum=1,
            maximum=3650,
            unit="days",
            default_text="`30`, or `REFRESH_TOKEN_EXPIRE_DAYS` if that is more",
        ),
    ] = timedelta(days=30)
    refresh_grace: Annotated[
        timedelta,
        Setting(
            "REFRESH_GRACE_SECONDS",
            "Time in which a used refresh token still returns its successor, in case the response was lost; it ends "
            "early when the successor is used.",
            minimum=0,
            maximum=300,
            unit="seconds",
        ),
    ] = timedelta(seconds=120)
    mfa_hours: Annotated[
        int,
        Setting(
            "AAL2_MAX_HOURS",
            "Time for which a second factor raises the level of its session (`acr`); `0` is without limit.",
            minimum=0,
            maximum=720,
            unit="hours",
        ),
    ] = 24
    per_account: Annotated[
        int,
        Setting(
            "SESSIONS_PER_ACCOUNT",
            "Sessions that a user may have at once; one more ends the oldest.",
            minimum=1,
            maximum=200,
        ),
    ] = 50
    verified_cache_size: Annotated[
        int,
        Setting(
            "VERIFIED_TOKEN_CACHE_SIZE",
            "Access tokens per worker process whose verified signature is cached.",
            minimum=0,
        ),
    ] = 4096

    @property
    def mfa_max_age(self) -> timedelta | None:
        """The time for which a proof by a second factor counts (NIST SP 800-63B-4 §2.2.3); None if without limit."""
        return timedelta(hours=self.mfa_hours) or None

    def __repr__(self) -> str:
        """Omit the keys."""
        return f"SessionPolicy(issuer={self.issuer!r}, audience={self.audience!r})"
