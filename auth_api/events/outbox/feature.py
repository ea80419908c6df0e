"""Manifest of the outbox."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.events.outbox.delivery import Delivery
from auth_api.events.outbox.export import EXAMPLE_EXPORT, MailsExport, export_mails
from auth_api.events.outbox.kinds import DraftServices
from auth_api.events.outbox.rendering import Renderer
from auth_api.events.outbox.retention import RETENTION_RULES
from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.background import BackgroundJob
from auth_api.kit.crypto.tokens import MailTokenDerivation
from auth_api.manifest import Core, ExportPart, Feature, Manifest
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Connect the delivery of mails to the core, and let each stored mail wake it."""
    delivery = Delivery(
        database=core.database,
        kinds={kind.name: kind for kind in core.outbox.kinds},
        draft_services=DraftServices(
            email_ownership=core.email_ownership,
            tokens=core.tokens,
            token_derivation=MailTokenDerivation(settings.sessions.derivation_secrets),
            audit=core.audit,
        ),
        renderer=Renderer(settings.mail, core.outbox.kinds, default_language=settings.pages.default_language),
        mailer=core.mailer,
    )
    job = BackgroundJob("mail", delivery.step)
    core.outbox.on_arrival = job.wake
    return Feature(services=(delivery,), jobs=(job,) if core.outbox.is_on else ())


async def end_access(core: Core, access: EndedAccess) -> int:
    """Withdraw mails with links, before the tokens: a mail that is being written gets its token first."""
    if access.ends.links:
        await core.outbox.withdraw(access.user_id, kept_purposes=access.ends.kept_links)
    return 0


MANIFEST: Final = Manifest(
    tables=(OutboxRow,),
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.MAILS, tables=(OutboxRow,), end=end_access),
    export=ExportPart(
        schema=MailsExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, limit: export_mails(core.outbox, principal.user, limit),
    ),
    build=build,
)
