"""Manifest of the used values."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.used_values.retention import RETENTION_RULES
from auth_api.used_values.tables import UsedValueRow

MANIFEST: Final = Manifest(tables=(UsedValueRow,), retention=lambda _: RETENTION_RULES)
