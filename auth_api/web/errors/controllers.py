"""GET /errors and /errors/CODE."""

from typing import Annotated, Any, Final

from litestar import Controller, Request, Response, get
from litestar.params import PathParameter

from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.accept import prefers_html
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import public
from auth_api.web.errors.error_catalogue import ErrorCatalogue, Representation
from auth_api.web.errors.schemas import EXAMPLE_DESCRIPTION, EXAMPLE_LIST, ErrorDescription, ErrorDescriptionList

CATALOGUE_MAX_AGE_SECONDS: Final = 300


class ErrorController(Controller):
    """The error catalogue, to which the `type` of every error leads."""

    path = "/errors"
    tags = ("Operation",)

    @get(
        "/",
        summary="List all errors",
        operation_id="listErrors",
        also_html=True,
        **public(response=EXAMPLE_LIST),
    )
    async def list_errors(
        self, request: Request[Any, Any, Any], error_catalogue: Injected[ErrorCatalogue]
    ) -> Response[ErrorDescriptionList]:
        """Return all errors, their meaning and what a client should do. Browsers get an HTML page."""
        return _respond(error_catalogue.list_all(as_page=_prefers_page(request)))

    @get(
        "/{error_code:str}",
        summary="Describe an error",
        operation_id="readError",
        also_html=True,
        **public(NotFoundException, response=EXAMPLE_DESCRIPTION),
    )
    async def read_error(
        self,
        error_code: Annotated[str, PathParameter(description="An `error_code`.")],
        request: Request[Any, Any, Any],
        error_catalogue: Injected[ErrorCatalogue],
    ) -> Response[ErrorDescription]:
        """Return the meaning of an `error_code` and what a client should do. Browsers get an HTML page."""
        return _respond(error_catalogue.find(error_code, as_page=_prefers_page(request)))


def _prefers_page(request: Request[Any, Any, Any]) -> bool:
    return prefers_html(request.headers.get("Accept", ""))


def _respond(representation: Representation) -> Response[Any]:
    headers = {
        "Cache-Control": f"public, max-age={CATALOGUE_MAX_AGE_SECONDS}",
        "ETag": representation.etag,
        "Vary": "Accept",
    }
    return Response(representation.content, media_type=representation.media_type, headers=headers)
