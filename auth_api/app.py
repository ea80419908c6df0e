"""The only place where parts meet. Read it first."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from litestar import Litestar, Request
from litestar.di import Provide
from litestar.openapi.spec import Tag

from auth_api import __version__
from auth_api.account.controllers import AccountController
from auth_api.account.service import AccountService
from auth_api.administration.service import AdministrationService
from auth_api.audit.service import AuditTrail
from auth_api.health.controllers import HealthController
from auth_api.health.service import HealthService
from auth_api.kit.breaker import ServiceBreaker, breakers
from auth_api.kit.clock import Clock, utc_now
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.crypto.tokens import SuccessorDerivation
from auth_api.kit.db import failures, migrations
from auth_api.kit.db.database import SERVICE, Database, create_engine
from auth_api.kit.errors import RateLimitedException
from auth_api.kit.http.admission import Admission
from auth_api.kit.http.client_address import ClientAddresses
from auth_api.kit.http.cors import CorsPolicy
from auth_api.kit.http.docs_pages import docs_routers, openapi_config
from auth_api.kit.http.errors import error_responder
from auth_api.kit.http.exchange import Surroundings
from auth_api.kit.http.gcra import Gcra
from auth_api.kit.http.injection import provide, provide_origin
from auth_api.kit.http.json import strict_request
from auth_api.kit.http.openapi import complete
from auth_api.kit.http.outer import Outer
from auth_api.kit.http.pagination import provide_page
from auth_api.kit.http.rate_limit import limit_guard
from auth_api.kit.http.security_headers import SecurityHeaders
from auth_api.login.controllers import LoginController
from auth_api.login.service import LoginService
from auth_api.passwords.service import PasswordService
from auth_api.piccolo_app import APP_NAME, bind
from auth_api.registration.controllers import RegistrationController
from auth_api.registration.service import RegistrationService
from auth_api.sessions.access_tokens import AccessTokens
from auth_api.sessions.authentication import bearer_auth
from auth_api.sessions.controllers import KeyController, OwnSessionsController, SessionController
from auth_api.sessions.principal import Principal
from auth_api.sessions.rotation import RotationService
from auth_api.sessions.service import SessionService
from auth_api.settings import Settings
from auth_api.throttling.accounts import AccountThrottle
from auth_api.throttling.addresses import AddressLimits
from auth_api.throttling.policy import ThrottlingPolicy
from auth_api.users.account import Account
from auth_api.users.identifiers import canonical_email, new_username
from auth_api.users.password_rules import PasswordRules, common_passwords
from auth_api.users.service import UserService

BURST_SECONDS: Final = 10
"""Of its rate, so much may come at once."""

MAX_BODY_BYTES: Final = 64 * 1024

DESCRIPTION: Final = """
Accounts, sessions and tokens over JSON.

1. **Register** or **log in**: the answer holds an `access_token` and a `refresh_token`.
2. Send `Authorization: Bearer <access_token>` (above: **Authorize**).
3. On `TOKEN_EXPIRED`, **refresh**: each refresh token works once, and the answer holds the next one.

Every error is an RFC 9457 document; its `error_code` says what to do.
"""

TAGS: Final = [
    Tag(name="Authentication", description="Register, log in, refresh, log out."),
    Tag(name="Account", description="One's own account."),
    Tag(name="Operation", description="Probes and public keys."),
]


class Services(msgspec.Struct, frozen=True, kw_only=True):
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
    passwords = PasswordService(hasher=hasher, throttle=AccountThrottle(settings.throttling), sessions=sessions)
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
            clock=clock,
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


def create_app(settings: Settings, *, clock: Clock = utc_now) -> Litestar:
    """Build the application. Nothing is connected until its lifespan begins.

    Args:
        settings: what the environment decides.
        clock: the present, for what lives in this process alone.
    """
    services = create_services(settings, clock=clock)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with services.running():
            yield

    docs = settings.http.docs_enabled
    addresses = ClientAddresses(settings.http.trusted_proxies)
    app = Litestar(
        route_handlers=[
            RegistrationController,
            LoginController,
            SessionController,
            OwnSessionsController,
            AccountController,
            KeyController,
            HealthController,
            *(docs_routers() if docs else ()),
        ],
        dependencies={
            "registration": provide(services.registration),
            "login": provide(services.login),
            "sessions": provide(services.sessions),
            "rotation": provide(services.rotation),
            "audit": provide(services.audit),
            "accounts": provide(services.accounts),
            "health": provide(services.health),
            "origin": Provide(provide_origin, sync_to_thread=False),
            "page": Provide(provide_page, sync_to_thread=False),
            "principal": Provide(_principal, sync_to_thread=False),
            "current_user": Provide(_current_user, sync_to_thread=False),
        },
        guards=[limit_guard(services.address_limits.spend, RateLimitedException)],
        on_app_init=[bearer_auth(services.sessions).on_app_init],
        request_class=strict_request(
            {"email": canonical_email, "username": new_username, "new_password": services.password_rules.check}
        ),
        request_max_body_size=MAX_BODY_BYTES,
        exception_handlers={Exception: error_responder(clock)},
        lifespan=[lifespan],
        logging_config=None,
        openapi_config=openapi_config(title="auth_api", version=__version__, description=DESCRIPTION, tags=TAGS)
        if docs
        else None,
    )
    app.state.services = services
    if docs:
        complete(app)
    app.asgi_handler = Outer(
        app.asgi_handler,
        shared=Surroundings(
            clock=clock,
            cors=CorsPolicy(settings.http.cors_origins),
            addresses=addresses,
            security=SecurityHeaders(https_only=settings.is_production),
        ),
        admission=Admission(
            addresses,
            allowed_hosts=settings.http.allowed_hosts,
            https_only=settings.is_production,
            floods=_flood_limit(settings.throttling),
        ),
    )
    return app


def _flood_limit(policy: ThrottlingPolicy) -> Gcra | None:
    if not policy.enabled:
        return None
    return Gcra(policy.requests_per_second, policy.requests_per_second * BURST_SECONDS)


def _principal(request: Request[Principal, Any, Any]) -> Principal:
    return request.user


def _current_user(request: Request[Principal, Any, Any]) -> Account:
    return request.user.account
