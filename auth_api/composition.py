"""Build the services from the settings: first the core, then each feature."""

from auth_api.adapters import create_mailer, create_providers, install_breakers
from auth_api.credentials.api_keys.last_uses import LastUses
from auth_api.credentials.api_keys.policy import ApiKeyPolicy
from auth_api.credentials.api_keys.rate_limit import KeyRateLimit
from auth_api.credentials.api_keys.service import ApiKeys, key_lookups
from auth_api.credentials.identities.service import Identities
from auth_api.credentials.passkeys.service import PasskeyService
from auth_api.credentials.passwords.service import PasswordService
from auth_api.credentials.recovery_codes.service import RecoveryCodeService
from auth_api.credentials.totp.service import TotpService
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.features import FEATURES, MAIL_KINDS
from auth_api.kit.clock import Clock, utc_now
from auth_api.kit.crypto.challenges import Challenges
from auth_api.kit.crypto.flow_secrets import FlowSecretsDerivation
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.crypto.sealing import Sealing
from auth_api.kit.crypto.webauthn.relying_party import RelyingParty
from auth_api.kit.db import migrations
from auth_api.kit.db.database import Database, create_engine
from auth_api.kit.mail.message import Mailer
from auth_api.kit.outbound.client import Outbound
from auth_api.manifest import Core
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.piccolo_app import APP_NAME, bind
from auth_api.roles.provider_grants import ProviderGrants
from auth_api.roles.service import RoleService
from auth_api.services import Services
from auth_api.sessions.access_tokens import AccessTokens
from auth_api.sessions.browser_sessions import BrowserSessions
from auth_api.sessions.opening import SessionOpening
from auth_api.sessions.principal_loader import granted_loader, principal_loader
from auth_api.sessions.service import SessionService
from auth_api.settings import Settings
from auth_api.sign_in.freshness import Freshness
from auth_api.sign_in.guesses import SecondFactorGuesses
from auth_api.sign_in.identity_uses import IdentityUses
from auth_api.sign_in.pending_logins import PendingLogins
from auth_api.sign_in.policy import MfaPolicy, StepUpPolicy
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.sign_in.service import SignIn
from auth_api.sign_in_flows.service import SignInFlows
from auth_api.throttling.account_throttle import AccountThrottle
from auth_api.throttling.mail_limits import MailLimits
from auth_api.used_values.service import UsedValues
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.password_rules import PasswordRules, common_passwords
from auth_api.users.service import UserService


def create_services(
    settings: Settings, *, clock: Clock = utc_now, mailer: Mailer | None = None, outbound: Outbound | None = None
) -> Services:
    """Build the services. Their database engine becomes that of the process: Piccolo stores it in the table classes.

    Args:
        settings: the configuration.
        clock: the current time, for values that are not taken from the database.
        mailer: sends mail instead of the mailer that the settings describe.
        outbound: calls other servers instead of the client that the settings describe.
    """
    core = create_core(settings, clock=clock, mailer=mailer, outbound=outbound or Outbound(settings.outbound))
    return Services(core=core, features=tuple(manifest.build(core, settings) for manifest in FEATURES))


