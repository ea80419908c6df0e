"""Errors of the OAuth endpoints, in the form of RFC 6749 §5.2."""

import re
from http import HTTPStatus

import msgspec
import pytest

from auth_api.features import ERRORS
from auth_api.kit.clock import utc_now
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.error_documents import ErrorDocument, ErrorDocuments
from auth_api.kit.http.oauth_errors import (
    InsufficientScopeException,
    InvalidClientException,
    InvalidRequestException,
    InvalidTokenException,
    OAuthException,
)
from auth_api.kit.http.problems import Problem

pytestmark = pytest.mark.engine_independent

DOCUMENTS = ErrorDocuments(clock=utc_now, has_oauth=True)

DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")
"""RFC 6749 §5.2."""


def document_of(error: ApplicationException, route_path: str = "/oauth2/token") -> ErrorDocument:
    return DOCUMENTS.document_of(error, request_id="r1", route_path=route_path)


def test_oauth_error_has_the_form_of_the_standard() -> None:
    for kind in OAuthException.__subclasses__():
        error = kind()
        document = document_of(error)
        assert msgspec.to_builtins(document.content) == {
            "error": kind.error,
            "error_description": error.description,
            "request_id": "r1",
        }
        assert document.media_type == "application/json"
        assert DESCRIPTION.fullmatch(error.description)


def test_oauth_error_may_have_a_more_precise_description() -> None:
    error = InvalidRequestException("The parameter code is missing.")

    assert error.description == error.detail == str(error) == "The parameter code is missing."
    assert InvalidRequestException().detail == InvalidRequestException.description


def test_other_errors_get_the_name_of_their_status() -> None:
    names = {408: "temporarily_unavailable", 429: "temporarily_unavailable", 503: "temporarily_unavailable"}
    for kind in ERRORS:
        error = kind()
        document = document_of(error)
        described = msgspec.to_builtins(document.content)
        name = names.get(kind.status, "server_error" if kind.status == HTTPStatus.INTERNAL_SERVER_ERROR else None)
        assert described["error"] == (name or "invalid_request")
        assert DESCRIPTION.fullmatch(described["error_description"]), kind
        assert ("Retry-After" in document.headers) == (name == "temporarily_unavailable")
        assert error.headers.items() <= document.headers.items()


def test_other_paths_and_servers_without_provider_have_problem_documents() -> None:
    error = ERRORS[0]()

    for path in ("/api/user/profile", "/oauth2/authorize", "/oauth2/authorize/response", "/oauth2/logout", "/oauth2"):
        assert isinstance(document_of(error, path).content, Problem), path
    off = ErrorDocuments(clock=utc_now).document_of(error, request_id="r1", route_path="/oauth2/token")
    assert isinstance(off.content, Problem)


def test_challenge_depends_on_how_the_client_authenticated() -> None:
    challenges = {
        InvalidClientException(): None,
        InvalidClientException(used_basic=True): 'Basic realm="auth_api"',
        InvalidTokenException(is_missing=True): "Bearer",
        InvalidTokenException(): 'Bearer error="invalid_token"',
        InsufficientScopeException(): 'Bearer error="insufficient_scope", scope="openid"',
    }

    assert {error: document_of(error).headers.get("WWW-Authenticate") for error in challenges} == challenges
