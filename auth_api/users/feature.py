"""Manifest of the user accounts."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, ExportPart, Feature, Manifest
from auth_api.settings import Settings
from auth_api.users.errors import (
    DuplicateEmailException,
    DuplicateUsernameException,
    InvalidCredentialsException,
    RegistrationClosedException,
    UserNotFoundException,
    WeakPasswordException,
)
from auth_api.users.export import EXAMPLE_EXPORT, AccountExport, export_account
from auth_api.users.field_checks import field_checks, own_field_checks
from auth_api.users.policy import RegistrationPolicy
from auth_api.users.tables import UserRow


async def end_access(core: Core, access: EndedAccess) -> int:
    """Remove the password, if the event does."""
    if access.ends.removes_password:
        await core.email_ownership.remove_password(access.user_id)
    return 0


def build(core: Core, settings: Settings) -> Feature:
    """Provide the checks of new values, and what the command line looks up users with."""
    checks = {
        **field_checks(core.password_rules),
        **own_field_checks(settings.of(RegistrationPolicy), core.password_rules),
    }
    return Feature(dependencies={"users": core.users}, field_checks=checks, services=(core.password_rules,))


MANIFEST: Final = Manifest(
    tables=(UserRow,),
    errors=(
        DuplicateEmailException,
        DuplicateUsernameException,
        InvalidCredentialsException,
        RegistrationClosedException,
        UserNotFoundException,
        WeakPasswordException,
    ),
    revocation=Revocation(step=RevocationStep.ACCOUNT, tables=(UserRow,), end=end_access),
    export=ExportPart(
        schema=AccountExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, _limit: export_account(core.users, principal.id),
    ),
    policies={"Registration": (RegistrationPolicy,)},
    build=build,
)
