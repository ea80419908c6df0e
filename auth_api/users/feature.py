"""Manifest of the user accounts."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.users.errors import (
    DuplicateEmailException,
    DuplicateUsernameException,
    InvalidCredentialsException,
    UserNotFoundException,
    WeakPasswordException,
)
from auth_api.users.tables import UserRow

MANIFEST: Final = Manifest(
    tables=(UserRow,),
    errors=(
        DuplicateEmailException,
        DuplicateUsernameException,
        InvalidCredentialsException,
        UserNotFoundException,
        WeakPasswordException,
    ),
)
