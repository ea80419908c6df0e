"""The OpenAPI document. It is in git, so that every change of the API is a diff to review."""

import ast
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.credentials.providers.service import Providers
from auth_api.features import ERRORS as ALL_ERRORS
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.consents import allow, client_of
from tests.support.factors import add_totp, current_code, switch_two_step_on
from tests.support.hand_off import RETURN_TO, VERIFIER, new_code
from tests.support.identities import acme, link_token, sign_up
from tests.support.invitations import invite
from tests.support.mailbox import Mailbox, token_of
from tests.support.passkeys import new_authenticator, stored_passkey
from tests.support.processes import run_cli
from tests.support.roles import give_role
from tests.support.soft_authenticator import SoftAuthenticator
from tests.support.source_tree import MODULES

pytestmark = pytest.mark.engine_independent

GRACES_PASSWORD = "Tr0ub4dor&3-horse"
"""In the example of the creation of a user."""

JSON = {"Content-Type": "application/json"}
GOLDEN = Path(__file__).with_name("openapi.json")

BODY = {"VALIDATION_ERROR", "UNSUPPORTED_MEDIA_TYPE"}
DATABASE = {"DATABASE_UNAVAILABLE", "CIRCUIT_BREAKER_OPEN"}
OPTIONAL_TOKEN = {"TOKEN_EXPIRED", "TOKEN_INVALID", "TOKEN_REVOKED"}
TOKEN = OPTIONAL_TOKEN | {"AUTHENTICATION_REQUIRED"}
ADMINISTRATION = TOKEN | {"PERMISSION_DENIED", "SESSION_REQUIRED", "STEP_UP_REQUIRED"}
RANK = {"USER_NOT_FOUND", "SELF_CHANGE_REFUSED", "RANK_TOO_LOW"}

PASSWORD = {"INVALID_CREDENTIALS", "TOO_MANY_ATTEMPTS"}

ENROLLED_LOGIN = {"MFA_TOKEN_INVALID", "ACCOUNT_DISABLED", "EMAIL_NOT_VERIFIED"}
ADMINISTRATION = DATABASE | TOKEN | {"PERMISSION_DENIED", "SESSION_REQUIRED", "STEP_UP_REQUIRED"}
ROLE_CHANGE = ADMINISTRATION | {"RANK_TOO_LOW"}
ASSIGNMENT = ROLE_CHANGE | {"USER_NOT_FOUND", "ROLE_NOT_FOUND", "SELF_CHANGE_REFUSED"}
FACTOR_CHANGE = {"STEP_UP_REQUIRED", "USER_NOT_FOUND"}

