"""What is known about the providers that have a name of their own here."""

from typing import Final

import msgspec

GOOGLE: Final = "google"
MICROSOFT: Final = "microsoft"
GITHUB: Final = "github"
DEV: Final = "dev"

PRIVATE_ACCOUNTS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""Microsoft's tenant of all private accounts."""

_OPENID: Final = "openid email profile"
_ROLES: Final = frozenset({"role_claim", "role_map", "role_map_administrative"})


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider's settings are by default.

    Attributes:
        name: what people call the provider; empty if its id is its name.
        issuer: what identifies the provider in proofs of identity; empty if the operator must set it.
        scopes: which data the provider is asked for.
        unused: the fields of `ProviderSettings` that have no effect.
    """

    name: str = ""
    issuer: str = ""
    scopes: str = _OPENID
    unused: frozenset[str]


GENERIC: Final = Preset(unused=frozenset({"tenants"}))
"""Any provider of OpenID Connect."""

PRESETS: Final = {
    GOOGLE: Preset(
        name="Google",
        issuer="https://accounts.google.com",
        unused=frozenset({"issuer", "trust_email", "tenants"}),
    ),
    MICROSOFT: Preset(name="Microsoft", unused=frozenset({"issuer", "trust_email"})),
    GITHUB: Preset(
        name="GitHub",
        issuer="https://github.com/login/oauth",
        scopes="read:user user:email",
        unused=frozenset({"issuer", "trust_email", "tenants"}) | _ROLES,
    ),
    DEV: Preset(
        name="Made-up people",
        unused=frozenset({"client_id", "client_secret", "issuer", "scopes", "trust_email", "tenants"}),
    ),
}
"""By the id of the provider."""
