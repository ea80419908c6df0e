"""The values of `grant_type` at the token endpoint."""

from collections.abc import Mapping
from typing import Final

from auth_api.oauth.clients.client import GrantType

GRANT_TYPES: Final[Mapping[str, GrantType]] = {
    "authorization_code": GrantType.AUTHORIZATION_CODE,
    "refresh_token": GrantType.REFRESH_TOKEN,
    "client_credentials": GrantType.CLIENT_CREDENTIALS,
    "urn:ietf:params:oauth:grant-type:device_code": GrantType.DEVICE_CODE,
}