ERRORS: dict[str, set[str]] = {
    "register": BODY | DATABASE | {"REGISTRATION_CLOSED", "WEAK_PASSWORD", "DUPLICATE_EMAIL", "DUPLICATE_USERNAME"},
    "logIn": BODY
    | DATABASE
    | PASSWORD
    | {"ACCOUNT_DISABLED", "EMAIL_NOT_VERIFIED", "MFA_REQUIRED", "MFA_ENROLMENT_REQUIRED"},
    "beginPasskeyLogin": BODY | DATABASE,
    "logInWithPasskey": BODY
    | DATABASE
    | {"PASSKEY_INVALID", "PASSKEY_UNKNOWN", "ACCOUNT_DISABLED", "EMAIL_NOT_VERIFIED"},
    "completeLogin": BODY
    | DATABASE
    | {
        "MFA_TOKEN_INVALID",
        "FACTOR_NOT_FOUND",
        "TOO_MANY_ATTEMPTS",
        "FACTOR_INVALID",
        "PASSKEY_INVALID",
        "PASSKEY_UNKNOWN",
        "ACCOUNT_DISABLED",
        "EMAIL_NOT_VERIFIED",
    },
    "beginPasskeySecondFactor": BODY | DATABASE | {"MFA_TOKEN_INVALID", "FACTOR_NOT_FOUND"},
    "stepUp": BODY
    | DATABASE
    | TOKEN
    | {
        "FACTOR_NOT_FOUND",
        "USER_NOT_FOUND",
        "TOO_MANY_ATTEMPTS",
        "FACTOR_INVALID",
        "PASSKEY_INVALID",
        "PASSKEY_UNKNOWN",
    },
    "beginPasskeyStepUp": BODY | DATABASE | TOKEN | {"FACTOR_NOT_FOUND"},
    "refresh": BODY | DATABASE | {"TOKEN_EXPIRED", "TOKEN_INVALID", "TOKEN_REVOKED", "REFRESH_TOKEN_REUSED"},
    "logOut": BODY | DATABASE | {"AUTHENTICATION_REQUIRED", "TOKEN_INVALID"},
    "logOutEverywhere": BODY | DATABASE | TOKEN,
    "readProfile": DATABASE | TOKEN | {"PERMISSION_DENIED", "SESSION_REQUIRED"},
    "readOwnPermissions": DATABASE | TOKEN,
    "listServiceAccounts": DATABASE | ADMINISTRATION | {"VALIDATION_ERROR"},
    "readServiceAccount": DATABASE | ADMINISTRATION | {"SERVICE_ACCOUNT_NOT_FOUND"},
    "createServiceAccount": BODY | DATABASE | ADMINISTRATION | {"DUPLICATE_NAME", "LIMIT_REACHED"},
    "changeServiceAccount": BODY | DATABASE | ADMINISTRATION | {"SERVICE_ACCOUNT_NOT_FOUND", "RANK_TOO_LOW"},
    "deleteServiceAccount": DATABASE | ADMINISTRATION | {"SERVICE_ACCOUNT_NOT_FOUND", "RANK_TOO_LOW"},
    "listServiceKeys": DATABASE | ADMINISTRATION | {"VALIDATION_ERROR", "SERVICE_ACCOUNT_NOT_FOUND"},
    "createServiceKey": BODY
    | DATABASE
    | ADMINISTRATION
    | {"SERVICE_ACCOUNT_NOT_FOUND", "RANK_TOO_LOW", "LIMIT_REACHED"},
    "revokeServiceKey": DATABASE | ADMINISTRATION | {"SERVICE_ACCOUNT_NOT_FOUND", "KEY_NOT_FOUND", "RANK_TOO_LOW"},
    "listUserKeys": DATABASE | ADMINISTRATION | {"VALIDATION_ERROR", "USER_NOT_FOUND"},
    "revokeUserKey": DATABASE
    | ADMINISTRATION
    | {"USER_NOT_FOUND", "KEY_NOT_FOUND", "SELF_CHANGE_REFUSED", "RANK_TOO_LOW"},
    "findUsers": DATABASE | ADMINISTRATION | {"VALIDATION_ERROR"},
    "readUser": DATABASE | ADMINISTRATION | {"USER_NOT_FOUND"},
    "explainUser": DATABASE | ADMINISTRATION | {"USER_NOT_FOUND"},
    "createUser": BODY | DATABASE | ADMINISTRATION | {"WEAK_PASSWORD", "DUPLICATE_EMAIL", "DUPLICATE_USERNAME"},
    "changeUser": BODY | DATABASE | ADMINISTRATION | RANK | {"DUPLICATE_USERNAME"},
    "disableUser": BODY | DATABASE | ADMINISTRATION | RANK | {"LAST_ADMINISTRATOR"},
    "enableUser": BODY | DATABASE | ADMINISTRATION | RANK,
    "deleteUser": DATABASE | ADMINISTRATION | RANK | {"LAST_ADMINISTRATOR"},
    "resetFactors": BODY | DATABASE | ADMINISTRATION | RANK,
    "sendPasswordReset": BODY | DATABASE | ADMINISTRATION | RANK,
    "sendVerification": BODY | DATABASE | ADMINISTRATION | RANK,
    "changeUserEmail": BODY | DATABASE | ADMINISTRATION | RANK | {"DUPLICATE_EMAIL"},
    "listUserSessions": DATABASE | ADMINISTRATION | {"USER_NOT_FOUND", "VALIDATION_ERROR"},
    "endUserSession": DATABASE | ADMINISTRATION | RANK | {"SESSION_NOT_FOUND"},
    "endUserSessions": DATABASE | ADMINISTRATION | RANK,
    "changeProfile": BODY | DATABASE | TOKEN | {"USER_NOT_FOUND", "DUPLICATE_USERNAME"},
    "changePassword": BODY | DATABASE | TOKEN | PASSWORD | {"USER_NOT_FOUND", "WEAK_PASSWORD", "STEP_UP_REQUIRED"},
    "readFactors": DATABASE | TOKEN | {"USER_NOT_FOUND"},
    "beginTotp": BODY | DATABASE | TOKEN | FACTOR_CHANGE | {"NOT_FOUND", "MFA_TOKEN_INVALID", "EMAIL_NOT_VERIFIED"},
    "confirmTotp": BODY
    | DATABASE
    | TOKEN
    | FACTOR_CHANGE
    | ENROLLED_LOGIN
    | {"NOT_FOUND", "FACTOR_NOT_FOUND", "FACTOR_INVALID"},
    "beginPasskey": BODY
    | DATABASE
    | TOKEN
    | FACTOR_CHANGE
    | {"MFA_TOKEN_INVALID", "EMAIL_NOT_VERIFIED", "LIMIT_REACHED"},
    "addPasskey": BODY
    | DATABASE
    | TOKEN
    | FACTOR_CHANGE
    | ENROLLED_LOGIN
    | {"PASSKEY_INVALID", "DUPLICATE_PASSKEY", "LIMIT_REACHED"},
    "removePasskey": DATABASE | TOKEN | FACTOR_CHANGE | {"FACTOR_NOT_FOUND", "LAST_SIGN_IN_METHOD", "LAST_FACTOR"},
    "removeTotp": DATABASE | TOKEN | FACTOR_CHANGE | {"FACTOR_NOT_FOUND", "LAST_FACTOR"},
    "listConsents": DATABASE | TOKEN | {"VALIDATION_ERROR"},
    "withdrawConsent": DATABASE | TOKEN | {"CONSENT_NOT_FOUND"},
    "listOwnKeys": DATABASE | TOKEN | {"VALIDATION_ERROR"},
    "createOwnKey": BODY
    | DATABASE
    | TOKEN
    | {"SESSION_REQUIRED", "RANK_TOO_LOW", "STEP_UP_REQUIRED", "EMAIL_NOT_VERIFIED", "USER_NOT_FOUND", "LIMIT_REACHED"},
    "revokeOwnKey": DATABASE | TOKEN | {"KEY_NOT_FOUND"},
    "switchTwoStep": BODY | DATABASE | TOKEN | FACTOR_CHANGE | {"FACTOR_NOT_FOUND", "LAST_FACTOR"},
    "createRecoveryCodes": BODY | DATABASE | TOKEN | FACTOR_CHANGE | {"FACTOR_NOT_FOUND"},
    "deleteAccount": BODY | DATABASE | TOKEN | PASSWORD | {"LAST_ADMINISTRATOR", "USER_NOT_FOUND", "STEP_UP_REQUIRED"},
    "listSessions": DATABASE | TOKEN | {"VALIDATION_ERROR"},
    "endSession": DATABASE | TOKEN | {"SESSION_NOT_FOUND"},
    "readAuditLog": DATABASE | TOKEN | {"VALIDATION_ERROR"},
    "exportEverything": DATABASE | TOKEN,
    "forgotPassword": BODY | DATABASE,
    "resetPassword": BODY | DATABASE | {"WEAK_PASSWORD", "ONE_TIME_TOKEN_INVALID"},
    "verifyEmail": BODY
    | DATABASE
    | OPTIONAL_TOKEN
    | PASSWORD
    | {"REGISTRATION_CLOSED", "ONE_TIME_TOKEN_INVALID", "DUPLICATE_EMAIL", "DUPLICATE_USERNAME"},
    "resendVerification": BODY | DATABASE,
    "changeEmail": BODY | DATABASE | TOKEN | PASSWORD | {"USER_NOT_FOUND", "STEP_UP_REQUIRED"},
    "confirmEmailChange": BODY | DATABASE | OPTIONAL_TOKEN | {"ONE_TIME_TOKEN_INVALID", "DUPLICATE_EMAIL"},
    "undoEmailChange": BODY | DATABASE | {"ONE_TIME_TOKEN_INVALID", "DUPLICATE_EMAIL"},
    "reportStranger": BODY | DATABASE | {"ONE_TIME_TOKEN_INVALID"},
    "listInvitations": DATABASE | ADMINISTRATION | {"VALIDATION_ERROR"},
    "createInvitation": BODY | DATABASE | ADMINISTRATION | {"RANK_TOO_LOW", "LIMIT_REACHED"},
    "revokeInvitation": DATABASE | ADMINISTRATION | {"RANK_TOO_LOW", "INVITATION_NOT_FOUND"},
    "resendInvitation": BODY | DATABASE | ADMINISTRATION | {"RANK_TOO_LOW", "INVITATION_NOT_FOUND"},
    "previewInvitation": BODY | DATABASE | {"ONE_TIME_TOKEN_INVALID"},
    "acceptInvitation": BODY
    | DATABASE
    | OPTIONAL_TOKEN
    | {"ONE_TIME_TOKEN_INVALID", "WEAK_PASSWORD", "DUPLICATE_USERNAME", "ACCOUNT_EXISTS", "LIMIT_REACHED"}
    | {"ACCOUNT_DISABLED", "MFA_ENROLMENT_REQUIRED"},
    "grantRole": ASSIGNMENT | {"EMAIL_NOT_VERIFIED", "LIMIT_REACHED"},
    "revokeRole": ASSIGNMENT | {"LAST_ADMINISTRATOR"},
    "listRoles": ADMINISTRATION,
    "readRole": ADMINISTRATION | {"ROLE_NOT_FOUND"},
    "createRole": BODY | ROLE_CHANGE | {"DUPLICATE_NAME", "LIMIT_REACHED"},
    "changeRole": BODY | ROLE_CHANGE | {"ROLE_NOT_FOUND", "BUILT_IN"},
    "deleteRole": ROLE_CHANGE | {"ROLE_NOT_FOUND", "BUILT_IN", "IN_USE"},
    "exchangeCode": BODY
    | DATABASE
    | {
        "FLOW_INVALID",
        "ACCOUNT_DISABLED",
        "EMAIL_NOT_VERIFIED",
        "MFA_REQUIRED",
        "MFA_ENROLMENT_REQUIRED",
        "REGISTRATION_CLOSED",
        "SIGN_UP_REQUIRED",
        "IDENTITY_LINK_REQUIRED",
    },
    "listProviders": set(),
    "listIdentities": DATABASE | TOKEN | {"USER_NOT_FOUND"},
    "startIdentity": BODY | DATABASE | TOKEN | FACTOR_CHANGE | {"RETURN_TO_NOT_ALLOWED", "LIMIT_REACHED"},
    "linkIdentity": BODY | DATABASE | TOKEN | FACTOR_CHANGE | {"FLOW_INVALID", "IDENTITY_TAKEN", "LIMIT_REACHED"},
    "unlinkIdentity": DATABASE | TOKEN | FACTOR_CHANGE | {"IDENTITY_NOT_FOUND", "LAST_SIGN_IN_METHOD"},
    "registerWithProvider": BODY
    | DATABASE
    | {"FLOW_INVALID", "REGISTRATION_CLOSED", "MFA_ENROLMENT_REQUIRED", "DUPLICATE_EMAIL", "DUPLICATE_USERNAME"},
    "listPermissions": ADMINISTRATION,
    "declarePermission": BODY | ADMINISTRATION | {"BUILT_IN", "LIMIT_REACHED"},
    "deletePermission": ADMINISTRATION | {"PERMISSION_NOT_FOUND", "BUILT_IN", "IN_USE"},
    "listAuditEvents": ADMINISTRATION | {"VALIDATION_ERROR"},
    "exportAuditEvents": ADMINISTRATION | {"VALIDATION_ERROR"},
    "listAuditEventsOfUser": ADMINISTRATION | {"VALIDATION_ERROR", "USER_NOT_FOUND"},
    "readLiveness": set(),
    "readReadiness": set(),
    "readPublicKeys": set(),
    "listApplications": ADMINISTRATION | {"VALIDATION_ERROR"},
    "readApplication": ADMINISTRATION | {"CLIENT_NOT_FOUND"},
    "registerApplication": BODY | ADMINISTRATION | {"LIMIT_REACHED"},
    "changeApplication": BODY | ADMINISTRATION | {"CLIENT_NOT_FOUND"},
    "deleteApplication": ADMINISTRATION | {"CLIENT_NOT_FOUND"},
    "replaceApplicationSecret": BODY | ADMINISTRATION | {"CLIENT_NOT_FOUND"},
    "listResources": ADMINISTRATION | {"VALIDATION_ERROR"},
    "readResource": ADMINISTRATION | {"RESOURCE_NOT_FOUND"},
    "createResource": BODY | ADMINISTRATION | {"DUPLICATE_RESOURCE", "LIMIT_REACHED"},
    "changeResource": BODY | ADMINISTRATION | {"RESOURCE_NOT_FOUND", "DUPLICATE_RESOURCE"},
    "deleteResource": ADMINISTRATION | {"RESOURCE_NOT_FOUND"},
    "readRevocations": DATABASE | TOKEN | {"PERMISSION_DENIED", "VALIDATION_ERROR"},
    "checkAccess": BODY | DATABASE | TOKEN | {"PERMISSION_DENIED"},
    "listErrors": set(),
    "readError": {"NOT_FOUND"},
}
"""Error codes by operation, without those of the edge and of other URLs and methods (404, 405)."""

