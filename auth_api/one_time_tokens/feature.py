"""Manifest of mailed tokens."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.retention import RETENTION_RULES
from auth_api.one_time_tokens.tables import OneTimeTokenRow

MANIFEST: Final = Manifest(
    tables=(OneTimeTokenRow,),
    errors=(OneTimeTokenInvalidException,),
    retention=lambda _: RETENTION_RULES,
)
