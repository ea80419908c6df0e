"""Error codes are public API, which clients compare for years."""

import json
import re
from pathlib import Path

import pytest

from auth_api.features import ERRORS
from auth_api.kit.errors import ApplicationException, FieldError, ValidationException
from auth_api.web.errors.error_catalogue import ErrorCatalogue
from auth_api.web.frame.brand import Brand
from auth_api.web.frame.policy import PagePolicy
from tests.support.errors_page import errors_page
from tests.support.source_tree import MODULES

pytestmark = pytest.mark.engine_independent

REPOSITORY = Path(__file__).parents[2]

CONTRACT = {
    "VALIDATION_ERROR": 400,
    "FACTOR_INVALID": 400,
    "PASSKEY_INVALID": 400,
    "PASSKEY_UNKNOWN": 400,
    "MFA_TOKEN_INVALID": 400,
    "FLOW_INVALID": 400,
    "RETURN_TO_NOT_ALLOWED": 400,
    "MALFORMED_REQUEST": 400,
    "WEAK_PASSWORD": 400,
    "HOST_NOT_ALLOWED": 400,
    "ONE_TIME_TOKEN_INVALID": 400,
    "AUTHENTICATION_REQUIRED": 401,
    "INVALID_CREDENTIALS": 401,
    "TOKEN_EXPIRED": 401,
    "TOKEN_INVALID": 401,
    "TOKEN_REVOKED": 401,
    "REFRESH_TOKEN_REUSED": 401,
    "ACCOUNT_DISABLED": 403,
    "EMAIL_NOT_VERIFIED": 403,
    "PERMISSION_DENIED": 403,
    "REGISTRATION_CLOSED": 403,
    "MFA_REQUIRED": 403,
    "MFA_ENROLMENT_REQUIRED": 403,
    "STEP_UP_REQUIRED": 403,
    "SIGN_UP_REQUIRED": 403,
    "PROVIDER_DENIED": 403,
    "PROVIDER_ERROR": 403,
    "RANK_TOO_LOW": 403,
    "SELF_CHANGE_REFUSED": 403,
    "SESSION_REQUIRED": 403,
    "CORS_ORIGIN_DENIED": 403,
    "CROSS_SITE_REQUEST": 403,
    "HTTPS_REQUIRED": 403,
    "NOT_FOUND": 404,
    "USER_NOT_FOUND": 404,
    "SESSION_NOT_FOUND": 404,
    "INVITATION_NOT_FOUND": 404,
    "KEY_NOT_FOUND": 404,
    "SERVICE_ACCOUNT_NOT_FOUND": 404,
    "CLIENT_NOT_FOUND": 404,
    "RESOURCE_NOT_FOUND": 404,
    "CONSENT_NOT_FOUND": 404,
    "DUPLICATE_RESOURCE": 409,
    "FACTOR_NOT_FOUND": 404,
    "IDENTITY_NOT_FOUND": 404,
    "ACCOUNT_EXISTS": 409,
    "DUPLICATE_PASSKEY": 409,
    "IDENTITY_LINK_REQUIRED": 409,
    "IDENTITY_TAKEN": 409,
    "LAST_FACTOR": 409,
    "LAST_SIGN_IN_METHOD": 409,
    "LIMIT_REACHED": 409,
    "PERMISSION_NOT_FOUND": 404,
    "ROLE_NOT_FOUND": 404,
    "BUILT_IN": 409,
    "DUPLICATE_NAME": 409,
    "IN_USE": 409,
    "LAST_ADMINISTRATOR": 409,
    "METHOD_NOT_ALLOWED": 405,
    "REQUEST_TIMEOUT": 408,
    "DUPLICATE_EMAIL": 409,
    "DUPLICATE_USERNAME": 409,
    "PAYLOAD_TOO_LARGE": 413,
    "URI_TOO_LONG": 414,
    "HEADERS_TOO_LARGE": 431,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RATE_LIMITED": 429,
    "TOO_MANY_ATTEMPTS": 429,
    "INTERNAL_ERROR": 500,
    "DATABASE_UNAVAILABLE": 503,
    "CIRCUIT_BREAKER_OPEN": 503,
    "SERVER_OVERLOADED": 503,
    "PROVIDER_UNAVAILABLE": 503,
}
"""All error codes with their status. Codes may be added, but never removed or changed."""

SPECIFIED_BASES = [
    ("AuthException", "ApplicationException"),
    ("InvalidCredentialsException", "AuthException"),
    ("TokenExpiredException", "AuthException"),
    ("TokenInvalidException", "AuthException"),
    ("ValidationException", "ApplicationException"),
    ("DuplicateEmailException", "ValidationException"),
    ("DuplicateUsernameException", "ValidationException"),
    ("WeakPasswordException", "ValidationException"),
    ("DatabaseException", "ApplicationException"),
    ("UserNotFoundException", "DatabaseException"),
    ("CircuitBreakerOpenException", "ApplicationException"),
]
"""The class hierarchy of the specification: each class and its base."""