MEMBERS = {
    "MFA_REQUIRED": {"mfa_token", "expires_in", "methods", "enrolment"},
    "MFA_ENROLMENT_REQUIRED": {"mfa_token", "expires_in", "methods", "enrolment"},
    "STEP_UP_REQUIRED": {"acr_values", "max_age", "methods", "enrolment"},
    "PERMISSION_DENIED": {"required_permission"},
    "SIGN_UP_REQUIRED": {"signup_token", "expires_in", "provider", "suggested"},
    "IDENTITY_LINK_REQUIRED": {"link_token", "expires_in", "provider"},
    "RANK_TOO_LOW": {"required_permission"},
}
"""Further members of problem documents by error code. `FACTOR_INVALID` has one only at a login."""

EDGE_MODULES = {"auth_api.kit.http.edge", "auth_api.kit.http.request_screening", "auth_api.server.http_protocol"}
"""The modules that refuse requests before the operation is known."""

PUBLIC = {
    "register",
    "logIn",
    "beginPasskeyLogin",
    "logInWithPasskey",
    "completeLogin",
    "beginPasskeySecondFactor",
    "listProviders",
    "exchangeCode",
    "registerWithProvider",
    "refresh",
    "forgotPassword",
    "resetPassword",
    "resendVerification",
    "undoEmailChange",
    "reportStranger",
    "previewInvitation",
    "readLiveness",
    "readReadiness",
    "readPublicKeys",
    "listErrors",
    "readError",
}

