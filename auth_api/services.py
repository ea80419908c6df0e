"""Everything the product can do, built from the settings and independent of HTTP."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from auth_api.adapters import install_breakers, mailer_of
from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.delivery import Delivery
from auth_api.events.outbox.drafts import Drafts
from auth_api.events.outbox.rendering import Renderer
from auth_api.events.outbox.service import Outbox
from auth_api.flows.account.export import ExportService
from auth_api.flows.account.service import AccountService
from auth_api.flows.administration.account_recovery import AccessService
from auth_api.flows.administration.explanation import ExplanationService
from auth_api.flows.administration.service import AdministrationService
from auth_api.flows.email_change.service import EmailChangeService
from auth_api.flows.email_verification.completion import CompletionService
from auth_api.flows.email_verification.service import VerificationService
from auth_api.flows.login.service import LoginService
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.flows.registration.service import RegistrationService
from auth_api.kit.background import BackgroundJob
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.clock import Clock, utc_now
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.crypto.tokens import SuccessorDerivation
from auth_api.kit.db import migrations
from auth_api.kit.db.database import SERVICE, Database, create_engine
from auth_api.kit.http.json import FieldCheck
from auth_api.kit.mail.message import Mailer
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.operations.health.exposition import Exposition
from auth_api.operations.health.service import HealthService
from auth_api.operations.housekeeping.service import HousekeepingService, chores_of
from auth_api.piccolo_app import APP_NAME, bind
from auth_api.sessions.access_revocation import Eviction
from auth_api.sessions.access_tokens import AccessTokens
from auth_api.sessions.principal_loader import PrincipalLookups
from auth_api.sessions.rotation import RotationService
from auth_api.sessions.service import SessionService
from auth_api.sessions.session_factory import SessionOpening
from auth_api.settings import Settings
from auth_api.throttling.accounts import AccountThrottle
from auth_api.throttling.addresses import AddressLimits
from auth_api.throttling.mails import MailLimits
from auth_api.users.email_ownership import Mailboxes
from auth_api.users.identifiers import canonical_email, new_username
from auth_api.users.password_rules import PasswordRules, common_passwords
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the product can do, independent of HTTP; the command line uses it as the API does."""

    database: Database
    hasher: PasswordHasher
    password_rules: PasswordRules
    registration: RegistrationService
    login: LoginService
    sessions: SessionService
    rotation: RotationService
    accounts: AccountService
    exports: ExportService
    recovery: RecoveryService
    verification: VerificationService
    email_change: EmailChangeService
    outbox: Outbox
    delivery: Delivery
    administration: AdministrationService
    access: AccessService
    explanation: ExplanationService
    health: HealthService
    exposition: Exposition
    housekeeping: HousekeepingService
    audit: AuditTrail
    address_limits: AddressLimits
    jobs: tuple[BackgroundJob, ...]

    @property
    def field_checks(self) -> dict[str, FieldCheck]:
        """What a new address, username or password has to pass, over HTTP and on the command line."""
        return {"email": canonical_email, "username": new_username, "new_password": self.password_rules.check}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep what needs it open."""
        async with self.database.opened():
            try:
                yield
            finally:
                await breakers.get(SERVICE).stop()
                self.hasher.close()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Do what goes on beside the requests, on services that are running."""
        async with AsyncExitStack() as stack:
            for job in self.jobs:
                await stack.enter_async_context(job.running())
            yield


