"""What services in FastAPI and Litestar answer: both run the same table."""

from collections.abc import Iterator
from typing import Any

import fastapi.testclient
import litestar
import litestar.testing
import pytest
from litestar.exceptions import WebSocketDisconnect
from starlette.testclient import WebSocketDenialResponse

import auth_api_sdk.litestar
from auth_api_sdk import AsyncTokenVerifier, ConfigurationError, TokenVerifier
from auth_api_sdk.fastapi import TokenAuth
from auth_api_sdk.testing import TestIssuer
from tests.sdk.python.integration.services import Verifier, in_fastapi, in_litestar

pytestmark = pytest.mark.engine_independent

ISSUER, AUDIENCE = "https://auth.example.com", ["auth_api", "notes"]


@pytest.fixture(params=[AsyncTokenVerifier, TokenVerifier])
def verifier(request: pytest.FixtureRequest) -> Verifier:
    made: Verifier = request.param(ISSUER, AUDIENCE, service_key="auth_svc_secret")
    return made


@pytest.fixture(params=["fastapi", "litestar"])
def client(request: pytest.FixtureRequest, verifier: Verifier, auth_issuer: TestIssuer) -> Iterator[Any]:
    auth_issuer.serve(verifier)
    if request.param == "fastapi":
        with fastapi.testclient.TestClient(in_fastapi(verifier)) as of_fastapi:
            yield of_fastapi
    else:
        with litestar.testing.TestClient(in_litestar(verifier)) as of_litestar:
            yield of_litestar


def answer(response: Any) -> tuple[Any, ...]:
    """Return the status, the code, the challenge and the further members of a response."""
    document = response.json()
    if response.status_code == 200:
        return (200,)
    assert response.headers["content-type"] == "application/problem+json"
    usual = {"type", "title", "status", "detail", "error_code"}
    assert document["status"] == response.status_code
    assert document["detail"]
    members = {name: value for name, value in document.items() if name not in usual}
    return (response.status_code, document["error_code"], response.headers.get("www-authenticate"), members)


def test_request_without_a_token_is_refused_with_a_challenge(client: Any) -> None:
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer "}):
        assert answer(client.get("/any", headers=headers)) == (401, "AUTHENTICATION_REQUIRED", "Bearer", {})


def test_rejected_token_is_refused_with_its_reason(client: Any, auth_issuer: TestIssuer) -> None:
    ended, expired = auth_issuer.token(), auth_issuer.token(expires_in=-1)
    auth_issuer.end_session(ended)
    for token, code in ((ended, "TOKEN_REVOKED"), (expired, "TOKEN_EXPIRED"), ("garbage", "TOKEN_INVALID")):
        response = client.get("/any", headers={"Authorization": f"Bearer {token}"})

        assert answer(response) == (401, code, 'Bearer error="invalid_token"', {})


def test_who_opens_a_websocket_is_known_to_its_handler(client: Any, auth_issuer: TestIssuer) -> None:
    with client.websocket_connect("/socket", headers=auth_issuer.headers("9", roles=["editor"])) as socket:
        assert socket.receive_json() == {"subject": "9", "kind": "session", "is_stale": False}


@pytest.mark.parametrize(
    ("is_signed_in", "status", "code"), [(False, 401, "AUTHENTICATION_REQUIRED"), (True, 403, "PERMISSION_DENIED")]
)
def test_refused_websocket_is_not_opened(
    client: Any, auth_issuer: TestIssuer, is_signed_in: bool, status: int, code: str
) -> None:
    headers = auth_issuer.headers() if is_signed_in else {}

    with pytest.raises(Exception) as caught, client.websocket_connect("/socket", headers=headers):  # noqa: PT011 - of either framework
        pass

    refused: Any = caught.value
    if isinstance(refused, WebSocketDenialResponse):
        assert (refused.status_code, refused.json()["error_code"]) == (status, code)
    else:
        assert isinstance(refused, WebSocketDisconnect)
        assert (refused.code, refused.detail) == (4000 + status, code)


async def test_first_plugin_of_litestar_gives_the_principal(auth_issuer: TestIssuer) -> None:
    first, second = (AsyncTokenVerifier(ISSUER, audience) for audience in ("auth_api", "notes"))
    for each in (first, second):
        auth_issuer.serve(each)
    plugins = [auth_api_sdk.litestar.TokenAuth(each) for each in (first, second)]

    @litestar.get("/")
    async def show(principal: auth_api_sdk.litestar.Sender) -> str:
        return principal.subject

    app = litestar.Litestar([show], plugins=plugins, logging_config=None)
    with litestar.testing.TestClient(app) as of_litestar:
        assert of_litestar.get("/", headers=auth_issuer.headers("9", aud="auth_api")).text == "9"
        assert of_litestar.get("/", headers=auth_issuer.headers("9", aud="notes")).status_code == 401


def test_sender_is_known_to_the_handler(client: Any, auth_issuer: TestIssuer) -> None:
    of_session = client.get("/any", headers=auth_issuer.headers("9")).json()
    of_application = client.get("/any", headers=auth_issuer.headers("u-1", client_id="app_1")).json()

    assert of_session == {"subject": "9", "kind": "session", "is_stale": False}
    assert (of_application["subject"], of_application["kind"]) == ("u-1", "oauth")