LIMITED = {
    "startIdentity",
    "linkIdentity",
    "unlinkIdentity",
    "beginPasskey",
    "addPasskey",
    "removePasskey",
    "beginPasskeySecondFactor",
    "beginPasskeyStepUp",
    "stepUp",
    "beginTotp",
    "confirmTotp",
    "removeTotp",
    "switchTwoStep",
    "createRecoveryCodes",
    "changePassword",
    "deleteAccount",
    "register",
    "registerWithProvider",
    "logIn",
    "beginPasskeyLogin",
    "logInWithPasskey",
    "completeLogin",
    "exchangeCode",
    "refresh",
    "forgotPassword",
    "resetPassword",
    "verifyEmail",
    "resendVerification",
    "confirmEmailChange",
    "undoEmailChange",
    "reportStranger",
    "previewInvitation",
    "acceptInvitation",
    "changeProfile",
    "changeEmail",
    "exportEverything",
    "exportAuditEvents",
}
"""Operations with a rate limit of their own."""

PUBLIC_OR_BEARER = {
    "verifyEmail",
    "confirmEmailChange",
    "logOut",
    "beginTotp",
    "confirmTotp",
    "beginPasskey",
    "addPasskey",
    "acceptInvitation",
}
"""Operations that accept a bearer token without needing one, or accept another proof in its place."""


class Described(NamedTuple):
    """An operation of the document."""

    method: str
    path: str
    details: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.details["operationId"])

    @property
    def success(self) -> tuple[int, dict[str, Any]]:
        """The successful response to the first example: that with 201, if there are several."""
        successes = {int(s): r for s, r in self.responses.items() if s < "300"}
        status = 201 if 201 in successes else min(successes)
        return status, successes[status]

    @property
    def responses(self) -> dict[str, dict[str, Any]]:
        """The responses by status, with components in place of the references to them."""
        components = document()["components"]["responses"]
        responses: dict[str, dict[str, Any]] = self.details["responses"]
        return {s: components[r["$ref"].rpartition("/")[2]] if "$ref" in r else r for s, r in responses.items()}


@cache
def document() -> dict[str, Any]:
    golden: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return golden


def operations() -> list[Described]:
    return [
        Described(method.upper(), path, details)
        for path, item in document()["paths"].items()
        for method, details in item.items()
    ]


def named(operation: Described) -> str:
    return operation.name


OPERATIONS = pytest.mark.parametrize("operation", operations(), ids=named)
WITH_BODY = [operation for operation in operations() if "requestBody" in operation.details]


def body_example(operation: Described) -> dict[str, Any]:
    example: dict[str, Any] = operation.details["requestBody"]["content"]["application/json"]["examples"]["example"]
    value: dict[str, Any] = example["value"]
    return value


def body_schema(operation: Described) -> dict[str, Any]:
    schema: dict[str, Any] = operation.details["requestBody"]["content"]["application/json"]["schema"]
    return schema


def edge_errors() -> dict[str, int]:
    """Return the codes and statuses of the errors that the modules of the edge name in their code."""
    names = {
        node.id
        for module in MODULES
        if module.name in EDGE_MODULES
        for node in module.nodes
        if isinstance(node, ast.Name)
    }
    return {error.error_code: error.status.value for error in ALL_ERRORS if error.__name__ in names}


def errors_of(operation: Described) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for status, response in operation.responses.items():
        for code, example in (
            response.get("content", {}).get("application/problem+json", {}).get("examples", {}).items()
        ):
            yield int(status), code, example["value"]


def schema_errors(value: Any, schema: dict[str, Any]) -> list[str]:
    """Return the errors of a value under a schema of the document."""
    whole = {**schema, "components": document()["components"]}
    return [error.message for error in OAS31Validator(whole).iter_errors(value)]


def test_file_in_git_is_the_printed_document(tmp_path: Path) -> None:
    """After a change of the API, run `make openapi` and read the diff."""
    printed = run_cli("openapi", env={}, cwd=tmp_path)

    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout == GOLDEN.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == []


