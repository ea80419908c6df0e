"""What a request presents to prove which application sends it (RFC 6749 §2.3.1)."""

import base64
from typing import Self
from urllib.parse import unquote_plus

import msgspec

from auth_api.kit.http.oauth_errors import InvalidClientException, InvalidRequestException
from auth_api.oauth.protocol.parameters import Parameters


class PresentedCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """The credentials of a request.

    Attributes:
        client_id: as presented; empty if the request names no application.
        secret: as presented; empty if there is none.
        uses_basic: whether they are in the header `Authorization`.
    """

    client_id: str
    secret: str
    uses_basic: bool

    @classmethod
    def of(cls, authorization: str, parameters: Parameters) -> Self:
        """Read the credentials from the header `Authorization` with the scheme `Basic`, or from the form.

        Raises:
            InvalidClientException: the header is malformed.
            InvalidRequestException: there are credentials in both, or the form names another application.
        """
        in_form = cls(
            client_id=parameters.get("client_id") or "", secret=parameters.get("client_secret") or "", uses_basic=False
        )
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return in_form
        in_header = cls._of_basic(encoded.strip())
        if in_form.secret or in_form.client_id not in {"", in_header.client_id}:
            raise InvalidRequestException
        return in_header

    @classmethod
    def _of_basic(cls, encoded: str) -> Self:
        """Read the credentials of RFC 7617, whose parts are encoded as in forms."""
        try:
            client_id, secret = base64.b64decode(encoded, validate=True).decode().split(":", 1)
            client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
        except ValueError as error:
            raise InvalidClientException(used_basic=True) from error
        return cls(client_id=client_id, secret=secret, uses_basic=True)
