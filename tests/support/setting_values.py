"""All values of the settings, to be compared: their `repr` omits secrets."""

from typing import Any

import msgspec

from auth_api.kit.crypto.signing import KeyRing
from auth_api.oauth.keys.oauth_keys import OAuthKeys
from auth_api.settings import Settings


def setting_values(settings: Settings) -> dict[str, Any]:
    """Return the values of all policies as dictionaries; a key ring as the ids of its keys."""
    values: dict[str, Any] = msgspec.to_builtins(settings, enc_hook=_value_of)
    return values


def _value_of(value: Any) -> Any:
    if isinstance(value, KeyRing):
        return [key.kid for key in (value.current, *value.others)]
    if isinstance(value, OAuthKeys):
        return [key.kid for key in value.keys]
    return str(value)