def test_printed_document_does_not_depend_on_the_environment(tmp_path: Path) -> None:
    production = {
        "ENVIRONMENT": "production",
        "DATABASE_URL": "postgresql://user@127.0.0.1:1/database",
        "PUBLIC_URL": "https://auth.your-company.com",
        "JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo",
    }

    printed = run_cli("openapi", env=production, cwd=tmp_path)

    assert printed.stdout == GOLDEN.read_text(encoding="utf-8")


async def test_served_document_is_the_printed_one(client: httpx.AsyncClient) -> None:
    response = await client.get("/schema/openapi.json")

    assert response.json() == document()


def test_document_is_valid_openapi() -> None:
    errors = [error.message for error in OpenAPIV31SpecValidator(document()).iter_errors()]

    assert document()["openapi"] == "3.1.0"
    assert errors == []


def test_operation_names_the_permission_that_it_needs() -> None:
    ends = {each.name: each.details["description"].rpartition("\n\n")[2] for each in operations()}
    needed = {
        name: end
        for name, end in ends.items()
        if re.fullmatch(r"(N|An API key n)eeds the permission `[a-z:-]+`\.", end)
    }

    assert needed.keys() == {name for name, codes in ERRORS.items() if "PERMISSION_DENIED" in codes}
    assert (needed["createUser"], needed["checkAccess"]) == (
        "Needs the permission `users:write`.",
        "Needs the permission `access:check`.",
    )


def test_all_operations_are_listed() -> None:
    assert sorted(map(named, operations())) == sorted(ERRORS)


@OPERATIONS
def test_operation_has_summary_description_id_and_tag(operation: Described) -> None:
    details = operation.details

    assert re.fullmatch(r"[A-Z][\w -]+", details["summary"])
    assert details["description"].endswith(".")
    assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", operation.name)
    assert len(details["tags"]) == 1
    assert details["tags"][0] in {tag["name"] for tag in document()["tags"]}


def test_security_scheme_is_bearer_jwt() -> None:
    (scheme,) = document()["components"]["securitySchemes"].values()

    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    assert document()["security"] == [{"BearerToken": []}]
    assert list(document()["components"]["securitySchemes"]) == ["BearerToken"]


@OPERATIONS
def test_operation_declares_whether_it_needs_a_token(operation: Described) -> None:
    required = operation.details.get("security", document()["security"])

    public: list[Any] = [{}] if operation.name in PUBLIC | PUBLIC_OR_BEARER else []
    accepts_token: list[Any] = [{"BearerToken": []}] if operation.name not in PUBLIC else []
    assert required == public + accepts_token


@OPERATIONS
def test_all_errors_of_an_operation_are_documented(operation: Described) -> None:
    documented = {code for _, code, _ in errors_of(operation)}
    has_own_503 = operation.name == "readReadiness"

    assert documented == ERRORS[operation.name] | edge_errors().keys() - (
        {"SERVER_OVERLOADED"} if has_own_503 else set()
    )


@OPERATIONS
def test_all_statuses_of_the_edge_are_documented(operation: Described) -> None:
    edge = edge_errors()

    assert {400, 403, 408, 413, 414, 429, 431, 500, 503} == set(edge.values())
    for status in set(edge.values()):
        content = operation.responses[str(status)]["content"]
        assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_responses_of_all_operations_are_in_the_document_once() -> None:
    own = {
        code
        for operation in operations()
        for response in operation.details["responses"].values()
        for code in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }

    assert (
        own & {"REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE", "URI_TOO_LONG", "HEADERS_TOO_LARGE", "INTERNAL_ERROR"} == set()
    )


@OPERATIONS
@pytest.mark.parametrize(
    ("status", "request_parts"),
    [
        (400, {"headers": {"Content-Length": "1", "Transfer-Encoding": "chunked"}}),
        (413, {"headers": {"Content-Length": "65537"}}),
        (414, {"params": {"q": "q" * 4096}}),
        (431, {"headers": {"X-Long": "x" * 16385}}),
    ],
)
async def test_refusal_of_the_edge_is_documented(
    client: httpx.AsyncClient, operation: Described, status: int, request_parts: dict[str, Any]
) -> None:
    """A GET with a body above 64 KiB gets 413, too."""
    path = re.sub(r"{\w+}", "1", operation.path.replace("{error_code}", "NOT_FOUND"))

    response = await client.request(operation.method, path, **request_parts)

    assert response.status_code == status
    examples = operation.responses[str(status)]["content"]["application/problem+json"]["examples"]
    assert response.json()["error_code"] in examples


@OPERATIONS
def test_example_of_an_error_is_a_complete_problem_document(operation: Described) -> None:
    schema = document()["components"]["schemas"]["Problem"]
    fields = {"type", "title", "status", "detail", "error_code", "status_code", "timestamp", "request_id"}

    for status, code, example in errors_of(operation):
        assert schema_errors(example, schema) == []
        assert set(example) - {"errors"} == fields | MEMBERS.get(code, set())
        assert (example["status"], example["status_code"], example["error_code"]) == (status, status, code)
        assert (example["type"], example["title"]) == (f"/errors/{code}", example["detail"])
        assert ("errors" in example) == (code in {"VALIDATION_ERROR", "WEAK_PASSWORD"})


def test_error_code_accepts_codes_of_later_versions() -> None:
    """A client that was generated from this document must not fail on a code that it does not know."""
    schemas = document()["components"]["schemas"]
    _, _, example = next(example for operation in operations() for example in errors_of(operation))

    assert schema_errors({**example, "error_code": "CODE_OF_A_LATER_VERSION"}, schemas["Problem"]) == []
    assert schema_errors({**example, "error_code": 7}, schemas["Problem"]) != []
    assert schemas["ErrorCode"]["anyOf"] == [{"$ref": "#/components/schemas/KnownErrorCode"}, {"type": "string"}]
    assert "enum" in schemas["KnownErrorCode"]
    assert [name for name, schema in schemas.items() if "KnownErrorCode" in json.dumps(schema)] == [
        "ErrorCode",
        "KnownErrorCode",
    ]


