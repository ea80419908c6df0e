"""Manifests: each package describes in its module `feature` what it brings to the product."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

import click
import msgspec
from litestar import Controller, Router
from piccolo.table import Table

from auth_api.credentials.api_keys.service import ApiKeys
from auth_api.credentials.identities.service import Identities
from auth_api.credentials.passkeys.service import PasskeyService
from auth_api.credentials.passwords.service import PasswordService
from auth_api.credentials.providers.service import Providers
from auth_api.ended_access import Revocation
from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.kinds import MailKind
from auth_api.events.outbox.service import Outbox
from auth_api.kit.background import BackgroundJob
from auth_api.kit.clock import Clock
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.crypto.sealing import Sealing
from auth_api.kit.db.database import Database
from auth_api.kit.db.retention import RetentionRule
from auth_api.kit.db.sealed_columns import SealedColumn
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.json import FieldCheck
from auth_api.kit.mail.message import Mailer
from auth_api.kit.outbound.client import Outbound
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.roles.provider_grants import ProviderGrants
from auth_api.roles.service import RoleService
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.account_removal import AccountRemoval
from auth_api.sessions.browser_sessions import BrowserSessions
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.settings import Settings
from auth_api.sign_in.enrolment import Enrolment
from auth_api.sign_in.factor_changes import FactorChanges
from auth_api.sign_in.factor_removal import FactorRevocation
from auth_api.sign_in.freshness import Freshness
from auth_api.sign_in.guesses import SecondFactorGuesses
from auth_api.sign_in.identity_removal import IdentityRemoval
from auth_api.sign_in.identity_uses import IdentityUses
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.sign_in.service import SignIn
from auth_api.sign_in.ways_in import WaysIn
from auth_api.sign_in_flows.service import SignInFlows
from auth_api.throttling.account_throttle import AccountThrottle
from auth_api.throttling.policy import ClientIpLimit
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.password_rules import PasswordRules
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What the features share; `composition.create_core` builds it.

    Attributes:
        manifests: the manifests of all features.
        pending_migrations: returns the names of migrations that are not applied.
    """

    manifests: "tuple[Manifest, ...]"
    database: Database
    pending_migrations: Callable[[], Awaitable[list[str]]]
    clock: Clock
    hasher: PasswordHasher
    password_rules: PasswordRules
    mailer: Mailer
    outbound: Outbound
    users: UserService
    email_ownership: EmailOwnership
    tokens: OneTimeTokens
    throttle: AccountThrottle
    audit: AuditTrail
    outbox: Outbox
    sealing: Sealing | None
    sessions: SessionService
    browser_sessions: BrowserSessions
    sign_in: SignIn
    sign_in_flows: SignInFlows
    second_factors: SecondFactors
    guesses: SecondFactorGuesses
    passwords: PasswordService
    passkeys: PasskeyService
    providers: Providers
    api_keys: ApiKeys
    identities: Identities
    freshness: Freshness
    roles: RoleService
    provider_grants: ProviderGrants
    identity_uses: IdentityUses

    def mail_kind(self, name: str) -> MailKind:
        """Return a kind of mail of any feature, for a feature that sends the mail of another one.

        Raises:
            KeyError: no feature has a kind of mail with this name.
        """
        return {kind.name: kind for kind in self.outbox.kinds}[name]

    @property
    def access_revocation(self) -> AccessRevocation:
        """Ends the access to accounts in all packages, in the order of their locks."""
        revocations = [manifest.revocation for manifest in self.manifests if manifest.revocation is not None]
        return AccessRevocation(
            database=self.database,
            users=self.users,
            audit=self.audit,
            ends=tuple(partial(each.end_access, self) for each in sorted(revocations, key=attrgetter("step"))),
        )

    @property
    def account_removal(self) -> AccountRemoval:
        """Disables and deletes accounts."""
        return AccountRemoval(access_revocation=self.access_revocation, roles=self.roles, outbox=self.outbox)

    @property
    def factor_revocation(self) -> FactorRevocation:
        """Decides which factors an event removes."""
        return FactorRevocation(
            users=self.users, sessions=self.sessions, second_factors=self.second_factors, audit=self.audit
        )

    @property
    def factor_changes(self) -> FactorChanges:
        """Applies what follows from a change of the factors of an account."""
        return FactorChanges(
            users=self.users,
            sessions=self.sessions,
            freshness=self.freshness,
            second_factors=self.second_factors,
            pending_logins=self.sign_in.pending_logins,
            access_revocation=self.access_revocation,
            audit=self.audit,
            outbox=self.outbox,
        )

    @property
    def ways_in(self) -> WaysIn:
        """Counts the ways in which users can log in."""
        return WaysIn(users=self.users, passkeys=self.passkeys, identities=self.identities)

    @property
    def identity_removal(self) -> IdentityRemoval:
        """Unlinks accounts at providers."""
        return IdentityRemoval(
            identities=self.identities,
            ways_in=self.ways_in,
            sessions=self.sessions,
            access_revocation=self.access_revocation,
            outbox=self.outbox,
        )

    @property
    def enrolment(self) -> Enrolment:
        """Lets users add factors, and completes the logins that need one."""
        pending_logins = self.sign_in.pending_logins
        return Enrolment(
            users=self.users, pending_logins=pending_logins, changes=self.factor_changes, sign_in=self.sign_in
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """The parts of a package that need the settings and the core.

    Attributes:
        controllers: its routes, without those that the settings switch off.
        dependencies: what handlers get, by the name of their parameter.
        field_checks: the checks that fields of requests refer to by name (`kit/http/json.py`).
        services: further services; `Services.of` finds them, and those among `dependencies`, by their class.
        jobs: what it does in the background.
    """

    controllers: tuple[type[Controller] | Router, ...] = ()
    dependencies: Mapping[str, object] = field(default_factory=dict)
    field_checks: Mapping[str, FieldCheck] = field(default_factory=dict)
    services: tuple[object, ...] = ()
    jobs: tuple[BackgroundJob, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPart:
    """What the export of a user's data contains about the rows of a package, without secrets.

    Attributes:
        schema: a struct, whose members become members of the export.
        example: its members in the example of the OpenAPI document.
        collect: returns the data of the caller, with at most the given number of rows of each kind, newest first.
    """

    schema: type[msgspec.Struct]
    example: Mapping[str, Any]
    collect: Callable[[Core, Principal, int], Awaitable[msgspec.Struct]]


def _build_nothing(_core: Core, _settings: Settings) -> Feature:
    return Feature()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a package brings to the product. Everything but `build` is known without a database.

    Attributes:
        tables: its tables; a table comes after those that it refers to.
        sealed_columns: the columns of its tables with encrypted values.
        errors: the errors that it raises and clients can receive.
        events: the events that it adds to the security history.
        mails: the kinds of mail that it sends.
        tags: the groups of operations that it adds to the OpenAPI document, with their descriptions.
        paths: the paths of its API, in the order of the OpenAPI document.
        policies: its settings, by the section of docs/configuration.md.
        commands: its commands of the command line.
        limits: returns the limits per client IP address that its routes refer to by name.
        retention: returns which rows expire, in the order of their removal.
        revocation: how it ends the access to an account; None if none of its rows give access.
        export: what the export of a user's data contains about its rows.
        names_role: whether one of its rows names this role, which therefore cannot be deleted; None if it has none.
        build: returns the parts that need the settings and the core.
    """

    tables: tuple[type[Table], ...] = ()
    sealed_columns: tuple[SealedColumn, ...] = ()
    errors: tuple[type[ApplicationException], ...] = ()
    events: tuple[EventTag, ...] = ()
    mails: tuple[MailKind, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    policies: Mapping[str, tuple[type[msgspec.Struct], ...]] = field(default_factory=dict)
    commands: tuple[click.Command, ...] = ()
    limits: Callable[[Settings], tuple[ClientIpLimit, ...]] = lambda _: ()
    retention: Callable[[Settings], tuple[RetentionRule, ...]] = lambda _: ()
    revocation: Revocation | None = None
    export: ExportPart | None = None
    names_role: Callable[[str], Awaitable[bool]] | None = None
    build: Callable[[Core, Settings], Feature] = _build_nothing
