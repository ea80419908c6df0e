"""Everything the product can do, built from the settings and independent of HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from auth_api.account.service import AccountService
from auth_api.administration.service import AdministrationService
from auth_api.audit.service import AuditTrail
from auth_api.health.service import HealthService
from auth_api.kit.breaker import ServiceBreaker, breakers
from auth_api.kit.clock import Clock, utc_now
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.crypto.tokens import SuccessorDerivation
from auth_api.kit.db import failures, migrations
from auth_api.kit.db.database import SERVICE, Database, create_engine
from auth_api.kit.http.json import FieldCheck
from auth_api.login.service import LoginService
from auth_api.passwords.service import PasswordService
from auth_api.piccolo_app import APP_NAME, bind
from auth_api.registration.service import RegistrationService
from auth_api.sessions.access_tokens import AccessTokens
from auth_api.sessions.rotation import RotationService
from auth_api.sessions.service import SessionService
from auth_api.settings import Settings
from auth_api.throttling.accounts import AccountThrottle
from auth_api.throttling.addresses import AddressLimits
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
    administration: AdministrationService
    health: HealthService
    audit: AuditTrail
    address_limits: AddressLimits

    @property
    def field_checks(self) -> dict[str, FieldCheck]:
        """What a new address, username or password has to pass, over HTTP and on the command line."""
        return {"email": canonical_email, "username": new_username, "new_password": self.password_rules.check}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep what needs it open."""
        breaker = breakers.get(SERVICE)
        async with self.database.opened():
            try:
                yield
            finally:
                await breaker.stop()
                self.hasher.close()


def create_services(settings: Settings, *, clock: Clock = utc_now) -> Services:
    """Build the services on one engine, which becomes this process's: Piccolo keeps it in the table classes."""
    database = Database(create_engine(settings.database))
    bind(database.engine)
    breakers.install(
        ServiceBreaker(
            SERVICE,
            settings.breaker,
            is_failure=failures.is_outage,
            translate=failures.translate,
            probe=database.ping,
        )
    )
    policy = settings.sessions
    hasher = PasswordHasher(settings.hashing)
    audit, users = AuditTrail(), UserService()
    access_tokens = AccessTokens(policy, clock)
    sessions = SessionService(database=database, audit=audit, access_tokens=access_tokens, policy=policy, clock=clock)
    password_rules = PasswordRules(settings.passwords, common_passwords())
    passwords = PasswordService(
        hasher=hasher, throttle=AccountThrottle(settings.throttling, policy.derivation_secrets[0]), sessions=sessions
    )
    return Services(
        database=database,
        hasher=hasher,
        password_rules=password_rules,
        registration=RegistrationService(database=database, users=users, sessions=sessions, audit=audit, hasher=hasher),
        login=LoginService(
            database=database, users=users, sessions=sessions, audit=audit, hasher=hasher, passwords=passwords
        ),
        sessions=sessions,
        rotation=RotationService(
            database=database,
            audit=audit,
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
        ),
        administration=AdministrationService(database=database, users=users, sessions=sessions, audit=audit),
        health=HealthService(
            database=database, breakers=breakers, pending_migrations=lambda: migrations.pending(APP_NAME)
        ),
        audit=audit,
        address_limits=AddressLimits(settings.throttling),
    )
