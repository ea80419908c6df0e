"""All settings: frozen policies, read once from the environment; all problems are reported at once."""

from collections.abc import Mapping
from typing import Annotated, Final, cast

import msgspec

from auth_api.credentials.passkeys.policy import PasskeyPolicy
from auth_api.credentials.providers.policy import ProvidersPolicy
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.crypto.policy import HashingPolicy, SealingPolicy
from auth_api.kit.crypto.sealing import derived_data_key
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.http.policy import HttpPolicy
from auth_api.kit.mail.policy import MailPolicy
from auth_api.kit.outbound.policy import OutboundPolicy
from auth_api.kit.setting import Setting
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.operations.health.policy import MetricsPolicy
from auth_api.server.policy import ServerPolicy, usable_cores
from auth_api.sessions.policy import MAX_METADATA_CLAIMS, SessionPolicy
from auth_api.settings.database import read_database
from auth_api.settings.keys import read_keys
from auth_api.settings.mail import read_mail, read_verification
from auth_api.settings.oauth import read_oauth
from auth_api.settings.pages import read_pages
from auth_api.settings.passkeys import read_passkeys
from auth_api.settings.providers import checked_providers
from auth_api.settings.reader import ENVIRONMENT, Environment, Policy, Reader
from auth_api.settings.return_urls import read_return_urls
from auth_api.settings.second_factors import checked_mfa
from auth_api.sign_in.policy import MfaPolicy
from auth_api.sign_in_flows.policy import ReturnPolicy
from auth_api.throttling.policy import ThrottlingPolicy
from auth_api.users.policy import PasswordPolicy, VerificationPolicy
from auth_api.web.frame.policy import PagePolicy

_KIB_PER_LANE: Final = 8
"""RFC 9106 §3.1."""

_OWASP_MIN_KIB: Final = (47104, 19456, 12288, 9216, 7168)
"""KiB that argon2id needs with 1, 2, 3, 4, 5 and more iterations (OWASP Password Storage Cheat Sheet)."""


class LogPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines are logged, and in which form."""

    level: Annotated[
        str,
        Setting(
            "LOG_LEVEL",
            "Lowest level of the lines that are logged.",
            choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
            default_in={"development": "DEBUG"},
        ),
    ] = "INFO"
    format: Annotated[
        str,
        Setting(
            "LOG_FORMAT",
            "Form of log lines; `auto` is text on a terminal in development and JSON otherwise.",
            choices=("auto", "json", "text"),
        ),
    ] = "auto"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that environment variables decide."""

    environment: Annotated[Environment, ENVIRONMENT] = Environment.DEVELOPMENT
    background_jobs: Annotated[
        bool, Setting("BACKGROUND_JOBS", "Whether this instance sends mail and removes expired rows.")
    ] = True
    server: ServerPolicy
    http: HttpPolicy
    logging: LogPolicy
    metrics: MetricsPolicy
    database: DatabasePolicy
    breaker: BreakerPolicy
    hashing: HashingPolicy
    sealing: SealingPolicy
    passwords: PasswordPolicy
    passkeys: PasskeyPolicy
    throttling: ThrottlingPolicy
    sessions: SessionPolicy
    mail: MailPolicy
    outbound: OutboundPolicy
    verification_policy: VerificationPolicy
    pages: PagePolicy
    of_features: dict[type[msgspec.Struct], msgspec.Struct]

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read all settings from environment variables, which docs/configuration.md lists.

        Raises:
            InvalidSettingsError: variables are missing or invalid; all of them are listed.
        """
        from auth_api.features import POLICIES  # noqa: PLC0415 - the manifests import this module

        read = Reader(environ)
        own = read.values(cls)
        server = read.build(ServerPolicy)
        http = _http(read, port=server.port)
        mail = read_mail(read, public_url=http.public_url)
        pages = read_pages(read, public_url=http.public_url, frontend_url=mail.frontend_url)
        mail = msgspec.structs.replace(mail, brand_name=pages.name)
        of_features = {policy: read.build(policy) for policies in POLICIES.values() for policy in policies}
        of_features[ReturnPolicy] = read_return_urls(read, frontend_url=mail.frontend_url)
        mfa, sealing = cast("MfaPolicy", of_features[MfaPolicy]), read.build(SealingPolicy)
        of_features[MfaPolicy] = mfa = checked_mfa(read, mfa, mail, sealing)
        providers = cast("ProvidersPolicy", of_features[ProvidersPolicy])
        of_features[ProvidersPolicy] = checked_providers(read, providers)
        settings = cls(
            **own,
            server=server,
            http=http,
            logging=read.build(LogPolicy),
            metrics=_metrics(read, server),
            database=read_database(read, workers=server.workers),
            breaker=read.build(BreakerPolicy),
            hashing=_hashing(read, server),
            sealing=sealing,
            passwords=read.build(PasswordPolicy),
            passkeys=read_passkeys(read, http, mail),
            throttling=read.build(ThrottlingPolicy),
            mail=mail,
            outbound=read.build(OutboundPolicy, allows_loopback=read.environment is Environment.DEVELOPMENT),
            verification_policy=read_verification(read, mail, mfa),
            of_features=of_features,
            pages=pages,
            sessions=_sessions(read, http),  # last: a missing key raises
        )
        of_features[OAuthPolicy] = read_oauth(
            read, http=settings.http, pages=settings.pages, sessions=settings.sessions
        )
        read.raise_problems()
        if settings.is_production:
            return settings
        derived = tuple(map(derived_data_key, settings.sessions.derivation_secrets))
        keys = (*settings.sealing.data_keys, *derived)  # a first key of its own must not lose the values before it
        return msgspec.structs.replace(settings, sealing=SealingPolicy(data_keys=keys))

    def of(self, kind: type[Policy]) -> Policy:
        """Return the policy of a feature, whose manifest lists the class."""
        return cast("Policy", self.of_features[kind])

    @property
    def is_production(self) -> bool:
        """Whether unsafe settings are rejected."""
        return self.environment is Environment.PRODUCTION


def _http(read: Reader, *, port: int) -> HttpPolicy:
    """Read the policy; in production `PUBLIC_URL` has no default and must use https."""
    own_url = {
        Environment.DEVELOPMENT: f"http://localhost:{port}",  # a domain: WebAuthn accepts no IP address
        Environment.TESTING: f"http://127.0.0.1:{port}",
        Environment.PRODUCTION: "",
    }[read.environment]
    policy = read.build(HttpPolicy, {"public_url": own_url})
    if read.is_production and not policy.public_url.startswith("https://") and not read.has_problem("PUBLIC_URL"):
        read.problem("PUBLIC_URL", "must be this server's https URL in production", "https://auth.your-company.com")
    if read.is_production and any(origin.startswith("http://") for origin in policy.cookie_origins):
        read.problem("COOKIE_ORIGINS", "must list https origins in production", '["https://app.your-company.com"]')
    return policy


def _metrics(read: Reader, server: ServerPolicy) -> MetricsPolicy:
    policy = read.build(MetricsPolicy, is_open=not read.is_production)
    if policy.port == server.port:
        read.problem("METRICS_PORT", "must not be the port of the API", "9464")
    return policy


def _hashing(read: Reader, server: ServerPolicy) -> HashingPolicy:
    policy = read.build(HashingPolicy, {"threads": max(1, usable_cores() // server.workers)})
    minimum = _KIB_PER_LANE * policy.parallelism
    reason = f"{_KIB_PER_LANE} KiB per lane of PASSWORD_HASH_PARALLELISM"
    if read.is_production:
        owasp = _OWASP_MIN_KIB[min(policy.iterations, len(_OWASP_MIN_KIB)) - 1]
        if owasp > minimum:
            minimum, reason = owasp, f"OWASP's minimum in production with PASSWORD_HASH_ITERATIONS={policy.iterations}"
    if policy.memory_kib >= minimum:
        return policy
    if read.is_set("PASSWORD_HASH_MEMORY_KIB") or read.is_production:
        read.problem("PASSWORD_HASH_MEMORY_KIB", f"must be {minimum} or more: {reason}", str(minimum))
    return msgspec.structs.replace(policy, memory_kib=minimum)


def _sessions(read: Reader, http: HttpPolicy) -> SessionPolicy:
    values = read.values(SessionPolicy, {"issuer": http.public_url})
    idle, absolute = values["idle_ttl"], values["absolute_ttl"]
    if idle > absolute:
        values["absolute_ttl"] = idle
        if read.is_set("SESSION_ABSOLUTE_DAYS"):
            problem = "must not be larger than SESSION_ABSOLUTE_DAYS"
            read.problem("REFRESH_TOKEN_EXPIRE_DAYS", problem, str(absolute.days))
    if len(values["metadata_claims"]) > MAX_METADATA_CLAIMS:
        read.problem("TOKEN_METADATA_CLAIMS", f"must have at most {MAX_METADATA_CLAIMS} keys", '["plan"]')
    keys, derivation_secrets = read_keys(read)  # last: raises the problems of all variables if the key is missing
    return SessionPolicy(keys=keys, derivation_secrets=derivation_secrets, **values)
