"""What goes over the wire when somebody registers."""

from typing import Any

import msgspec

from auth_api.sessions.schemas import EXAMPLE_TOKEN_PAIR, TokenPair
from auth_api.users.account import Account
from auth_api.users.schemas import EXAMPLE_USER, EmailField, NewPasswordField, Timestamp, UsernameField, user_fields

EXAMPLE_REGISTRATION: dict[str, Any] = {
    "email": "ada@example.com",
    "username": "ada",
    "password": "Tr0ub4dor&3-horse",
}
EXAMPLE_REGISTERED: dict[str, Any] = {**EXAMPLE_USER, **EXAMPLE_TOKEN_PAIR}


class RegisterRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open an account."""

    email: EmailField
    username: UsernameField
    password: NewPasswordField


class Registered(TokenPair, frozen=True, kw_only=True):
    """The new account and its first pair of tokens, in one flat object."""

    id: int
    username: str
    email: str
    is_active: bool
    email_verified: bool
    created_at: Timestamp
    updated_at: Timestamp
    last_login: Timestamp | None


def registered_view(account: Account, tokens: TokenPair) -> Registered:
    """Show a new account with its tokens."""
    return Registered(**user_fields(account), **msgspec.structs.asdict(tokens))
