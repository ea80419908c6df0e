"""The profile, and leaving."""

from litestar import Controller, get, patch, post
from litestar.params import JSONBody

from auth_api.account.schemas import DeletionRequest, ProfileChange
from auth_api.account.service import AccountService
from auth_api.kit.http.injection import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, protected
from auth_api.kit.origin import Origin
from auth_api.sessions.errors import AUTHENTICATION_ERRORS
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.account import Account
from auth_api.users.errors import DuplicateUsernameException, InvalidCredentialsException, UserNotFoundException
from auth_api.users.schemas import EXAMPLE_USER, User, user_view


class AccountController(Controller):
    """One's own account."""

    path = "/api/user"
    tags = ("Account",)

    @get(
        "/profile",
        summary="Read the profile",
        operation_id="readProfile",
        **protected(*AUTHENTICATION_ERRORS, *DATABASE_ERRORS, answer=EXAMPLE_USER),
    )
    async def read_profile(self, current_user: Injected[Account]) -> User:
        """Return the account behind the token."""
        return user_view(current_user)

    @patch(
        "/profile",
        summary="Change the profile",
        operation_id="changeProfile",
        **protected(
            *BODY_ERRORS,
            *AUTHENTICATION_ERRORS,
            UserNotFoundException,
            DuplicateUsernameException,
            *DATABASE_ERRORS,
            answer={**EXAMPLE_USER, "username": "ada.lovelace"},
            request={"username": "ada.lovelace"},
        ),
    )
    async def change_profile(
        self,
        data: JSONBody[ProfileChange],
        current_user: Injected[Account],
        accounts: Injected[AccountService],
        origin: Injected[Origin],
    ) -> User:
        """Change the username."""
        return user_view(await accounts.rename(current_user, data.username, origin))

    @post(
        "/delete",
        status_code=204,
        summary="Delete the account",
        operation_id="deleteAccount",
        **protected(
            *BODY_ERRORS,
            *AUTHENTICATION_ERRORS,
            InvalidCredentialsException,
            UserNotFoundException,
            TooManyAttemptsException,
            *DATABASE_ERRORS,
            request={"current_password": "Tr0ub4dor&3-horse"},
        ),
    )
    async def delete_account(
        self,
        data: JSONBody[DeletionRequest],
        current_user: Injected[Account],
        accounts: Injected[AccountService],
        origin: Injected[Origin],
    ) -> None:
        """Delete the account and all its sessions, for good. Its number is never given out again."""
        await accounts.delete(current_user, current_password=data.current_password, origin=origin)
