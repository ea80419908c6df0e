"""Routes with which administrators create, change, disable, enable and delete users."""

from typing import Annotated, Final

from litestar import Controller, Response, delete, patch, post
from litestar.params import JSONBody, PathParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.flows.administration.factor_reset import FactorResetService
from auth_api.flows.administration.schemas import (
    EXAMPLE_ADMIN_USER,
    AdminUser,
    RemovedFactors,
    UserCreationRequest,
)
from auth_api.flows.administration.service import AdministrationService
from auth_api.flows.administration.user_creation import UserCreation
from auth_api.flows.administration.user_path import RANK_ERRORS, user_id_of
from auth_api.flows.administration.user_search import UserSearch
from auth_api.kit.http.access import administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.json import NoFields
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, with_access
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import LastAdministratorException
from auth_api.roles.permissions import USER_CREDENTIALS
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException, WeakPasswordException
from auth_api.users.schemas import UserChange

UserId = Annotated[str, PathParameter(description="The `id` of the user.")]

WRITES_USERS: Final = administration("users:write", accepts_key=True)
DISABLES_USERS: Final = administration("users:write", accepts_key=True, needs_recent_proof=True)
DELETES_USERS: Final = administration("users:delete", accepts_key=True, needs_recent_proof=True)
RESETS_FACTORS: Final = administration(USER_CREDENTIALS, needs_recent_proof=True)


class UserChangeController(Controller):
    """Create, change, disable, enable and delete users."""

    @post(
        "/",
        summary="Create a user",
        operation_id="createUser",
        load_shedder="password_hashing",
        **with_access(
            WRITES_USERS,
            *BODY_ERRORS,
            WeakPasswordException,
            *ADMINISTRATION_ERRORS,
            DuplicateEmailException,
            DuplicateUsernameException,
            *DATABASE_ERRORS,
            response=EXAMPLE_ADMIN_USER,
            request={"email": "grace@example.com", "username": "grace", "password": "Tr0ub4dor&3-horse"},
        ),
    )
    async def create_user(
        self,
        data: JSONBody[UserCreationRequest],
        caller: Injected[Caller],
        user_creation: Injected[UserCreation],
        user_search: Injected[UserSearch],
        request_context: Injected[RequestContext],
    ) -> Response[AdminUser]:
        """Create a user, whether or not people can register.

        Without a password, the user gets an e-mail with a link to set one; otherwise one with a link that verifies the
        e-mail address, unless `email_verified` is true.
        """
        if data.email_verified:
            caller = caller.require(USER_CREDENTIALS)
        user = await user_creation.create(data, by=caller.authority, request_context=request_context)
        location = {"Location": f"/api/admin/users/{user.id}"}
        return Response(await user_search.read(user.id), status_code=201, headers=location)

    @patch(
        "/{user_id:str}",
        summary="Change a user",
        operation_id="changeUser",
        **with_access(
            WRITES_USERS,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            *RANK_ERRORS,
            DuplicateUsernameException,
            *DATABASE_ERRORS,
            response=EXAMPLE_ADMIN_USER,
            request={"username": "grace", "display_name": "Grace Hopper"},
        ),
    )
    async def change_user(
        self,
        user_id: UserId,
        data: JSONBody[UserChange],
        caller: Injected[Caller],
        users_administration: Injected[AdministrationService],
        request_context: Injected[RequestContext],
    ) -> AdminUser:
        """Change the username, the profile and keys of the metadata. The user gets an e-mail about a new username."""
        target = user_id_of(user_id)
        await users_administration.change(target, data.values(), by=caller.authority, request_context=request_context)
        return await users_administration.user_search.read(target)

    @post(
        "/{user_id:str}/disable",
        status_code=200,
        summary="Disable a user",
        operation_id="disableUser",
        **with_access(
            DISABLES_USERS,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            *RANK_ERRORS,
            LastAdministratorException,
            *DATABASE_ERRORS,
            response={**EXAMPLE_ADMIN_USER, "is_active": False},
            request={},
        ),
    )
    async def disable_user(
        self,
        user_id: UserId,
        data: JSONBody[NoFields],  # noqa: ARG002 - checks that the body is an empty object
        caller: Injected[Caller],
        users_administration: Injected[AdministrationService],
        request_context: Injected[RequestContext],
    ) -> AdminUser:
        """End all sessions of a user, and refuse logins and API keys until the user is enabled. No e-mail is sent."""
        target = user_id_of(user_id)
        await users_administration.disable(target, by=caller.authority, request_context=request_context)
        return await users_administration.user_search.read(target)

    @post(
        "/{user_id:str}/enable",
        status_code=200,
        summary="Enable a user",
        operation_id="enableUser",
        **with_access(
            WRITES_USERS,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            *RANK_ERRORS,
            *DATABASE_ERRORS,
            response=EXAMPLE_ADMIN_USER,
            request={},
        ),
    )
    async def enable_user(
        self,
        user_id: UserId,
        data: JSONBody[NoFields],  # noqa: ARG002 - as above
        caller: Injected[Caller],
        users_administration: Injected[AdministrationService],
        request_context: Injected[RequestContext],
    ) -> AdminUser:
        """Permit logins of a disabled user again. Ended sessions stay ended. No e-mail is sent."""
        target = user_id_of(user_id)
        await users_administration.enable(target, by=caller.authority, request_context=request_context)
        return await users_administration.user_search.read(target)

    @delete(
        "/{user_id:str}",
        summary="Delete a user",
        operation_id="deleteUser",
        **with_access(
            DELETES_USERS, *ADMINISTRATION_ERRORS, *RANK_ERRORS, LastAdministratorException, *DATABASE_ERRORS
        ),
    )
    async def delete_user(
        self,
        user_id: UserId,
        caller: Injected[Caller],
        users_administration: Injected[AdministrationService],
        request_context: Injected[RequestContext],
    ) -> None:
        """Delete a user with all sessions and API keys permanently. The id is never used again."""
        await users_administration.delete(user_id_of(user_id), by=caller.authority, request_context=request_context)

    @post(
        "/{user_id:str}/factors/reset",
        status_code=200,
        summary="Remove the second factors of a user",
        operation_id="resetFactors",
        **with_access(
            RESETS_FACTORS,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            *RANK_ERRORS,
            *DATABASE_ERRORS,
            response={"factors_removed": 1, "sessions_ended": 2},
            request={},
        ),
    )
    async def reset_factors(
        self,
        user_id: UserId,
        data: JSONBody[NoFields],  # noqa: ARG002 - as above
        caller: Injected[Caller],
        factor_reset: Injected[FactorResetService],
        request_context: Injected[RequestContext],
    ) -> RemovedFactors:
        """Remove all second factors and recovery codes, switch off two-step login and end all sessions.

        Identify the person first: after this, the password is enough to log in. The user gets an e-mail.
        """
        done = await factor_reset.reset(user_id_of(user_id), by=caller.authority, request_context=request_context)
        return RemovedFactors(factors_removed=done.factors_removed, sessions_ended=done.sessions_ended)
