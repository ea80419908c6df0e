"""Routes of the user's own account."""

from typing import Any, Final

import msgspec
from litestar import Controller, Response, get, patch, post
from litestar.params import JSONBody

from auth_api.authentication.errors import PERMISSION_ERRORS, SessionRequiredException
from auth_api.credentials.api_keys.api_key import PROFILE_READ
from auth_api.events.audit.schemas import EXAMPLE_EVENT, AuditEventList, event_view
from auth_api.events.audit.service import AuditTrail
from auth_api.flows.account.export import ExportService
from auth_api.flows.account.schemas import DeletionRequest, PasswordChange, ProfileChange
from auth_api.flows.account.service import AccountService
from auth_api.kit.cookie_mode import forget_refresh_cookie
from auth_api.kit.errors import ValidationException
from auth_api.kit.http.access import Access
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, protected, with_access
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import LastAdministratorException
from auth_api.sessions.errors import AUTHENTICATION_ERRORS
from auth_api.sessions.principal import Principal
from auth_api.sessions.schemas import EXAMPLE_TOKEN_PAIR, TokenPair
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.errors import (
    DuplicateUsernameException,
    InvalidCredentialsException,
    UserNotFoundException,
    WeakPasswordException,
)
from auth_api.users.profile import EXAMPLE_PROFILE
from auth_api.users.schemas import EXAMPLE_USER, UserResponse, user_response
from auth_api.users.user import User

OWN_PROFILE: Final = Access(accepts_session=True, key_permission=PROFILE_READ)


class AccountController(Controller):
    """Read, change, export and delete the user's own account."""

    path = "/api/user"
    tags = ("Account",)

    @get(
        "/profile",
        summary="Read the profile",
        operation_id="readProfile",
        **with_access(
            OWN_PROFILE, *PERMISSION_ERRORS, SessionRequiredException, *DATABASE_ERRORS, response=EXAMPLE_USER
        ),
    )
    async def read_profile(self, current_user: Injected[User]) -> UserResponse:
        """Return the account that the access token belongs to.

        An API key of the user is accepted, too, if it has the scope `profile:read`.
        """
        return user_response(current_user)

    @get(
        "/audit-log",
        summary="Read the security history",
        operation_id="readAuditLog",
        **protected(
            ValidationException,
            *AUTHENTICATION_ERRORS,
            *DATABASE_ERRORS,
            response={"items": [EXAMPLE_EVENT], "next_cursor": None},
        ),
    )
    async def read_audit_log(
        self, current_user: Injected[User], audit: Injected[AuditTrail], page: Injected[PageRequest]
    ) -> AuditEventList:
        """Return the security events of the account, newest first."""
        rows, next_cursor = await audit.history(current_user.id, page)
        return AuditEventList(items=[event_view(row) for row in rows], next_cursor=next_cursor)

    @patch(
        "/profile",
        summary="Change the profile",
        operation_id="changeProfile",
        rate_limit="rename",
        **protected(
            *BODY_ERRORS,
            *AUTHENTICATION_ERRORS,
            UserNotFoundException,
            DuplicateUsernameException,
            *DATABASE_ERRORS,
            response={**EXAMPLE_USER, "username": "ada.lovelace"},
            request={"username": "ada.lovelace", **EXAMPLE_PROFILE},
        ),
    )
    async def change_profile(
        self,
        data: JSONBody[ProfileChange],
        current_user: Injected[User],
        accounts: Injected[AccountService],
        request_context: Injected[RequestContext],
    ) -> UserResponse:
        """Change the username and the profile."""
        return user_response(await accounts.change_profile(current_user, data.values(), request_context))

    @post(
        "/password",
        status_code=200,
        summary="Change the password",
        operation_id="changePassword",
        load_shedder="password_hashing",
        rate_limit="password_change",
        **protected(
            *BODY_ERRORS,
            WeakPasswordException,
            *AUTHENTICATION_ERRORS,
            InvalidCredentialsException,
            StepUpRequiredException,
            UserNotFoundException,
            TooManyAttemptsException,
            *DATABASE_ERRORS,
            response=EXAMPLE_TOKEN_PAIR,
            request={"current_password": "Tr0ub4dor&3-horse", "new_password": "Tr0ub4dor&4-mare"},
        ),
    )
    async def change_password(
        self,
        data: JSONBody[PasswordChange],
        principal: Injected[Principal],
        accounts: Injected[AccountService],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> TokenPair:
        """Change the password and end all sessions.

        The session of this request ends, too. The response has the tokens of a new session. An account with a second
        factor needs a recent proof by it, and an account without a password a recent login.
        """
        signed_in = await accounts.change_password(
            principal,
            current_password=data.current_password,
            new_password=data.new_password,
            request_context=request_context,
        )
        return sessions.token_pair(signed_in.session)

    @post(
        "/delete",
        status_code=204,
        summary="Delete the account",
        operation_id="deleteAccount",
        load_shedder="password_hashing",
        rate_limit="account_deletion",
        **protected(
            *BODY_ERRORS,
            *AUTHENTICATION_ERRORS,
            InvalidCredentialsException,
            StepUpRequiredException,
            UserNotFoundException,
            LastAdministratorException,
            TooManyAttemptsException,
            *DATABASE_ERRORS,
            request={"current_password": "Tr0ub4dor&3-horse"},
        ),
    )
    async def delete_account(
        self,
        data: JSONBody[DeletionRequest],
        principal: Injected[Principal],
        accounts: Injected[AccountService],
        request_context: Injected[RequestContext],
    ) -> None:
        """Delete the account and all its sessions permanently. Its id is never used again.

        The password confirms this, or a proof of identity in the last `STEP_UP_MAX_AGE_SECONDS`. An account with a
        second factor needs a recent proof by it, with or without the password. The last active administrator stays.
        """
        await accounts.delete(principal, current_password=data.current_password, request_context=request_context)
        forget_refresh_cookie()


def export_controller(schema: type[msgspec.Struct], example: dict[str, Any]) -> type[Controller]:
    """Return the route of the export.

    Args:
        schema: the response, with the members of all features.
        example: a response.
    """

    class ExportController(Controller):
        """Export the data of the account."""

        path = "/api/user"
        tags = AccountController.tags

        @get(
            "/export",
            summary="Export the account data",
            operation_id="exportEverything",
            rate_limit="export",
            **protected(*AUTHENTICATION_ERRORS, *DATABASE_ERRORS, response=example),
        )
        async def export(self, principal: Injected[Principal], exports: Injected[ExportService]) -> Response[schema]:  # type: ignore[valid-type]
            """Return the data stored about the user, without secrets. Browsers save it as a file.

            Each list contains at most the newest 1000 entries. `audit_events.next_cursor` is the cursor of the older
            events, if there are any.
            """
            document = await exports.export(principal)
            name = exports.file_name(principal, document)
            return Response(document, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    return ExportController
