"""Find the roles of a person in the claims of a provider."""

from collections.abc import Mapping
from typing import Any, Final

from loguru import logger

from auth_api.credentials.providers.policy import ProviderSettings

MAX_VALUES: Final = 200
MAX_VALUE_CHARACTERS: Final = 255


def has_role_claim(settings: ProviderSettings, claims: Mapping[str, Any]) -> bool:
    """Return whether the claims decide about roles, so that no further document is needed."""
    return not settings.role_claim or _found(claims, settings.role_claim) is not None


def mapped_roles(settings: ProviderSettings, claims: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the roles that the map has for the values of the claim; None without a map.

    A claim that is absent or malformed gives no roles, and is logged. Entra leaves it out if a person has more than 200
    groups, and names it in `_claim_names` then (OpenID Connect Core 1.0 §5.6.2).
    """
    if not settings.role_claim:
        return None
    values = _values(_found(claims, settings.role_claim))
    if values is None:
        logger.bind(event="provider:roles_missing", provider=settings.id).warning(
            "the role claim is absent or malformed, and gives no roles"
        )
        return ()
    return tuple(dict.fromkeys(role for value in values for role in settings.role_map.get(value, ())))


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """Return the claim with this name, or at this path; None if there is none."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _values(value: Any) -> list[str] | None:
    """Return the texts of a claim, or None if one of them is malformed."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or len(values) > MAX_VALUES:
        return None
    is_right = all(isinstance(each, str) and len(each) <= MAX_VALUE_CHARACTERS for each in values)
    return values if is_right else None