def create_core(settings: Settings, *, clock: Clock, mailer: Mailer | None, outbound: Outbound) -> Core:
    """Build what the features share; the arguments are those of `create_services`."""
    database = Database(create_engine(settings.database))
    bind(database.engine)
    install_breakers(settings, database)
    policy = settings.sessions
    hasher = PasswordHasher(settings.hashing)
    audit, users, email_ownership, tokens = AuditTrail(), UserService(), EmailOwnership(), OneTimeTokens()
    sessions = SessionService(
        database=database,
        audit=audit,
        access_tokens=AccessTokens(policy, clock),
        principal_loader=principal_loader(can_batch=database.supports_arrays),
        granted_loader=granted_loader(can_batch=database.supports_arrays),
        users=users,
        policy=policy,
        clock=clock,
    )
    throttle = AccountThrottle(settings.throttling, policy.derivation_secrets[0])
    passwords = PasswordService(database=database, hasher=hasher, throttle=throttle, sessions=sessions, audit=audit)
    outbox = Outbox(
        kinds=MAIL_KINDS,
        email_ownership=email_ownership,
        limits=MailLimits(settings.throttling, policy.derivation_secrets[0]),
        is_on=settings.mail.is_on or mailer is not None,
        delay_seconds=settings.mail.delay_seconds,
    )
    providers = create_providers(settings, outbound, clock)
    passkeys = PasskeyService(
        database=database,
        users=users,
        used_values=UsedValues(),
        audit=audit,
        outbox=outbox,
        relying_party=create_relying_party(settings),
        rp_id=settings.passkeys.rp_id,
        clock=clock,
    )
    sealing = Sealing(settings.sealing.data_keys) if settings.sealing.data_keys else None
    second_factors = SecondFactors(
        passkeys=passkeys, totp=TotpService(sealing=sealing, clock=clock), recovery_codes=RecoveryCodeService()
    )
    provider_grants = ProviderGrants(
        database=database,
        users=email_ownership,
        audit=audit,
        outbox=outbox,
        role_granted_mail=next(kind for kind in MAIL_KINDS if kind.name == "role_granted"),
        providers={each.settings.id: each.settings.name for each in providers.all() if each.settings.role_claim},
    )
    return Core(
        manifests=FEATURES,
        database=database,
        pending_migrations=lambda: migrations.pending(APP_NAME),
        clock=clock,
        hasher=hasher,
        password_rules=PasswordRules(settings.passwords, common_passwords()),
        mailer=mailer or create_mailer(settings.mail),
        outbound=outbound,
        users=users,
        email_ownership=email_ownership,
        tokens=tokens,
        throttle=throttle,
        audit=audit,
        outbox=outbox,
        sealing=sealing,
        sessions=sessions,
        browser_sessions=BrowserSessions(database=database, audit=audit, policy=policy),
        sign_in=SignIn(
            database=database,
            opening=SessionOpening(audit=audit, policy=policy),
            audit=audit,
            outbox=outbox,
            verification_policy=settings.verification_policy,
            mfa_policy=settings.of(MfaPolicy),
            second_factors=second_factors,
            pending_logins=PendingLogins(),
        ),
        sign_in_flows=SignInFlows(derivation=FlowSecretsDerivation(policy.derivation_secrets)),
        second_factors=second_factors,
        guesses=SecondFactorGuesses(
            database=database,
            throttle=throttle,
            sessions=sessions,
            users=users,
            recovery_codes=second_factors.recovery_codes,
            audit=audit,
            outbox=outbox,
        ),
        passwords=passwords,
        passkeys=passkeys,
        providers=providers,
        api_keys=ApiKeys(
            database=database,
            audit=audit,
            policy=settings.of(ApiKeyPolicy),
            last_uses=LastUses(clock),
            rate_limit=KeyRateLimit(settings.throttling.factor),
            lookups=key_lookups(can_batch=database.supports_arrays),
        ),
        identities=Identities(audit=audit, providers=providers, provider_grants=provider_grants),
        freshness=Freshness(
            users=users,
            passwords=passwords,
            sessions=sessions,
            second_factors=second_factors,
            policy=settings.of(StepUpPolicy),
            mfa_policy=settings.of(MfaPolicy),
        ),
        roles=RoleService(),
        provider_grants=provider_grants,
        identity_uses=IdentityUses(
            users=users,
            email_ownership=email_ownership,
            providers=providers,
            provider_grants=provider_grants,
            mfa_policy=settings.of(MfaPolicy),
            audit=audit,
            outbox=outbox,
        ),
    )


def create_relying_party(settings: Settings) -> RelyingParty | None:
    """Return the server's part of the ceremonies of passkeys; None if they are off."""
    policy = settings.passkeys
    if not policy.enabled:
        return None
    challenges = Challenges(settings.sessions.derivation_secrets)
    return RelyingParty(rp_id=policy.rp_id, name=policy.product, origins=policy.origins, challenges=challenges)
