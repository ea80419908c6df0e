"""The permissions that this server checks, and the form of those that a team declares for its own APIs."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

EVERYTHING: Final = "*"
"""Stands for every permission, also those that are declared later. Only the role `administrator` contains it."""

USER_CREDENTIALS: Final = "users:credentials"
"""With it an account can be taken over."""

MAX_NAME_CHARACTERS: Final = 64

PATTERN: Final = r"^[a-z][a-z0-9-]{0,30}(:[a-z][a-z0-9-]{0,30}){1,2}\Z"
"""Of the name of a permission: `area:action`, or `area:part:action`."""

RESERVED_AREAS: Final = frozenset(
    {
        "access",
        "api-keys",
        "audit",
        "auth",
        "clients",
        "invitations",
        "keys",
        "oauth",
        "operations",
        "organizations",
        "permissions",
        "profile",
        "providers",
        "revocations",
        "roles",
        "service-accounts",
        "sessions",
        "users",
        "webhooks",
    }
)
"""Areas in which only this server has permissions, so that later versions can add some."""

BUILT_IN: Final[Mapping[str, str]] = {
    "access:check": "Ask which permissions the holder of a token or an API key has.",
    "audit:read": "Read the security history of all users.",
    "clients:read": "List the applications and resources of the OAuth provider.",
    "clients:write": "Create, change and delete applications and resources, and their secrets.",
    "invitations:read": "List invitations.",
    "invitations:write": "Invite people, send an invitation again, and revoke it.",
    "keys:read": "List the API keys of users.",
    "keys:revoke": "Revoke API keys of users.",
    "profile:read": "Read the profile of the API key's own user.",
    "revocations:read": "Read which sessions and users have lost their access.",
    "roles:assign": "Grant and revoke roles of users.",
    "roles:read": "List roles and permissions.",
    "roles:write": "Create, change and delete roles and permissions.",
    "service-accounts:read": "List service accounts and their API keys.",
    "service-accounts:write": "Create, change and delete service accounts and their API keys.",
    "sessions:end": "End sessions of users.",
    "sessions:read": "List the sessions of users.",
    "users:credentials": "Change e-mail addresses and remove second factors, with which an account can be taken over.",
    "users:delete": "Delete users.",
    "users:read": "Find and read users.",
    "users:reset": "Send mails to users by which they set a new password or verify their e-mail address.",
    "users:write": "Create, change, disable and enable users.",
}
"""The permissions of this server with their descriptions."""

_NOT_ADMINISTRATIVE: Final = frozenset({"access:check", "profile:read", "revocations:read"})


def is_well_formed(name: str) -> bool:
    """Return whether a text has the form of a permission's name."""
    return len(name) <= MAX_NAME_CHARACTERS and re.match(PATTERN, name) is not None


def is_administrative(permissions: Iterable[str]) -> bool:
    """Return whether some of the permissions have power over accounts of others, or show their data."""
    return any(each == EVERYTHING or (each in BUILT_IN and each not in _NOT_ADMINISTRATIVE) for each in permissions)
