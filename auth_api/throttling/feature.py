"""Manifest of the limits."""

from typing import Final

from auth_api.manifest import ExportPart, Manifest
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.throttling.export import EXAMPLE_EXPORT, WrongPasswordsExport, export_wrong_passwords
from auth_api.throttling.retention import RETENTION_RULES
from auth_api.throttling.tables import ThrottleCounterRow

MANIFEST: Final = Manifest(
    tables=(ThrottleCounterRow,),
    errors=(TooManyAttemptsException,),
    retention=lambda _: RETENTION_RULES,
    export=ExportPart(
        schema=WrongPasswordsExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, _: export_wrong_passwords(core.throttle, principal.id),
    ),
)
