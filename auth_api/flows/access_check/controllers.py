"""Route of access checks."""

from litestar import Controller, post
from litestar.params import JSONBody

from auth_api.authentication.errors import PERMISSION_ERRORS
from auth_api.flows.access_check.schemas import (
    EXAMPLE_CHECK,
    EXAMPLE_CHECK_OF_USER,
    EXAMPLE_CHECKED,
    AccessCheckRequest,
    AccessCheckResponse,
    access_check_view,
)
from auth_api.flows.access_check.service import AccessCheck
from auth_api.kit.http.access import permitted
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, with_access, with_examples


class AccessCheckController(Controller):
    """Access checks."""

    path = "/api/access/check"
    tags = ("Resource servers",)

    @post(
        "",
        status_code=200,
        summary="Check access",
        operation_id="checkAccess",
        **with_examples(
            with_access(
                permitted("access:check", accepts_key=True),
                *BODY_ERRORS,
                *PERMISSION_ERRORS,
                *DATABASE_ERRORS,
                response=EXAMPLE_CHECKED,
                request=EXAMPLE_CHECK,
            ),
            requests={"of a user": EXAMPLE_CHECK_OF_USER},
        ),
    )
    async def check_access(
        self, data: JSONBody[AccessCheckRequest], access_check: Injected[AccessCheck]
    ) -> AccessCheckResponse:
        """Return who the holder of an access token or API key is, and which permissions it has at this moment.

        The response is 200 also for a token, key or user that is not active.
        """
        names = list(dict.fromkeys(data.permissions))
        if data.token is not None:
            return access_check_view(await access_check.of_token(data.token, names))
        return access_check_view(await access_check.of_user(data.user_id or 0, names))
