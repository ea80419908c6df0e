"""Manifest of the user accounts."""

from typing import Final

from auth_api.manifest import Core, EndedAccess, Manifest, Revocation, RevocationStep
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
)
