"""Routes with which administrators find users."""

from typing import Annotated, Any, Final

from litestar import Controller, get
from litestar.di import Provide
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import PathParameter, QueryParameter

from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.flows.administration.explanation import ExplanationService
from auth_api.flows.administration.schemas import (
    EXAMPLE_ADMIN_USER,
    EXAMPLE_EXPLANATION,
    AdminUser,
    AdminUserList,
    ExplanationResponse,
    explanation_view,
)
from auth_api.flows.administration.user_filter import (
    MAX_IDS,
    MIN_PREFIX_CHARACTERS,
    FilterKind,
    UserFilter,
    requested_filter,
)
from auth_api.flows.administration.user_path import user_id_of
from auth_api.flows.administration.user_search import UserSearch
from auth_api.kit.errors import ValidationException
from auth_api.kit.http.access import administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import DATABASE_ERRORS, with_access
from auth_api.kit.pagination import PageRequest
from auth_api.users.errors import UserNotFoundException
from auth_api.users.identifiers import MAX_EMAIL_LENGTH

UserId = Annotated[str, PathParameter(description="The `id` of the user.")]

READS_USERS: Final = administration("users:read", accepts_key=True)


def _filter(description: str, **schema: Any) -> QueryParameter:
    return QueryParameter(description=description, schema_extra={"type": "string", "one_of": None, **schema})


_PREFIX: Final = {"min_length": MIN_PREFIX_CHARACTERS, "max_length": MAX_EMAIL_LENGTH}


def provide_user_filter(  # noqa: PLR0913 - one parameter for each filter
    *,
    ids: Annotated[
        list[str] | None,
        QueryParameter(
            name="id",
            description=f"1 to {MAX_IDS} ids: `id=7&id=9`. The list is one page.",
            schema_extra={"type": "array", "items": Schema(type=OpenAPIType.INTEGER), "one_of": None},
        ),
    ] = None,
    email: Annotated[str | None, _filter("The whole e-mail address.")] = None,
    username: Annotated[str | None, _filter("The whole username.")] = None,
    username_prefix: Annotated[str | None, _filter("The beginning of the username, ASCII.", **_PREFIX)] = None,
    email_prefix: Annotated[str | None, _filter("The beginning of the e-mail address, ASCII.", **_PREFIX)] = None,
    role: Annotated[str | None, _filter("The name of a role.")] = None,
    status: Annotated[str | None, _filter("Only disabled users.", enum=["disabled"])] = None,
    verified: Annotated[str | None, _filter("Only users whose e-mail address is not verified.", enum=["false"])] = None,
) -> UserFilter:
    """Return which users are requested: all, or those of one parameter.

    Raises:
        ValidationException: the parameter is invalid, or there are two.
    """
    texts = {
        FilterKind.EMAIL: email,
        FilterKind.USERNAME: username,
        FilterKind.USERNAME_PREFIX: username_prefix,
        FilterKind.EMAIL_PREFIX: email_prefix,
        FilterKind.ROLE: role,
        FilterKind.DISABLED: status,
        FilterKind.UNVERIFIED: verified,
    }
    return requested_filter(ids, texts)


class UserSearchController(Controller):
    """Find and read users."""

    path = "/api/admin/users"
    tags = ("Administration",)

    @get(
        "/",
        summary="Find users",
        operation_id="findUsers",
        dependencies={"user_filter": Provide(provide_user_filter, sync_to_thread=False)},
        **with_access(
            READS_USERS,
            ValidationException,
            *ADMINISTRATION_ERRORS,
            *DATABASE_ERRORS,
            response={"items": [EXAMPLE_ADMIN_USER], "next_cursor": None},
        ),
    )
    async def find_users(
        self, user_filter: Injected[UserFilter], user_search: Injected[UserSearch], page: Injected[PageRequest]
    ) -> AdminUserList:
        """Return all users, or those that one parameter describes.

        The list begins with the newest user. With a prefix, it is in the order of the bytes of the text. A user who
        changes the text between two pages may be on both or on none.
        """
        users, next_cursor = await user_search.find(user_filter, page)
        return AdminUserList(items=await user_search.describe(users), next_cursor=next_cursor)

    @get(
        "/{user_id:str}",
        summary="Read a user",
        operation_id="readUser",
        **with_access(
            READS_USERS, *ADMINISTRATION_ERRORS, UserNotFoundException, *DATABASE_ERRORS, response=EXAMPLE_ADMIN_USER
        ),
    )
    async def read_user(self, user_id: UserId, user_search: Injected[UserSearch]) -> AdminUser:
        """Return a user."""
        return (await user_search.describe([await user_search.get(user_id_of(user_id))]))[0]

    @get(
        "/{user_id:str}/explain",
        summary="Explain why a user cannot log in",
        operation_id="explainUser",
        **with_access(
            READS_USERS, *ADMINISTRATION_ERRORS, UserNotFoundException, *DATABASE_ERRORS, response=EXAMPLE_EXPLANATION
        ),
    )
    async def explain(self, user_id: UserId, explanations: Injected[ExplanationService]) -> ExplanationResponse:
        """Return what is in the way of a login of the user, except for a wrong password."""
        return explanation_view(await explanations.explain_user(user_id_of(user_id)))
