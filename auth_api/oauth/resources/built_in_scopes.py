"""The scopes that belong to no resource: what applications may learn about a user."""

from collections.abc import Mapping
from typing import Final

ROLES: Final = "roles"
OFFLINE_ACCESS: Final = "offline_access"

BUILT_IN_SCOPES: Final[Mapping[str, str]] = {
    "openid": "Who the user is: a fixed identifier (OpenID Connect Core §3.1.2.1).",
    "profile": "Username, display name and language.",
    "email": "The e-mail address, if it is verified.",
    ROLES: "The names of the user's roles.",
    OFFLINE_ACCESS: "Access while the user is not signed in (OpenID Connect Core §11).",
}
"""By name, with descriptions for operators."""
