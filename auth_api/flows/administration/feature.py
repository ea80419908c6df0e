"""Manifest of the administration of users by administrators and operators."""

from typing import Final

from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.flows.administration.commands import users
from auth_api.flows.administration.explain_command import explain
from auth_api.flows.administration.explanation import ExplanationService
from auth_api.flows.administration.factor_reset import FactorResetService
from auth_api.flows.administration.mails import MAIL_KINDS
from auth_api.flows.administration.requested_mails import RequestedMails
from auth_api.flows.administration.service import AdministrationService
from auth_api.flows.administration.session_commands import sessions
from auth_api.flows.administration.target_users import TargetUsers
from auth_api.flows.administration.user_controllers import UserChangeController
from auth_api.flows.administration.user_creation import UserCreation
from auth_api.flows.administration.user_identities import UserIdentities
from auth_api.flows.administration.user_mail_controllers import UserMailController
from auth_api.flows.administration.user_search import UserSearch
from auth_api.flows.administration.user_search_controllers import UserSearchController
from auth_api.flows.administration.user_session_controllers import UserSessionController
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.sign_in.policy import MfaPolicy
from auth_api.users.directory import UserDirectory


class UserController(UserSearchController, UserChangeController):
    """All operations on users: Litestar wants those of one path in one controller."""


def build(core: Core, settings: Settings) -> Feature:
    """Connect the administration to the core."""
    targets = TargetUsers(users=core.users, roles=core.roles)
    user_search = UserSearch(
        users=core.users,
        directory=UserDirectory(core.database),
        roles=core.roles,
        second_factors=core.second_factors,
    )
    administration = AdministrationService(
        database=core.database,
        users=core.users,
        targets=targets,
        user_search=user_search,
        account_removal=core.account_removal,
        audit=core.audit,
        outbox=core.outbox,
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
        identities=core.identities,
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
    requested_mails = RequestedMails(
        database=core.database,
        targets=targets,
        email_ownership=core.email_ownership,
        outbox=core.outbox,
        limits=core.outbox.limits,
        audit=core.audit,
        password_reset_mail=core.mail_kind("password_reset"),
        verification_mail=core.mail_kind("email_verification"),
        email_change_mail=core.mail_kind("email_change"),
    )
    user_creation = UserCreation(
        database=core.database,
        users=core.users,
        roles=core.roles,
        hasher=core.hasher,
        audit=core.audit,
        mails=requested_mails,
    )
    return Feature(
        controllers=(
            UserController,
            UserSessionController,
            *((UserMailController,) if core.outbox.is_on else ()),
        ),
        dependencies={
            "user_search": user_search,
            "explanations": explanation,
            "user_creation": user_creation,
            "users_administration": administration,
            "account_recovery": account_recovery,
            "factor_reset": factor_reset,
            "requested_mails": requested_mails,
        },
        services=(
            UserIdentities(
                database=core.database,
                users=core.users,
                identities=core.identities,
                removal=core.identity_removal,
            ),
        ),
    )


MANIFEST: Final = Manifest(
    tags={"Administration": "Users of the server, for those who have a role or a key with the permission."},
    mails=MAIL_KINDS,
    paths=(
        "/api/admin/users",
        "/api/admin/users/{user_id}",
        "/api/admin/users/{user_id}/explain",
        "/api/admin/users/{user_id}/disable",
        "/api/admin/users/{user_id}/enable",
        "/api/admin/users/{user_id}/password/reset",
        "/api/admin/users/{user_id}/email/resend",
        "/api/admin/users/{user_id}/email",
        "/api/admin/users/{user_id}/factors/reset",
        "/api/admin/users/{user_id}/sessions",
        "/api/admin/users/{user_id}/sessions/{session_id}",
    ),
    commands=(users, sessions, explain),
    build=build,
)
