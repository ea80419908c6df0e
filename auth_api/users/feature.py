"""Manifest of the user accounts."""

from typing import Final

from auth_api.manifest import Core, EndedAccess, Feature, Manifest, Revocation, RevocationStep
from auth_api.settings import Settings
from auth_api.users.errors import (
    DuplicateEmailException,
    DuplicateUsernameException,
    InvalidCredentialsException,
    UserNotFoundException,
    WeakPasswordException,
)
from auth_api.users.tables import UserRow


async def end_access(core: Core, access: EndedAccess) -> int:
    """Remove the password, if the event does."""
    if access.ends.removes_password:
        await core.email_ownership.remove_password(access.user_id)
    return 0


def build(core: Core, _settings: Settings) -> Feature:
    """Provide what the command line looks up and checks users with."""
    return Feature(services=(core.users, core.password_rules))


MANIFEST: Final = Manifest(
    tables=(UserRow,),
    errors=(
        DuplicateEmailException,
        DuplicateUsernameException,
        InvalidCredentialsException,
        UserNotFoundException,
        WeakPasswordException,
    ),
    revocation=Revocation(step=RevocationStep.ACCOUNT, tables=(UserRow,), end=end_access),
    build=build,
)
