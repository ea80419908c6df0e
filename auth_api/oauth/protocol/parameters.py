"""Read the parameters of OAuth requests, from the query of a GET or the form of a POST (RFC 6749 §3.1, §3.2)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request

from auth_api.kit.http.forms import check_form_type, parse_pairs
from auth_api.kit.http.oauth_errors import InvalidRequestException

HttpRequest = Request[Any, Any, Any]
"""Type of a request, for services that decide on its headers."""


class Parameters(msgspec.Struct, frozen=True):
    """The parameters of a request. Those without a value count as absent, and unknown ones are ignored (§3.1).

    Attributes:
        values: the values by name, in their order.
        repeatable: names that may be sent several times.
    """

    values: Mapping[str, tuple[str, ...]]
    repeatable: frozenset[str] = frozenset()

    def get(self, name: str) -> str | None:
        """Return the value of a parameter, or None if it is absent.

        Raises:
            InvalidRequestException: it was sent more than once, which is not allowed (§3.1).
        """
        if name in self.repeated:
            raise InvalidRequestException
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a parameter, in their order."""
        return self.values.get(name, ())

    @property
    def repeated(self) -> frozenset[str]:
        """Names that were sent more than once although they may not, known or not."""
        return frozenset(name for name, values in self.values.items() if len(values) > 1) - self.repeatable


async def read_parameters(request: HttpRequest, *, repeatable: frozenset[str] = frozenset()) -> Parameters:
    """Read the parameters of a request: a POST has them only in its body, other methods in the query.

    Args:
        request: the request. An empty body needs no content type.
        repeatable: names of parameters that may be sent several times.

    Raises:
        UnsupportedMediaTypeException: the body is not a form in UTF-8, or it is compressed.
        MalformedRequestException: there are too many parameters, or one cannot be decoded.
        PayloadTooLargeException: the body is too large.
    """
    if request.method == "POST":
        encoded = await request.body()
        if encoded:
            check_form_type(request.headers.get("content-type", ""), request.headers.get("content-encoding", ""))
    else:
        encoded = request.scope["query_string"]
    values: dict[str, tuple[str, ...]] = {}
    for name, value in parse_pairs(encoded):
        if value:
            values[name] = (*values.get(name, ()), value)
    return Parameters(values, repeatable)
