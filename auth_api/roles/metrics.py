"""Metrics of roles that providers grant."""

from typing import Final

from auth_api.kit.prometheus import counter

ROLE_MAPPINGS: Final = counter(
    "role_mappings",
    "Roles by what happened to them when users with identities of a provider logged in or were cleaned up. unknown: no "
    "such role. administrative: not permitted by PROVIDER_<ID>_ROLE_MAP_ADMINISTRATIVE. limit: the user has too many.",
    ["provider", "outcome"],
)
OUTCOMES: Final = ("granted", "revoked", "unknown", "administrative", "limit")
