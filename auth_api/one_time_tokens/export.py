"""What the export of a user's data contains about mailed tokens."""

from typing import Any, Final

import msgspec

from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.users.schemas import Timestamp

EXAMPLE_EXPORT: Final[dict[str, Any]] = {
    "one_time_tokens": [
        {
            "purpose": "email_verification",
            "created_at": "2026-02-19T10:30:46.000Z",
            "expires_at": "2026-02-20T10:30:46.000Z",
            "used_at": None,
        }
    ],
}


class ExportedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A mailed token, without its value."""

    purpose: str
    created_at: Timestamp
    expires_at: Timestamp
    used_at: Timestamp | None


class TokensExport(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens that were mailed to the user."""

    one_time_tokens: list[ExportedToken]


async def export_tokens(tokens: OneTimeTokens, user_id: int, limit: int) -> TokensExport:
    """Return the tokens, without their values."""
    return TokensExport(
        one_time_tokens=[
            ExportedToken(
                purpose=token.purpose,
                created_at=rfc3339(token.created_at),
                expires_at=rfc3339(token.expires_at),
                used_at=optional_rfc3339(token.used_at),
            )
            for token in await tokens.list_records(user_id, limit=limit)
        ]
    )
