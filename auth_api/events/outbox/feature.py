"""Manifest of the outbox."""

from typing import Final

from auth_api.events.outbox.retention import RETENTION_RULES
from auth_api.events.outbox.tables import OutboxRow
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(tables=(OutboxRow,), retention=lambda _: RETENTION_RULES)
