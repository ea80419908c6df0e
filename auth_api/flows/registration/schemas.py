"""Requests and responses of registration."""

from typing import Any

from auth_api.users.profile import EXAMPLE_PROFILE
from auth_api.users.schemas import (
    NewUser,
    RegistrationEmailField,
    RegistrationPasswordField,
)

EXAMPLE_REGISTRATION: dict[str, Any] = {
    "email": "ada@example.com",
    "username": "ada",
    "password": "Tr0ub4dor&3-horse",
    **EXAMPLE_PROFILE,
}


class RegisterRequest(NewUser, frozen=True, kw_only=True):
    """Create an account."""

    email: RegistrationEmailField
    password: RegistrationPasswordField
