"""Route of the revocation feed."""

from typing import Annotated

from litestar import Controller, get
from litestar.params import QueryParameter

from auth_api.authentication.errors import PERMISSION_ERRORS
from auth_api.flows.revocation_feed.schemas import (
    EXAMPLE_REVOCATIONS,
    RevocationsResponse,
    parse_since,
    revocations_view,
)
from auth_api.flows.revocation_feed.service import RevocationFeed
from auth_api.kit.errors import ValidationException
from auth_api.kit.http.access import permitted
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import DATABASE_ERRORS, with_access

_Since = Annotated[
    str | None,
    QueryParameter(
        description="`as_of` of the previous response; without it, everything is returned that still matters.",
        schema_extra={"type": "string", "format": "date-time", "one_of": None},
    ),
]


class RevocationFeedController(Controller):
    """Revoked access tokens."""

    path = "/api/revocations"
    tags = ("Resource servers",)

    @get(
        "",
        summary="Read revocations",
        operation_id="readRevocations",
        **with_access(
            permitted("revocations:read", accepts_key=True),
            ValidationException,
            *PERMISSION_ERRORS,
            *DATABASE_ERRORS,
            response=EXAMPLE_REVOCATIONS,
        ),
    )
    async def read_revocations(
        self, revocation_feed: Injected[RevocationFeed], since: _Since = None
    ) -> RevocationsResponse:
        """Return the access tokens that services must refuse although they have not expired.

        A service that verifies tokens itself polls this operation every few seconds, and keeps the union of all
        responses. Each response also repeats what was revoked shortly before `since`, as it may have appeared late.
        """
        found = await revocation_feed.read(parse_since(since))
        return revocations_view(found, window=revocation_feed.window)
