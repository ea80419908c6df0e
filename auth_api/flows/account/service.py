"""Changes of an account by its user."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from auth_api.credentials.api_keys.service import ApiKeys
from auth_api.credentials.passwords.events import PasswordEvent
from auth_api.credentials.passwords.mails import PASSWORD_CHANGED as PASSWORD_CHANGED_MAIL
from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.db.database import Database
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.account_removal import AccountRemoval
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sessions.principal import Principal
from auth_api.sign_in.freshness import Freshness
from auth_api.sign_in.proof import AMR_PASSWORD, Proof, methods_after
from auth_api.sign_in.service import SignedIn, SignIn
from auth_api.users.errors import InvalidCredentialsException, UserNotFoundException, WeakPasswordException
from auth_api.users.password_rules import PasswordRules
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountService:
    """Changes the profile and the password of the user's own account, and deletes it."""

    database: Database
    users: UserService
    audit: AuditTrail
    passwords: PasswordService
    api_keys: ApiKeys
    freshness: Freshness
    password_rules: PasswordRules
    sign_in: SignIn
    access_revocation: AccessRevocation
    account_removal: AccountRemoval
    outbox: Outbox

    async def change_profile(
        self, user: User, values: Mapping[str, str | None], request_context: RequestContext
    ) -> User:
        """Change the username and fields of the profile, given by name.

        Raises:
            DuplicateUsernameException: another user has the username.
            UserNotFoundException: the user was deleted in the meantime.
        """

        async def work() -> User:
            changed = await self.users.change_profile(user.id, values)
            await self.audit.record(
                AccountEvent.PROFILE_CHANGED, user_id=user.id, request_context=request_context, fields=sorted(values)
            )
            return changed

        return await self.database.transaction(work)

    async def change_password(
        self,
        principal: Principal,
        *,
        current_password: str | None,
        new_password: str,
        request_context: RequestContext,
        carrier: BrowserCarrier | None = None,
    ) -> SignedIn:
        """Change the password, revoke all access to the account and open a new session.

        The new session has the proofs of identity of the caller's one, and the current password as the last of them. A
        browser keeps it if there is a `carrier`, which replaces no session: all of them end.

        Raises:
            StepUpRequiredException: the account has a second factor or no password, and the last proof of identity is
                too weak or too old. No password was compared.
            ValidationException: the account has a password, and the request does not.
            WeakPasswordException: the new password breaks a rule, or is the current one.
            InvalidCredentialsException: the current password is wrong, or was changed in the meantime.
            TokenRevokedException: the session has ended in the meantime.
            TooManyAttemptsException: there were too many wrong passwords. This one was not compared.
            UserNotFoundException: the user was deleted in the meantime.
            ServerOverloadedException: too many hashes are waiting.
        """
        user = principal.user
        credentials = await self.freshness.admit_password_change(principal)
        if credentials.has_password and current_password is None:
            raise ValidationException([FieldError("current_password", "missing", "Send the current password.")])
        identifiers = {"username": user.username, "email": user.email}
        self.password_rules.check(new_password, identifiers, field="new_password")
        if current_password is not None:
            if unicodedata.normalize("NFC", new_password) == unicodedata.normalize("NFC", current_password):
                unchanged = FieldError("new_password", "unchanged", "Must differ from the current password.")
                raise WeakPasswordException([unchanged])
            await self.freshness.check_password(principal, current_password, credentials, request_context)
        new_hash = await self.passwords.hasher.hash(new_password)

        async def work() -> SignedIn | None:
            changed = await self.users.set_password(credentials, new_hash)
            if changed is None:
                return None
            is_proof = current_password is not None
            present = await self.freshness.confirm_again(principal, has_password_sent=is_proof)
            ended = await self.access_revocation.revoke(AccessEvent.PASSWORD_CHANGED, user.id)
            await self.audit.record(
                PasswordEvent.PASSWORD_CHANGED, user_id=user.id, request_context=request_context, sessions_ended=ended
            )
            kept_keys = await self.api_keys.live_hints(user.id)
            await self.outbox.to_user(PASSWORD_CHANGED_MAIL, user.id, request_context, kept_keys=kept_keys)
            proof = Proof(
                user=changed,
                methods=methods_after(AMR_PASSWORD, present.amr) if is_proof else present.amr,
                has_administrative_role=credentials.has_administrative_role,
                auth_time=changed.updated_at,
                mfa_at=present.mfa_at,
                identity_id=await self.freshness.sessions.identity_of(present.session_id),
                is_signed_in=True,
            )
            return await self.sign_in.complete(proof, request_context, carrier=carrier)

        signed_in = await self.database.transaction(work)
        if signed_in is None:  # another request changed the password after the check
            raise InvalidCredentialsException(field="current_password")
        return signed_in

    async def delete(
        self, principal: Principal, *, current_password: str | None, request_context: RequestContext
    ) -> None:
        """Delete the account with its sessions and tokens. Its audit rows stay, without the user.

        Raises:
            UserNotFoundException: the user was deleted, or the password was changed, in the meantime.
            LastAdministratorException: no active administrator would remain.
            ApplicationException: the user did not confirm the deletion, see `Freshness.confirm` and `hold`.
        """
        credentials = await self.freshness.confirm(
            principal, current_password=current_password, request_context=request_context
        )

        async def admit() -> User:
            await self.freshness.hold(principal, has_password_sent=current_password is not None)
            present = await self.users.get_credentials(principal.id)
            if present.hashed_password != credentials.hashed_password:
                raise UserNotFoundException
            return present.user

        await self.database.transaction(lambda: self.account_removal.delete(principal.id, request_context, admit=admit))