@pytest.mark.parametrize(
    ("path", "options", "expected"),
    [
        ("/role", {"roles": ["editor"]}, (200,)),
        ("/role", {}, (403, "PERMISSION_DENIED", None, {"required_role": "editor"})),
        ("/roles", {"roles": ["editor"]}, (403, "PERMISSION_DENIED", None, {"required_role": "author"})),
        ("/scope", {"client_id": "app_1", "scopes": ["notes:read", "x"]}, (200,)),
        (
            "/scope",
            {"client_id": "app_1", "scopes": ["x"]},
            (
                403,
                "PERMISSION_DENIED",
                'Bearer error="insufficient_scope", scope="notes:read"',
                {"required_scope": "notes:read"},
            ),
        ),
        ("/acr", {"acr": "aal2"}, (200,)),
        ("/acr", {"acr": "phr"}, (200,)),
        (
            "/acr",
            {"acr": "aal1"},
            (
                403,
                "STEP_UP_REQUIRED",
                'Bearer error="insufficient_user_authentication", acr_values="aal2"',
                {"acr_values": "aal2"},
            ),
        ),
        ("/recent", {"age": 590}, (200,)),
        (
            "/recent",
            {"age": 620},
            (
                403,
                "STEP_UP_REQUIRED",
                'Bearer error="insufficient_user_authentication", acr_values="aal1", max_age="600"',
                {"acr_values": "aal1", "max_age": 600},
            ),
        ),
        ("/role-and-recent", {"age": 620}, (403, "PERMISSION_DENIED", None, {"required_role": "editor"})),
    ],
)
def test_requirement_is_checked(
    client: Any, auth_issuer: TestIssuer, path: str, options: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert answer(client.get(path, headers=auth_issuer.headers(**options))) == expected


def test_login_without_a_time_or_level_is_not_recent(client: Any, auth_issuer: TestIssuer) -> None:
    for claims in ({"auth_time": None}, {"acr": None}, {"acr": "unknown"}):
        assert answer(client.get("/recent", headers=auth_issuer.headers(**claims)))[1] == "STEP_UP_REQUIRED"


def test_permission_is_asked_for(client: Any, auth_issuer: TestIssuer) -> None:
    auth_issuer.allow("notes:read", "7")
    auth_issuer.allow("notes:write", "8")
    auth_issuer.allow("notes:read", "8")

    lacking = client.get("/permission", headers=auth_issuer.headers("7"))
    assert answer(lacking) == (403, "PERMISSION_DENIED", None, {"required_permission": "notes:write"})
    assert answer(client.get("/permission", headers=auth_issuer.headers("8"))) == (200,)


def test_outage_is_503_only_where_the_issuer_must_be_asked(client: Any, auth_issuer: TestIssuer) -> None:
    auth_issuer.go_down()

    asked = client.get("/permission", headers=auth_issuer.headers())
    local = client.get("/any", headers=auth_issuer.headers())

    assert answer(asked)[:2] == (503, "NOT_READY")
    assert asked.headers["retry-after"] == "1"
    assert local.json() == {"subject": "7", "kind": "session", "is_stale": True}


def test_key_rotation_and_revocation_of_a_user_are_noticed(client: Any, auth_issuer: TestIssuer) -> None:
    before = auth_issuer.headers("7")
    auth_issuer.rotate_keys()
    assert answer(client.get("/any", headers=before)) == (200,)
    assert answer(client.get("/any", headers=auth_issuer.headers("8"))) == (200,)

    auth_issuer.revoke("7")

    assert answer(client.get("/any", headers=before))[1] == "TOKEN_EXPIRED"
    assert answer(client.get("/any", headers=auth_issuer.headers("8"))) == (200,)


def test_permission_without_a_service_key_is_an_error_of_the_application() -> None:
    auth = TokenAuth(AsyncTokenVerifier(ISSUER, AUDIENCE))

    with pytest.raises(ConfigurationError, match="service_key"):
        auth.requires(permission="notes:read")
    with pytest.raises(ConfigurationError, match="aal1, aal2, phr"):
        auth.requires(acr="gold")


def test_openapi_of_fastapi_names_the_security_scheme() -> None:
    document = in_fastapi(AsyncTokenVerifier(ISSUER, AUDIENCE, service_key="auth_svc_secret")).openapi()

    assert document["components"]["securitySchemes"]["auth_api"]["scheme"] == "bearer"
    assert document["paths"]["/role"]["get"]["security"] == [{"auth_api": []}]


def test_openapi_of_litestar_has_the_security_scheme() -> None:
    app = in_litestar(AsyncTokenVerifier(ISSUER, AUDIENCE, service_key="auth_svc_secret"))
    components = app.openapi_schema.components.to_schema()

    assert components["securitySchemes"]["auth_api"]["scheme"] == "bearer"


def test_verifier_trusts_no_issuer_of_tests_in_production(
    auth_issuer: TestIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "Production")

    with pytest.raises(RuntimeError, match="production"):
        auth_issuer.serve(AsyncTokenVerifier(ISSUER, AUDIENCE))


def test_verifier_has_its_own_issuer_again_after_the_test() -> None:
    verifier, issuer = AsyncTokenVerifier(ISSUER, AUDIENCE), TestIssuer()
    own = verifier.engine

    issuer.serve(verifier)
    assert verifier.engine is not own
    issuer.close()
    assert verifier.engine is own
