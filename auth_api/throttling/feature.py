"""Manifest of the limits."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.throttling.retention import RETENTION_RULES
from auth_api.throttling.tables import ThrottleCounterRow

MANIFEST: Final = Manifest(
    tables=(ThrottleCounterRow,),
    errors=(TooManyAttemptsException,),
    retention=lambda _: RETENTION_RULES,
)
