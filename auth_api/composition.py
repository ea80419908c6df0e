"""Build the services from the settings, and connect them with each other."""

from auth_api.adapters import create_mailer, install_breakers
from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.delivery import Delivery
from auth_api.events.outbox.kinds import DraftServices
from auth_api.events.outbox.rendering import Renderer
from auth_api.events.outbox.service import Outbox
from auth_api.features import FEATURES, MAIL_KINDS
from auth_api.flows.account.export import ExportService
from auth_api.flows.account.service import AccountService
from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.flows.administration.explanation import ExplanationService
from auth_api.flows.administration.service import AdministrationService
from auth_api.flows.email_change.service import EmailChangeService
from auth_api.flows.email_verification import mails as email_verification_mails
from auth_api.flows.email_verification.completion import RegistrationCompletion
from auth_api.flows.email_verification.service import VerificationService
from auth_api.flows.login.service import LoginService
from auth_api.flows.password_recovery import mails as password_recovery_mails
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.flows.registration.service import RegistrationService
from auth_api.kit.background import BackgroundJob
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.clock import Clock, utc_now
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.crypto.tokens import MailTokenDerivation, SuccessorDerivation
from auth_api.kit.db import migrations
from auth_api.kit.db.database import Database, create_engine
from auth_api.kit.mail.message import Mailer
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.operations.health.exposition import Exposition
from auth_api.operations.health.service import HealthService
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.piccolo_app import APP_NAME, bind
from auth_api.services import Services
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.access_tokens import AccessTokens
from auth_api.sessions.principal_loader import PrincipalLoader
from auth_api.sessions.rotation import RotationService
from auth_api.sessions.service import SessionService
from auth_api.settings import Settings
from auth_api.throttling.account_throttle import AccountThrottle
from auth_api.throttling.client_ip_limits import ClientIpLimits
from auth_api.throttling.mail_limits import MailLimits
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.password_rules import PasswordRules, common_passwords
from auth_api.users.service import UserService


def create_services(settings: Settings, *, clock: Clock = utc_now, mailer: Mailer | None = None) -> Services:
    """Build the services. Their database engine becomes that of the process: Piccolo stores it in the table classes.

    Args:
        settings: the configuration.
        clock: the current time, for values that are not taken from the database.
        mailer: sends mail instead of the mailer that the settings describe.
    """
    database = Database(create_engine(settings.database))
    bind(database.engine)
    install_breakers(settings, database)
    policy = settings.sessions
    housekeeping = HousekeepingService(
        database=database,
        rules=tuple(rule for manifest in FEATURES for rule in manifest.retention(settings)),
        interval=settings.housekeeping.interval,
    )
    hasher, password_rules = PasswordHasher(settings.hashing), PasswordRules(settings.passwords, common_passwords())
    audit, users, email_ownership, tokens = AuditTrail(), UserService(), EmailOwnership(), OneTimeTokens()
    access_tokens, principal_loader = AccessTokens(policy, clock), PrincipalLoader(can_batch=database.supports_arrays)
    sessions = SessionService(
        database=database,
        audit=audit,
        access_tokens=access_tokens,
        principal_loader=principal_loader,
        policy=policy,
        clock=clock,
    )
    throttle = AccountThrottle(settings.throttling, policy.derivation_secrets[0])
    passwords = PasswordService(database=database, hasher=hasher, throttle=throttle, sessions=sessions, audit=audit)
    mail_limits = MailLimits(settings.throttling, policy.derivation_secrets[0])
    outbox = Outbox(
        kinds=MAIL_KINDS,
        email_ownership=email_ownership,
        limits=mail_limits,
        is_on=settings.mail.is_on or mailer is not None,
        delay_seconds=settings.mail.delay_seconds,
    )
    delivery = Delivery(
        database=database,
        kinds={kind.name: kind for kind in MAIL_KINDS},
        draft_services=DraftServices(
            email_ownership=email_ownership,
            tokens=tokens,
            token_derivation=MailTokenDerivation(policy.derivation_secrets),
            audit=audit,
        ),
        renderer=Renderer(settings.mail, MAIL_KINDS),
        mailer=mailer or create_mailer(settings.mail),
    )
    access_revocation = AccessRevocation(sessions=sessions, tokens=tokens, outbox=outbox, throttle=throttle)
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
            verification_policy=settings.verification_policy,
            verification_mail=email_verification_mails.EMAIL_VERIFICATION,
        ),
        login=LoginService(
            database=database,
            users=users,
            sessions=sessions,
            audit=audit,
            hasher=hasher,
            passwords=passwords,
            outbox=outbox,
            verification_policy=settings.verification_policy,
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
            access_revocation=access_revocation,
            outbox=outbox,
        ),
        exports=ExportService(
            sessions=sessions, audit=audit, tokens=tokens, outbox=outbox, throttle=throttle, clock=clock
        ),
        recovery=RecoveryService(
            database=database,
            email_ownership=email_ownership,
            tokens=tokens,
            outbox=outbox,
            audit=audit,
            hasher=hasher,
            password_rules=password_rules,
            access_revocation=access_revocation,
        ),
        verification=VerificationService(
            database=database,
            users=users,
            email_ownership=email_ownership,
            tokens=tokens,
            outbox=outbox,
            audit=audit,
            passwords=passwords,
            access_revocation=access_revocation,
            completion=RegistrationCompletion(
                database=database,
                users=users,
                email_ownership=email_ownership,
                tokens=tokens,
                audit=audit,
                passwords=passwords,
            ),
        ),
        email_change=EmailChangeService(
            database=database,
            users=users,
            email_ownership=email_ownership,
            tokens=tokens,
            outbox=outbox,
            audit=audit,
            passwords=passwords,
            access_revocation=access_revocation,
            mail_limits=mail_limits,
            recovery_mail=password_recovery_mails.ACCOUNT_RECOVERED,
        ),
        outbox=outbox,
        delivery=delivery,
        administration=AdministrationService(database=database, users=users, sessions=sessions, audit=audit),
        account_recovery=AccountRecoveryService(
            database=database,
            users=users,
            email_ownership=email_ownership,
            sessions=sessions,
            access_revocation=access_revocation,
            passwords=passwords,
            password_rules=password_rules,
            audit=audit,
        ),
        explanation=ExplanationService(
            users=users,
            sessions=sessions,
            passwords=passwords,
            audit=audit,
            verification_policy=settings.verification_policy,
        ),
        health=HealthService(
            database=database, breakers=breakers, pending_migrations=lambda: migrations.pending(APP_NAME)
        ),
        exposition=Exposition(settings.metrics),
        housekeeping=housekeeping,
        audit=audit,
        client_ip_limits=ClientIpLimits(settings.throttling),
        jobs=(
            *((mail_job,) if outbox.is_on else ()),
            *((BackgroundJob("housekeeping", housekeeping.step),) if settings.housekeeping.interval else ()),
        ),
    )
