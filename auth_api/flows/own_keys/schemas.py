"""Request bodies of the user's own API keys."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.credentials.api_keys.new_key_fields import DaysField, KeyNameField, ScopesField

EXAMPLE_NEW_KEY: Final[dict[str, Any]] = {"name": "Backup script", "scopes": ["profile:read"], "expires_in_days": 90}


class NewOwnKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Create an API key."""

    name: KeyNameField
    scopes: ScopesField
    expires_in_days: Annotated[
        DaysField | None,
        msgspec.Meta(description="Lifetime, up to `API_KEY_MAX_DAYS`. Without it 90 days, or that maximum if shorter."),
    ] = None
