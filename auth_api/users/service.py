"""Look up, create, change and delete users. The calling flow opens the transaction and writes the audit row."""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Final

from auth_api.kit import base64url
from auth_api.users import credentials_repository, repository, two_step_repository
from auth_api.users.credentials_repository import RecordedLogin
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException, UserNotFoundException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername, Identifier, parse_identifier
from auth_api.users.metadata import merged_metadata
from auth_api.users.profile import EMPTY_PROFILE, ProfileInput, stated_fields
from auth_api.users.user import AccountDetails, Credentials, User

HANDLE_BYTES: Final = 32
"""Of the handle by which authenticators know a user; WebAuthn L3 §5.4.3 allows 64."""


@dataclass(frozen=True, slots=True)
class UserService:
    """Look up, create, change and delete users."""

    async def create(
        self,
        *,
        email: CanonicalEmail,
        username: CanonicalUsername,
        hashed_password: str,
        locale: str | None = None,
        profile: ProfileInput = EMPTY_PROFILE,
    ) -> User:
        """Create a user. Of concurrent calls with the same e-mail address or username, exactly one succeeds.

        Raises:
            DuplicateEmailException: the e-mail address is taken (and perhaps the username as well).
            DuplicateUsernameException: only the username is taken.
        """
        user = await self._insert(email, username, hashed_password, locale)
        stated = stated_fields(profile)
        return await self.change_profile(user.id, stated) if stated else user

    async def find_credentials(self, identifier: Identifier) -> Credentials | None:
        """Return the credentials of the identified user, or None if there is none."""
        if identifier.email is not None:
            return await credentials_repository.by_email(identifier.email)
        if identifier.username is not None:
            return await credentials_repository.by_username(identifier.username)
        return None

    async def find(self, name: str) -> User:
        """Return the user with this username or e-mail address.

        Raises:
            UserNotFoundException: such a user does not exist.
        """
        found = await self.find_credentials(parse_identifier(email=None, username=name))
        if found is None:
            raise UserNotFoundException
        return found.user

    async def get_credentials(self, user_id: int) -> Credentials:
        """Return the credentials of a user who is expected to exist.

        Raises:
            UserNotFoundException: the user does not exist.
        """
        credentials = await credentials_repository.by_id(user_id)
        if credentials is None:
            raise UserNotFoundException
        return credentials

    async def get_details(self, user_id: int) -> AccountDetails:
        """Return what is stored about a user and needed only rarely.

        Raises:
            UserNotFoundException: the user does not exist.
        """
        details = await repository.find_details(user_id)
        if details is None:
            raise UserNotFoundException
        return details

    async def lock(self, user_id: int) -> User | None:
        """Lock a user before the sessions and tokens of the user are locked, until the end of the transaction.

        Returns:
            The user as of now, or None if the user does not exist.
        """
        return await repository.lock(user_id)

    async def lock_all(self) -> None:
        """Lock all users against changes until the end of the transaction. Only for PostgreSQL."""
        await repository.lock_all()

    async def record_password_login(
        self, checked: Credentials, *, new_hash: str | None, is_first_step: bool = False
    ) -> RecordedLogin | None:
        """Set `last_login` to the present, and store the password's new hash if there is one.

        `last_login` of a user with two-step login stays: `record_login` sets it after the second factor. The row stays
        locked until the end of the transaction.

        Args:
            checked: the credentials, with the hash that the password was compared with.
            new_hash: replaces the hash; None if it stays.
            is_first_step: whether the server requires a second factor of this user, as two-step login does.

        Returns:
            The user; None, and nothing changed, if the user has been deleted, or the password has been replaced since
            it was checked.
        """
        return await credentials_repository.record_password_login(
            checked.user.id,
            checked_hash=checked.hashed_password,
            new_hash=new_hash or checked.hashed_password,
            is_first_step=is_first_step,
        )

    async def record_first_factor(self, user_id: int, *, is_first_step: bool = False) -> RecordedLogin | None:
        """Lock the row of a user who has proved their identity without a password, see `record_password_login`.

        Wrong second factors stay counted: only a right one ends their row.

        Args:
            user_id: the user.
            is_first_step: whether the server requires a second factor of this user.

        Returns:
            The user; None if the user has been deleted.
        """
        return await credentials_repository.record_first_factor(user_id, is_first_step=is_first_step)

    async def record_login(self, user_id: int) -> RecordedLogin | None:
        """Set `last_login` to the present, and forget the wrong second factors; None if the user has been deleted.

        The row stays locked until the end of the transaction.
        """
        return await credentials_repository.record_login(user_id)

    async def count_second_factor_failure(self, user_id: int, *, maximum: int) -> int:
        """Count a wrong second factor, and return how many there were in a row; the next after `maximum` is the first.

        The row of the user stays locked until the end of the transaction.
        """
        return await two_step_repository.count_second_factor_failure(user_id, maximum=maximum)

    async def set_two_step(self, user_id: int, *, is_on: bool) -> User | None:
        """Switch two-step login on or off, inside a transaction that has locked the user's row.

        Returns:
            The changed user; None if there was nothing to change.
        """
        change = two_step_repository.enable_two_step if is_on else two_step_repository.disable_two_step
        return await change(user_id)

    async def forget_second_factor_failures(self, user_id: int) -> None:
        """Forget the wrong second factors of a user. The row stays locked until the end of the transaction."""
        await two_step_repository.forget_second_factor_failures(user_id)

    async def webauthn_handle(self, user_id: int) -> str:
        """Return the handle by which authenticators know the user, which never changes.

        It is random, because authenticators show it to everyone who has them in hand (WebAuthn L3 §14.6.1).

        Raises:
            UserNotFoundException: the user does not exist.
        """
        handle = await two_step_repository.webauthn_handle(
            user_id, proposed=base64url.encode(token_bytes(HANDLE_BYTES))
        )
        if handle is None:
            raise UserNotFoundException
        return handle

    async def change_profile(self, user_id: int, values: Mapping[str, Any]) -> User:
        """Change the username, fields of the profile and keys of the metadata, inside a transaction.

        Args:
            user_id: the user to change.
            values: the new values by name, in the form that the checks of the fields return. Those of `metadata` are
                merged with the stored ones, while the row of the user is locked.

        Raises:
            DuplicateUsernameException: another user has the username.
            UserNotFoundException: the user does not exist.
            ValidationException: the metadata would be too long.
        """
        if "metadata" in values:
            stored = await repository.lock(user_id)
            if stored is None:
                raise UserNotFoundException
            values = {**values, "metadata": merged_metadata(stored.metadata, values["metadata"])}
        user = await repository.change_profile(user_id, values)
        if user is None:
            raise UserNotFoundException
        return user

    async def set_password(self, checked: Credentials, new_hash: str) -> User | None:
        """Replace the password.

        Return None and change nothing if the user has been disabled or deleted, or the password has been replaced
        since it was checked.
        """
        return await credentials_repository.set_password(
            checked.user.id, checked_hash=checked.hashed_password, new_hash=new_hash
        )

    async def set_active(self, user_id: int, *, active: bool) -> User | None:
        """Enable or disable the user. Return None if there was nothing to change. Only `AccountRemoval` disables."""
        return await repository.set_active(user_id, active=active)

    async def delete(self, user_id: int) -> bool:
        """Delete the user with all sessions and tokens. Return False if there is none. Only for `AccountRemoval`."""
        return await repository.delete(user_id)

    async def verify_email(self, user: User) -> bool:
        """Mark the e-mail address as verified. Return False if it already was, or if the user has another one now."""
        return await repository.mark_verified(user.id, CanonicalEmail(user.email))

    async def _insert(
        self, email: CanonicalEmail, username: CanonicalUsername, hashed_password: str, locale: str | None
    ) -> User:
        user = await repository.insert(email, username, hashed_password, locale=locale)
        if user is not None:
            return user
        email_is_taken, username_is_taken = await repository.find_taken(email, username)
        if email_is_taken:
            raise DuplicateEmailException
        if username_is_taken:
            raise DuplicateUsernameException
        return await repository.insert_or_fail(email, username, hashed_password, locale=locale)
