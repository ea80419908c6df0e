"""The services of the product, which know nothing of HTTP: the API and the command line share them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.delivery import Delivery
from auth_api.events.outbox.service import Outbox
from auth_api.flows.account.service import AccountService
from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.flows.administration.explanation import ExplanationService
from auth_api.flows.administration.service import AdministrationService
from auth_api.flows.login.service import LoginService
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.flows.registration.service import RegistrationService
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import SERVICE, Database
from auth_api.kit.http.json import FieldCheck
from auth_api.manifest import Feature, service_of
from auth_api.operations.health.service import HealthService
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.sessions.rotation import RotationService
from auth_api.sessions.service import SessionService
from auth_api.users.identifiers import canonical_email, new_username
from auth_api.users.password_rules import PasswordRules

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All features, and the services that are called without HTTP; `composition.create_services` builds them."""

    features: tuple[Feature, ...]
    database: Database
    hasher: PasswordHasher
    password_rules: PasswordRules
    sessions: SessionService
    audit: AuditTrail
    outbox: Outbox
    registration: RegistrationService
    login: LoginService
    rotation: RotationService
    accounts: AccountService
    recovery: RecoveryService
    delivery: Delivery
    administration: AdministrationService
    account_recovery: AccountRecoveryService
    explanation: ExplanationService
    health: HealthService
    housekeeping: HousekeepingService

    def of(self, kind: type[T]) -> T:
        """Return the service of a class, whichever feature has it."""
        return service_of(self.features, kind)

    @property
    def field_checks(self) -> dict[str, FieldCheck]:
        """The checks of a new e-mail address, username or password, for HTTP requests and the command line."""
        return {"email": canonical_email, "username": new_username, "new_password": self.password_rules.check}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the database, and close everything at the end."""
        async with self.database.opened():
            try:
                yield
            finally:
                await breakers.get(SERVICE).stop()
                self.hasher.close()

    @asynccontextmanager
    async def running_jobs(self) -> AsyncIterator[None]:
        """Run the background jobs of all features, on services that are running."""
        async with AsyncExitStack() as stack:
            for feature in self.features:
                for job in feature.jobs:
                    await stack.enter_async_context(job.running())
            yield
