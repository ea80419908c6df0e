"""Route of the caller's own permissions."""

from typing import Final

from litestar import Controller, get

from auth_api.authentication.caller import Caller
from auth_api.flows.own_permissions.schemas import EXAMPLE_ACCESS, AccessResponse, access_view
from auth_api.kit.http.access import Access
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import DATABASE_ERRORS, with_access
from auth_api.sessions.errors import AUTHENTICATION_ERRORS

ANY_CALLER: Final = Access(accepts_session=True, accepts_key=True, loads_rights=True)


class OwnPermissionsController(Controller):
    """The caller's own permissions."""

    path = "/api/user/permissions"
    tags = ("Account",)

    @get(
        "",
        summary="Read the own permissions",
        operation_id="readOwnPermissions",
        **with_access(ANY_CALLER, *AUTHENTICATION_ERRORS, *DATABASE_ERRORS, response=EXAMPLE_ACCESS),
    )
    async def read_permissions(self, caller: Injected[Caller]) -> AccessResponse:
        """Return the roles of the user and what the caller may do at this moment."""
        return access_view(caller)