def create_services(settings: Settings, *, clock: Clock = utc_now, mailer: Mailer | None = None) -> Services:
    """Build the services on one engine, which becomes this process's: Piccolo keeps it in the table classes.

    Args:
        settings: what the environment decides.
        clock: the present, for what lives in this process alone.
        mailer: carries mail, instead of what the settings say.
    """
    database = Database(create_engine(settings.database))
    bind(database.engine)
    install_breakers(settings, database)
    policy = settings.sessions
    housekeeping = HousekeepingService(
        database=database, chores=chores_of(policy, settings.audit), interval=settings.housekeeping.interval
    )
    hasher, password_rules = PasswordHasher(settings.hashing), PasswordRules(settings.passwords, common_passwords())
    audit, users, mailboxes, tokens = AuditTrail(), UserService(), Mailboxes(), OneTimeTokens()
    access_tokens, lookups = AccessTokens(policy, clock), PrincipalLookups(shares=database.takes_lists)
    opening = SessionOpening(access_tokens, policy)
    sessions = SessionService(
        database=database, audit=audit, access_tokens=access_tokens, lookups=lookups, opening=opening, clock=clock
    )
    throttle = AccountThrottle(settings.throttling, policy.derivation_secrets[0])
    passwords = PasswordService(hasher=hasher, throttle=throttle, sessions=sessions, audit=audit)
    outbox = Outbox(is_on=settings.mail.is_on or mailer is not None)
    delivery = Delivery(
        database=database,
        drafts=Drafts(mailboxes=mailboxes, tokens=tokens, audit=audit),
        renderer=Renderer(settings.mail),
        mailer=mailer or mailer_of(settings.mail),
    )
    mail_limits = MailLimits(settings.throttling, policy.derivation_secrets[0])
    eviction = Eviction(sessions=sessions, tokens=tokens, outbox=outbox, throttle=throttle)
    mail_job = BackgroundJob("mail", delivery.step)
    outbox.on_arrival = mail_job.wake
    return Services(
        database=database,
        hasher=hasher,
        password_rules=password_rules,
        registration=RegistrationService(
            database=database,
            users=users,
            sessions=sessions,
            audit=audit,
            hasher=hasher,
            tokens=tokens,
            outbox=outbox,
            mail_limits=mail_limits,
            mailboxes=settings.mailboxes,
        ),
        login=LoginService(
            database=database,
            users=users,
            sessions=sessions,
            audit=audit,
            hasher=hasher,
            passwords=passwords,
            outbox=outbox,
            mailboxes=settings.mailboxes,
        ),
        sessions=sessions,
        rotation=RotationService(
            database=database,
            audit=audit,
            outbox=outbox,
            access_tokens=access_tokens,
            policy=policy,
            derivation=SuccessorDerivation(policy.derivation_secrets),
        ),
        accounts=AccountService(
            database=database,
            users=users,
            audit=audit,
            passwords=passwords,
            password_rules=password_rules,
            sessions=sessions,
            eviction=eviction,
            outbox=outbox,
        ),
        exports=ExportService(sessions=sessions, audit=audit, throttle=throttle, clock=clock),
        recovery=RecoveryService(
            database=database,
            mailboxes=mailboxes,
            tokens=tokens,
            outbox=outbox,
            audit=audit,
            hasher=hasher,
            password_rules=password_rules,
            eviction=eviction,
            mail_limits=mail_limits,
        ),
        verification=VerificationService(
            database=database,
            users=users,
            mailboxes=mailboxes,
            tokens=tokens,
            outbox=outbox,
            audit=audit,
            passwords=passwords,
            eviction=eviction,
            mail_limits=mail_limits,
            completion=CompletionService(
                database=database, users=users, mailboxes=mailboxes, tokens=tokens, audit=audit, passwords=passwords
            ),
        ),
        email_change=EmailChangeService(
            database=database,
            users=users,
            mailboxes=mailboxes,
            tokens=tokens,
            outbox=outbox,
            audit=audit,
            passwords=passwords,
            eviction=eviction,
            mail_limits=mail_limits,
        ),
        outbox=outbox,
        delivery=delivery,
        administration=AdministrationService(database=database, users=users, sessions=sessions, audit=audit),
        access=AccessService(
            database=database,
            users=users,
            mailboxes=mailboxes,
            sessions=sessions,
            eviction=eviction,
            passwords=passwords,
            password_rules=password_rules,
            audit=audit,
        ),
        explanation=ExplanationService(
            users=users, sessions=sessions, passwords=passwords, audit=audit, mailboxes=settings.mailboxes
        ),
        health=HealthService(
            database=database, breakers=breakers, pending_migrations=lambda: migrations.pending(APP_NAME)
        ),
        exposition=Exposition(settings.metrics),
        housekeeping=housekeeping,
        audit=audit,
        address_limits=AddressLimits(settings.throttling),
        jobs=(
            *((mail_job,) if outbox.is_on else ()),
            *((BackgroundJob("housekeeping", housekeeping.step),) if settings.housekeeping.interval else ()),
        ),
    )
