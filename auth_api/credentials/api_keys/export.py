"""What the export of a user's data contains about API keys."""

from typing import Any, Final

import msgspec

from auth_api.credentials.api_keys.api_key import KeyOwner
from auth_api.credentials.api_keys.schemas import EXAMPLE_KEY, ApiKeyResponse, key_view
from auth_api.credentials.api_keys.service import ApiKeys
from auth_api.kit.pagination import PageRequest
from auth_api.sessions.principal import Principal

EXAMPLE_EXPORT: Final[dict[str, Any]] = {"api_keys": [EXAMPLE_KEY]}


class ApiKeysExport(msgspec.Struct, frozen=True, kw_only=True):
    """The API keys of the user, in any state, without secrets."""

    api_keys: list[ApiKeyResponse]


async def export_api_keys(api_keys: ApiKeys, principal: Principal, limit: int) -> ApiKeysExport:
    """Return the newest keys of the user; one that ended more than 30 days ago is gone."""
    keys, _ = await api_keys.page(KeyOwner(user_id=principal.id), PageRequest(limit))
    return ApiKeysExport(api_keys=[key_view(key) for key in keys])