FIXED_SENTENCE = re.compile(r"[A-Z][A-Za-z0-9 ,;'/-]+\.?")


def descendants(kind: type[ApplicationException]) -> set[type[ApplicationException]]:
    """Return all direct and indirect subclasses that the product defines."""
    return {
        found
        for child in kind.__subclasses__()
        if child.__module__.startswith("auth_api.")
        for found in {child, *descendants(child)}
    }


ALL_CLASSES = sorted(descendants(ApplicationException), key=lambda kind: kind.__name__)
CONCRETE = [kind for kind in ALL_CLASSES if hasattr(kind, "error_code")]


def name_of(kind: type[ApplicationException]) -> str:
    return kind.__name__


def test_codes_are_unique() -> None:
    codes = [kind.error_code for kind in CONCRETE]

    assert sorted(codes) == sorted(set(codes))


def test_codes_and_statuses_are_those_of_the_contract() -> None:
    defined = {kind.error_code: kind.status.value for kind in CONCRETE}

    assert defined == CONTRACT


@pytest.mark.parametrize("kind", CONCRETE, ids=name_of)
def test_code_and_detail_are_defined_by_the_class_itself(kind: type[ApplicationException]) -> None:
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", kind.error_code)
    assert "error_code" in vars(kind)
    assert "detail" in vars(kind)


@pytest.mark.parametrize("kind", CONCRETE, ids=name_of)
def test_detail_is_one_fixed_sentence(kind: type[ApplicationException]) -> None:
    error = kind()

    assert FIXED_SENTENCE.fullmatch(kind.detail), kind.detail
    assert error.detail == kind.detail == str(error)


def test_detail_does_not_depend_on_the_input() -> None:
    error = ValidationException([FieldError("hunter2", "hunter2", "hunter2")])

    assert str(error) == error.detail == "Some fields of the request are invalid."


@pytest.mark.parametrize("kind", CONCRETE, ids=name_of)
def test_class_has_a_meaning_and_a_remedy(kind: type[ApplicationException]) -> None:
    for prose in (" ".join((kind.__doc__ or "").split()), kind.remedy):
        assert re.fullmatch(r"[A-Z`].{5,}\.", prose)
        assert prose.count("`") % 2 == 0
        assert "|" not in prose


def test_classes_catalogue_and_openapi_have_the_same_errors() -> None:
    document = json.loads((REPOSITORY / "tests/contract/openapi.json").read_text(encoding="utf-8"))
    catalogue = ErrorCatalogue(ERRORS, brand=Brand.of(PagePolicy(), product="", base=""), base="").list_all(
        as_page=False
    )
    catalogued = {error["error_code"]: error["status"] for error in json.loads(catalogue.content)["items"]}
    defined = {kind.error_code: kind.status.value for kind in CONCRETE}
    components = document["components"]["responses"]
    documented = {
        (code, int(status))
        for path in document["paths"].values()
        for operation in path.values()
        for status, reference in operation["responses"].items()
        for response in [components.get(reference.get("$ref", "").rpartition("/")[2], reference)]
        for code in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }

    assert catalogued == defined
    assert set(document["components"]["schemas"]["KnownErrorCode"]["enum"]) == set(defined)
    assert set(defined.items()) - documented == {
        (code, defined[code])
        for code in (
            "CORS_ORIGIN_DENIED",
            "CROSS_SITE_REQUEST",
            "METHOD_NOT_ALLOWED",
            "PROVIDER_DENIED",
            "PROVIDER_ERROR",
            "PROVIDER_UNAVAILABLE",
        )
    }


def test_errors_page_is_generated_from_the_classes() -> None:
    """After a change of an error, run `make docs` and read the diff."""
    assert (REPOSITORY / "docs/errors.md").read_text(encoding="utf-8") == errors_page()


def test_readme_names_existing_codes_with_their_status() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Errors")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d{3}) (`[A-Z_`, ]+`) \|", section, re.MULTILINE)
    named = {(code, int(status)) for status, codes in rows for code in re.findall(r"`([A-Z_]+)`", codes)}

    assert len(named) >= 5
    assert named <= {(kind.error_code, kind.status.value) for kind in CONCRETE}


@pytest.mark.parametrize(("name", "base"), SPECIFIED_BASES)
def test_class_hierarchy_is_that_of_the_specification(name: str, base: str) -> None:
    kinds: dict[str, type[ApplicationException]] = {kind.__name__: kind for kind in ALL_CLASSES}
    kinds["ApplicationException"] = ApplicationException

    assert issubclass(kinds[name], kinds[base])
    assert issubclass(kinds[name], Exception)


def test_exceptions_are_defined_in_modules_named_errors() -> None:
    homes = {kind.__module__ for kind in ALL_CLASSES}

    assert {home.rpartition(".")[2] for home in homes} == {"errors", "oauth_errors"}
    assert homes <= {module.name for module in MODULES}
