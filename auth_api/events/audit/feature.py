"""Manifest of the security history."""

from typing import Final

from auth_api.events.audit.commands import audit
from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.export import EXAMPLE_EXPORT, EventsExport, export_events
from auth_api.events.audit.policy import AuditPolicy
from auth_api.events.audit.retention import retention_rules
from auth_api.events.audit.tables import AuditLogRow
from auth_api.manifest import Core, ExportPart, Feature, Manifest
from auth_api.settings import Settings


def build(core: Core, _settings: Settings) -> Feature:
    """Provide the security history to handlers."""
    return Feature(dependencies={"audit": core.audit})


MANIFEST: Final = Manifest(
    tables=(AuditLogRow,),
    events=tuple(AccountEvent),
    commands=(audit,),
    policies={"Clean-up": (AuditPolicy,)},
    retention=lambda settings: retention_rules(settings.of(AuditPolicy)),
    export=ExportPart(
        schema=EventsExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, limit: export_events(core.audit, principal.id, limit),
    ),
    build=build,
)
