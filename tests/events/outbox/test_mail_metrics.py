"""Metrics of mail."""

from auth_api.events.outbox.delivery import SERVICE
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.mail.failures import PermanentMailError, TransientMailError
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.users.identifiers import CanonicalEmail
from tests.conftest import UserFactory
from tests.support.exposition import Changes
from tests.support.mailbox import Mailbox

HERE = RequestContext()


async def request_resets(services: Services, *names: str) -> None:
    for name in names:
        await services.of(RecoveryService).forgot(CanonicalEmail(f"{name}@example.com"), HERE)


async def test_mails_are_counted_by_outcome(user_factory: UserFactory, services: Services, mailbox: Mailbox) -> None:
    await user_factory()
    await mailbox.collect()
    changes = Changes()

    await request_resets(services, "ada", "unknown")
    await mailbox.collect()
    mailbox.failure = PermanentMailError()
    await request_resets(services, "ada")
    await mailbox.collect()
    mailbox.failure = TransientMailError()
    await request_resets(services, "ada")
    await mailbox.collect()
    breakers.get(SERVICE).close()

    counted = {name: changes.of("mails_total", outcome=name) for name in ("sent", "dropped", "given_up", "put_off")}
    assert counted == {"sent": 1, "dropped": 1, "given_up": 1, "put_off": 1}
    assert changes.of("mails_waiting") == 1