@OPERATIONS
def test_errors_are_problem_documents(operation: Described) -> None:
    """Only readiness has a document of its own, and only the error catalogue has pages."""
    forms = {
        (status, form)
        for status, response in operation.responses.items()
        if status >= "400"
        for form in response["content"]
    }

    own = {"readReadiness": "application/json", "readError": "text/html"}.get(operation.name)
    assert {form for _, form in forms} - {own} <= {"application/problem+json"}


@OPERATIONS
def test_description_of_an_error_response_has_its_codes(operation: Described) -> None:
    for status, code, _ in errors_of(operation):
        assert f"`{code}`: " in operation.responses[str(status)]["description"]


@OPERATIONS
def test_example_of_a_response_matches_its_schema(operation: Described) -> None:
    status, response = operation.success

    if status == 204:
        assert "content" not in response
        return
    content = response["content"].get("application/json", {"examples": {}})
    assert [schema_errors(example["value"], content["schema"]) for example in content["examples"].values()] == [
        [] for _ in content["examples"]
    ]


async def test_operations_that_return_pages_document_html(client: httpx.AsyncClient) -> None:
    paged = set()

    for operation in operations():
        if operation.method == "GET":
            path = re.sub(r"{\w+}", "1", operation.path.replace("{error_code}", "NOT_FOUND"))
            response = await client.get(path, headers={"Accept": "text/html"})
            media_type = response.headers["content-type"].partition(";")[0]
            assert media_type in operation.responses[str(response.status_code)]["content"]
            paged |= {operation.name} if media_type == "text/html" else set()

    assert paged == {"listErrors", "readError"}


@pytest.mark.parametrize("operation", WITH_BODY, ids=named)
def test_example_of_a_request_matches_its_schema(operation: Described) -> None:
    assert schema_errors(body_example(operation), body_schema(operation)) == []


def test_refresh_token_is_optional_and_comes_with_its_lifetime() -> None:
    """Cookie mode takes it out of these responses, and sets the lifetime of the cookie."""
    schemas = document()["components"]["schemas"]
    pairs = {name for name, schema in schemas.items() if "refresh_token" in schema.get("properties", {})}
    responses = pairs - {"RefreshRequest", "LogoutRequest"}

    assert {"TokenPair", "LoggedIn", "Registered", "JoinedUser"} <= responses
    for name in responses:
        assert "refresh_token" not in schemas[name]["required"]
        assert "refresh_expires_in" in schemas[name]["required"]


@pytest.mark.parametrize("operation", WITH_BODY, ids=named)
def test_optional_body_is_not_required(operation: Described) -> None:
    optional = {"logOut", "logOutEverywhere", "refresh"}

    assert operation.details["requestBody"]["required"] == (operation.name not in optional)


@pytest.mark.parametrize("name", sorted(document()["components"]["schemas"]))
def test_schema_has_title_and_description(name: str) -> None:
    schema = document()["components"]["schemas"][name]

    assert schema["title"] == name
    assert re.fullmatch(r"[A-Z`].+\.", schema["description"])


@OPERATIONS
def test_response_documents_its_headers(operation: Described) -> None:
    """401 and `STEP_UP_REQUIRED` have a challenge, 429 and 503 have Retry-After, and a limited route has its quota."""
    responses = operation.responses
    named = {int(status): set(response.get("headers", {})) for status, response in responses.items()}
    quota = {"RateLimit", "RateLimit-Policy"} if operation.name in LIMITED else set()
    challenge = {"WWW-Authenticate"}
    step_up = challenge if "STEP_UP_REQUIRED" in ERRORS[operation.name] else set()

    for status, headers in named.items():
        expected = {401: challenge, 403: step_up, 429: {"Retry-After"} | quota, 503: {"Retry-After"}}.get(status, set())
        if operation.name == "readReadiness" and status == 503:
            expected = set()
        assert headers == (quota if status < 300 else expected)


def test_limited_operations_are_those_with_a_rate_limit(app: Litestar) -> None:
    limited = {
        handler.operation_id
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.opt.get("rate_limit") and handler.resolve_include_in_schema()
    }

    assert limited == LIMITED


CALL_ORDER = [
    "readLiveness",
    "readReadiness",
    "readPublicKeys",
    "listErrors",
    "readError",
    "listProviders",
    "register",
    "resendVerification",
    "verifyEmail",
    "logIn",
    "exchangeCode",
    "refresh",
    "stepUp",
    "startIdentity",
    "linkIdentity",
    "listIdentities",
    "unlinkIdentity",
    "readProfile",
    "readOwnPermissions",
    "findUsers",
    "readUser",
    "explainUser",
    "createUser",
    "changeUser",
    "disableUser",
    "enableUser",
    "sendPasswordReset",
    "sendVerification",
    "changeUserEmail",
    "resetFactors",
    "listUserSessions",
    "endUserSession",
    "endUserSessions",
    "deleteUser",
    "readRevocations",
    "checkAccess",
    "createInvitation",
    "listInvitations",
    "resendInvitation",
    "revokeInvitation",
    "createOwnKey",
    "listOwnKeys",
    "listConsents",
    "withdrawConsent",
    "listUserKeys",
    "revokeUserKey",
    "revokeOwnKey",
    "createServiceAccount",
    "listServiceAccounts",
    "readServiceAccount",
    "changeServiceAccount",
    "createServiceKey",
    "listServiceKeys",
    "revokeServiceKey",
    "deleteServiceAccount",
    "readAuditLog",
    "exportEverything",
    "listSessions",
    "logOutEverywhere",
    "logIn",
    "logOut",
    "logIn",
    "endSession",
    "logIn",
    "beginTotp",
    "confirmTotp",
    "readFactors",
    "createRecoveryCodes",
    "switchTwoStep",
    "removeTotp",
    "beginPasskey",
    "addPasskey",
    "beginPasskeyStepUp",
    "beginPasskeyLogin",
    "logInWithPasskey",
    "removePasskey",
    "changeEmail",
    "confirmEmailChange",
    "undoEmailChange",
    "resetPassword",
    "logIn",
    "changePassword",
    "reportStranger",
    "resetPassword",
    "forgotPassword",
    "resetPassword",
    "logIn",
    "changeProfile",
    "deleteAccount",
    "register",
    "completeLogin",
    "beginPasskeySecondFactor",
    "previewInvitation",
    "acceptInvitation",
    "declarePermission",
    "createRole",
    "listRoles",
    "readRole",
    "changeRole",
    "listPermissions",
    "grantRole",
    "listAuditEvents",
    "listAuditEventsOfUser",
    "exportAuditEvents",
    "revokeRole",
    "deleteRole",
    "deletePermission",
    "registerWithProvider",
    "createResource",
    "listResources",
    "readResource",
    "changeResource",
    "registerApplication",
    "listApplications",
    "readApplication",
    "changeApplication",
    "replaceApplicationSecret",
    "deleteApplication",
    "deleteResource",
]
"""Operations in an order in which each one works with its example."""


