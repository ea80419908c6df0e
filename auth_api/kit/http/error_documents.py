"""The JSON body of an error, in the form that the path of the request has."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from auth_api.kit.clock import Clock
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.oauth_errors import OAuthException, oauth_error_of, oauth_headers_of
from auth_api.kit.http.oauth_paths import is_oauth_endpoint
from auth_api.kit.http.problems import PROBLEM_MEDIA_TYPE, problem_of


class ErrorDocument(NamedTuple):
    """The body of an error response, and what belongs to it."""

    content: msgspec.Struct
    media_type: str
    headers: Mapping[str, str]


class ErrorDocuments:
    """Builds the bodies of errors: problem documents (RFC 9457), or for the OAuth endpoints those of RFC 6749 §5.2.

    Args:
        clock: for the timestamps of problem documents.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
        has_oauth: whether the OAuth endpoints exist.
    """

    def __init__(self, *, clock: Clock, base: str = "", has_oauth: bool = False) -> None:
        self._clock = clock
        self._base = base
        self._has_oauth = has_oauth

    def document_of(self, error: ApplicationException, *, request_id: str, route_path: str) -> ErrorDocument:
        """Return the body of an error.

        Args:
            error: the error.
            request_id: the id of the request.
            route_path: the path of the request.
        """
        if isinstance(error, OAuthException) or (self._has_oauth and is_oauth_endpoint(route_path)):
            # OAuth clients look for exactly this type, and do not recognise `application/problem+json`.
            return ErrorDocument(oauth_error_of(error, request_id), "application/json", oauth_headers_of(error))
        problem = problem_of(error, at=self._clock(), request_id=request_id, base=self._base)
        return ErrorDocument(problem, PROBLEM_MEDIA_TYPE, error.headers)
