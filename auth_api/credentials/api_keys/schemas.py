"""API keys in responses."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.credentials.api_keys.api_key import ApiKey, CreatedKey
from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.users.schemas import Timestamp

EXAMPLE_SECRET: Final = "auth_pat_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2yj1dY"  # noqa: S105 - of known bytes

EXAMPLE_KEY: Final[dict[str, Any]] = {
    "id": 12,
    "name": "Backup script",
    "hint": "003a",
    "scopes": ["profile:read"],
    "status": "active",
    "created_by": "user:7",
    "created_at": "2026-02-19T10:30:45.123Z",
    "expires_at": "2026-05-20T10:30:45.123Z",
    "last_used_at": "2026-02-20T08:15:00.000Z",
    "last_used_ip_address": "203.0.113.7",
}

EXAMPLE_CREATED_KEY: Final[dict[str, Any]] = {
    **EXAMPLE_KEY,
    "last_used_at": None,
    "last_used_ip_address": None,
    "secret": EXAMPLE_SECRET,
}


class ApiKeyResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An API key without its secret."""

    id: int
    name: str
    hint: Annotated[str, msgspec.Meta(description="The first four characters after the prefix of the secret.")]
    scopes: Annotated[list[str], msgspec.Meta(description="The permissions of the key, sorted.")]
    status: Annotated[str, msgspec.Meta(extra_json_schema={"extra": {"enum": ["active", "expired", "revoked"]}})]
    created_by: Annotated[str, msgspec.Meta(description="Such as `user:7`; `cli` for the command line.")]
    created_at: Timestamp
    expires_at: Annotated[Timestamp | None, msgspec.Meta(description="Null if the key never expires.")]
    last_used_at: Annotated[Timestamp | None, msgspec.Meta(description="To the minute; written once per minute.")]
    last_used_ip_address: str | None


class CreatedKeyResponse(ApiKeyResponse, frozen=True, kw_only=True):
    """A new API key. No other response contains its secret."""

    secret: str


class ApiKeyList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of API keys, newest first."""

    items: list[ApiKeyResponse]
    next_cursor: str | None


def key_view(key: ApiKey) -> ApiKeyResponse:
    """Return the response struct of a key."""
    return ApiKeyResponse(**key_fields(key))


def created_key_view(created: CreatedKey) -> CreatedKeyResponse:
    """Return the response struct of a new key."""
    return CreatedKeyResponse(**key_fields(created.key), secret=created.raw)


def key_fields(key: ApiKey) -> dict[str, Any]:
    """Return the fields of a key in responses, exports and on the command line."""
    last_used_at = key.last_used_at.replace(second=0, microsecond=0) if key.last_used_at is not None else None
    return {
        **msgspec.structs.asdict(key),
        "scopes": key.scopes.split(),
        "status": key.status.value,
        "created_at": rfc3339(key.created_at),
        "expires_at": optional_rfc3339(key.expires_at),
        "last_used_at": optional_rfc3339(last_used_at),
    }