LINKS = {
    "verifyEmail": "/account/verify-email",
    "resetPassword": "/account/reset-password",
    "confirmEmailChange": "/account/confirm-email",
    "undoEmailChange": "/account/undo-email",
    "reportStranger": "/account/report",
    "previewInvitation": "/account/invitation",
    "acceptInvitation": "/account/invitation",
}
"""Paths of the mailed links whose tokens an operation accepts."""


async def test_all_examples_work(
    client: httpx.AsyncClient,
    services: Services,
    mailbox: Mailbox,
    user_factory: UserFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The real response has the documented status, the fields of the example and the types of the schema.

    An administrator sends the requests to the admin API.
    """
    monkeypatch.setattr(Providers, "find", lambda _self, _provider_id: acme())
    by_name = {operation.name: operation for operation in operations()}
    ada, previous, soft = Actor(client), dict[str, Any](), new_authenticator()
    boss = await user_factory(username="boss")
    await give_role(boss.username, ADMINISTRATOR)

    for name in CALL_ORDER:
        operation = by_name[name]
        status, expected = operation.success
        values = await values_of(name, ada, services, previous, soft)
        caller = boss if operation.path.startswith("/api/admin/") else ada
        response = await call_with_example(caller, operation, mailbox, **values)
        previous = response.json() if response.content else {}
        assert (name, response.status_code) == (name, status)
        if "content" not in expected:
            assert (name, response.content) == (name, b"")
            continue
        if "application/json" not in expected["content"]:
            assert (name, response.headers["content-type"]) == (name, next(iter(expected["content"])))
            continue
        content = expected["content"]["application/json"]
        assert (name, schema_errors(response.json(), content["schema"])) == (name, [])
        example = content["examples"]["example"]["value"]
        assert (name, fields_of(response.json())) == (name, fields_of(example, response.json()))

    assert set(CALL_ORDER) == set(by_name)


async def test_other_example_of_a_login_works(client: httpx.AsyncClient) -> None:
    by_name = {operation.name: operation for operation in operations()}
    requests = {
        name: {key: example["value"] for key, example in media["examples"].items()}
        for name, operation in by_name.items()
        for media in operation.details.get("requestBody", {}).get("content", {}).values()
    }
    assert {name: set(examples) for name, examples in requests.items() if len(examples) > 1} == {
        "logIn": {"example", "by username"},
        "completeLogin": {"example", "by passkey"},
        "stepUp": {"example", "by passkey"},
        "beginTotp": {"example", "during a login"},
        "confirmTotp": {"example", "during a login"},
        "beginPasskey": {"example", "during a login"},
        "addPasskey": {"example", "during a login"},
        "acceptInvitation": {"example", "by the session of the account"},
        "checkAccess": {"example", "of a user"},
    }
    await client.post("/api/auth/register", json=requests["register"]["example"])

    response = await client.post("/api/auth/login", json=requests["logIn"]["by username"])

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("status", "name", "enumeration_safe"),
    [("201", "e-mail verification required", "false"), ("202", "example", "true")],
)
async def test_other_examples_of_a_registration_are_real_responses(
    app_with: OtherAppFactory, mailbox: Mailbox, status: str, name: str, enumeration_safe: str
) -> None:
    (register,) = [operation for operation in operations() if operation.name == "register"]
    content = register.responses[status]["content"]["application/json"]

    async with app_with(
        mailer=mailbox,
        SMTP_URL="smtp://smtp.example.com",
        MAIL_FROM="no-reply@example.com",
        REQUIRE_EMAIL_VERIFICATION="true",
        REGISTRATION_ENUMERATION_SAFE=enumeration_safe,
    ) as other:
        response = await other.client.post(register.path, json=body_example(register))

    assert response.status_code == int(status)
    assert schema_errors(response.json(), content["schema"]) == []
    assert fields_of(response.json()) == fields_of(content["examples"][name]["value"])


async def values_of(  # noqa: PLR0911 - one for each operation
    name: str, actor: Actor, services: Services, previous: Any, soft: SoftAuthenticator
) -> dict[str, Any]:
    """Return the values of an operation that its example cannot contain."""
    if name == "addPasskey":
        return {"credential": soft.create(previous["public_key"])}
    if name == "logInWithPasskey":
        return {"credential": soft.get(previous["public_key"])}
    if name in {"beginPasskeySecondFactor", "completeLogin"}:
        if name == "beginPasskeySecondFactor":
            await stored_passkey(services, actor)
        return await second_step(actor, services, has_code=name == "completeLogin")
    if name == "previewInvitation":
        await invite(services)
    if name in OF_PROVIDERS:
        return await OF_PROVIDERS[name](services, actor)
    if name == "readRevocations":
        await give_role(actor.username, "administrator")
    if name == "exchangeCode":
        return {"code": await new_code(services, actor.access_token), "code_verifier": VERIFIER}
    if name == "checkAccess":
        return {"token": actor.access_token}
    return {"code": AuthenticatorApp(previous["secret"]).code()} if name == "confirmTotp" else {}


async def application(_services: Services, _actor: Actor) -> dict[str, str]:
    return {"return_to": RETURN_TO}


async def link_of_an_address(services: Services, actor: Actor) -> dict[str, str]:
    return {"link_token": await link_token(services, actor.username)}


async def new_person(services: Services, _actor: Actor) -> dict[str, str]:
    return {"username": "linus", "signup_token": (await sign_up(services, email="linus@example.com")).signup_token}


async def allowed_application(services: Services, actor: Actor) -> dict[str, str]:
    await allow(services, actor, await client_of(services, "app_00000000000000000001"), "openid")
    return {}


OF_PROVIDERS: dict[str, Callable[[Services, Actor], Awaitable[dict[str, str]]]] = {
    "startIdentity": application,
    "listConsents": allowed_application,
    "linkIdentity": link_of_an_address,
    "registerWithProvider": new_person,
}


async def second_step(actor: Actor, services: Services, *, has_code: bool) -> dict[str, str]:
    """Return the values of the second step of a login, which an example cannot contain."""
    seed = await add_totp(services, actor.username)
    await switch_two_step_on(actor.username)
    (login,) = [operation for operation in operations() if operation.name == "logIn"]
    refused = await actor.call("POST", login.path, token="", json=body_example(login))
    token = {"mfa_token": refused["mfa_token"]}
    return {**token, "code": current_code(services, seed)} if has_code else token


async def call_with_example(actor: Actor, operation: Described, mailbox: Mailbox, **values: Any) -> httpx.Response:
    """Send the example with a real token, the current one or that of the last mail, and with further values."""
    token = "" if operation.name in PUBLIC else actor.access_token
    path = await path_of(operation.path, actor)
    arguments = {}
    if operation in WITH_BODY:
        body = body_example(operation) | values
        arguments["json"] = {**body, "refresh_token": actor.refresh_token} if "refresh_token" in body else body
        if operation.name in LINKS:
            arguments["json"] = {**body, "token": await newest_token(mailbox, LINKS[operation.name])}
    response = await actor.call(operation.method, path, token=token, **arguments)
    if '"access_token"' in response.response.text:
        actor.access_token = response["access_token"]
        actor.refresh_token = response.json.get("refresh_token", actor.refresh_token)
    return response.response


async def path_of(template: str, actor: Actor) -> str:
    """Return a path of things that exist."""
    values: dict[str, Any] = {"error_code": "TOKEN_EXPIRED", "role": "order-desk"}
    values["name"] = "order-desk" if "/roles/" in template else "orders:read"
    if "{identity_id}" in template:
        (values["identity_id"],) = await UserIdentityRow.select(UserIdentityRow.id).output(as_list=True)
    if "{user_id}" in template:
        grace = await UserRow.select(UserRow.id).where(UserRow.username == "grace").first()
        verified = await UserRow.select(UserRow.id).where(UserRow.email_verified_at.is_not_null()).first()
        values["user_id"] = (grace or verified or {})["id"]
    if "{session_id}" in template:
        if "{user_id}" in template:
            await Actor(actor.client, username="grace", password=GRACES_PASSWORD).log_in()
        sessions = template.removesuffix("/{session_id}").format(**values)
        values["session_id"] = (await actor.call("GET", sessions))["items"][0]["id"]
    if "{passkey_id}" in template:
        values["passkey_id"] = (await actor.call("GET", "/api/user/factors"))["passkeys"][0]["id"]
    for name in ("invitation_id", "account_id", "client_id", "resource_id", "consent_id"):
        if f"{{{name}}}" in template:
            (thing, *_) = (await actor.call("GET", template.partition("/{")[0]))["items"]
            values[name] = thing.get(name, thing.get("id"))
    if "{key_id}" in template:
        keys = template.removesuffix("/{key_id}").format(**values)
        values["key_id"] = (await actor.call("GET", keys))["items"][0]["id"]
    return template.format(**values)


async def newest_token(mailbox: Mailbox, link: str) -> str:
    await mailbox.collect()
    return token_of([message for message in mailbox.sent if link in message.text][-1])


def fields_of(value: Any, response: Any = None) -> Any:
    """Return the fields of a document without their values, without the details of events.

    A list is represented by its first item, or by nothing if the list of the real response is empty.
    """
    if isinstance(value, dict):
        responses = response if isinstance(response, dict) else {}
        return {name: fields_of(inner, responses.get(name)) for name, inner in value.items() if name != "details"}
    if isinstance(value, list):
        return [] if response == [] else [fields_of(item, (response or [None])[0]) for item in value[:1]]
    return None


@pytest.mark.parametrize("operation", WITH_BODY, ids=named)
@pytest.mark.parametrize("change", ["unknown-field", "wrong-type", "too-long", "null"])
async def test_schema_and_product_reject_the_same_bodies(
    user_factory: UserFactory, operation: Described, change: str
) -> None:
    ada = await user_factory()
    await give_role(ada.username, ADMINISTRATOR)
    example = body_example(operation)
    body = {
        "unknown-field": {**example, "is_admin": True},
        "wrong-type": {name: "7" if isinstance(value, int) else 7 for name, value in example.items()} or [7],
        "too-long": dict.fromkeys(example, "too long " * 1000) or ["too long"],
        "null": None,
    }[change]

    response = await ada.call(operation.method, operation.path, content=json.dumps(body), headers=JSON)

    assert response.status == 400
    assert schema_errors(body, body_schema(operation)) != []
