"""Manifest of the administration of users by operators."""

from typing import Final

from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.flows.administration.commands import users
from auth_api.flows.administration.explain_command import explain
from auth_api.flows.administration.explanation import ExplanationService
from auth_api.flows.administration.factor_reset import FactorResetService
from auth_api.flows.administration.service import AdministrationService
from auth_api.flows.administration.session_commands import sessions
from auth_api.flows.administration.target_users import TargetUsers
from auth_api.flows.administration.user_search import UserSearch
from auth_api.flows.administration.user_search_controllers import UserSearchController
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.sign_in.policy import MfaPolicy
from auth_api.users.directory import UserDirectory


def build(core: Core, settings: Settings) -> Feature:
    """Connect the services of the command line to the core."""
    targets = TargetUsers(users=core.users, roles=core.roles)
    administration = AdministrationService(
        database=core.database,
        users=core.users,
        targets=targets,
        hasher=core.hasher,
        account_removal=core.account_removal,
        audit=core.audit,
    )
    account_recovery = AccountRecoveryService(
        database=core.database,
        users=core.users,
        targets=targets,
        email_ownership=core.email_ownership,
        sessions=core.sessions,
        access_revocation=core.access_revocation,
        passwords=core.passwords,
        password_rules=core.password_rules,
        audit=core.audit,
    )
    explanation = ExplanationService(
        users=core.users,
        sessions=core.sessions,
        throttle=core.throttle,
        audit=core.audit,
        verification_policy=settings.verification_policy,
        mfa_policy=settings.of(MfaPolicy),
        second_factors=core.second_factors,
        roles=core.roles,
    )
    factor_reset = FactorResetService(
        database=core.database,
        users=core.users,
        targets=targets,
        second_factors=core.second_factors,
        access_revocation=core.access_revocation,
        audit=core.audit,
        outbox=core.outbox,
        password_reset_mail=core.mail_kind("password_reset"),
    )
    user_search = UserSearch(
        users=core.users,
        directory=UserDirectory(core.database),
        roles=core.roles,
        second_factors=core.second_factors,
    )
    return Feature(
        controllers=(UserSearchController,),
        dependencies={"user_search": user_search, "explanations": explanation},
        services=(administration, account_recovery, factor_reset),
    )


MANIFEST: Final = Manifest(
    tags={"Administration": "Users of the server, for those who have a role or a key with the permission."},
    paths=("/api/admin/users", "/api/admin/users/{user_id}", "/api/admin/users/{user_id}/explain"),
    commands=(users, sessions, explain),
    build=build,
)
