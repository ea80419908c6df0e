"""The models, compared with the OpenAPI document."""

import json
from dataclasses import MISSING, FrozenInstanceError, fields
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args

import pytest

from auth_api_sdk import Tokens, Unavailable, User
from auth_api_sdk.models import LoggedIn, Registration, SessionInfo, SessionList, SteppedUp
from tests.sdk.python.fake_server import USER, Subject, pair, settled
from tests.sdk.python.test_operations import LOGIN

pytestmark = pytest.mark.engine_independent

SCHEMAS: Final = json.loads((Path(__file__).parents[2] / "contract" / "openapi.json").read_text(encoding="utf-8"))[
    "components"
]["schemas"]

SAME: Final = [
    (User, "UserResponse"),
    (Tokens, "TokenPair"),
    (LoggedIn, "LoggedIn"),
    (SteppedUp, "SteppedUp"),
    (SessionInfo, "SessionResponse"),
    (SessionList, "SessionList"),
]
OURS: Final = {"received_at", "tokens"}
"""Fields that are not members of a document."""
CONSTANT: Final = {"token_type"}
"""Members that have one value."""
ONLY_IN_COOKIE_MODE_ABSENT: Final = {"refresh_token"}


@pytest.mark.parametrize(("model", "schema"), SAME)
def test_model_has_the_members_of_the_document(model: type[Any], schema: str) -> None:
    described = SCHEMAS[schema]
    names = {each.name for each in fields(model)} - OURS
    inner = {each.name for each in fields(Tokens)} if model is LoggedIn else set()
    assert names | (inner - OURS) == set(described["properties"]) - CONSTANT
    for each in fields(model):
        if each.name in OURS:
            continue
        is_required = each.default is MISSING and each.default_factory is MISSING
        assert is_required == (each.name in described["required"]) or each.name in ONLY_IN_COOKIE_MODE_ABSENT, each.name
        variants = described["properties"][each.name].get("oneOf", ())
        may_be_null = any(variant.get("type") == "null" for variant in variants)
        assert may_be_null <= (NoneType in get_args(each.type)), each.name


def test_registration_has_the_members_of_both_documents() -> None:
    user, tokens = set(SCHEMAS["UserResponse"]["properties"]), set(SCHEMAS["TokenPair"]["properties"])
    assert set(SCHEMAS["Registered"]["properties"]) == user | tokens
    assert set(SCHEMAS["AwaitingVerification"]["properties"]) == user | {"email_verification"}


async def test_members_of_later_versions_are_ignored(subject: Subject) -> None:
    later = {**LOGIN, "received_at": 5, "risk": 1, "user": {**USER, "theme": "dark"}}
    subject.server.on("POST /api/auth/login", (200, later))
    logged_in = await settled(subject.client.login("ada", "pw"))
    assert logged_in.user.created_at == datetime(2026, 11, 30, 13, 58, 44, 923000, tzinfo=UTC)
    assert (logged_in.tokens.access_token, logged_in.amr) == ("access-1", ("pwd",))
    assert logged_in.user.metadata == {"plan": "pro"}
    assert logged_in.tokens.received_at > 1_000_000


async def test_registration_has_three_answers(subject: Subject) -> None:
    awaiting = {**USER, "email_verification": "required"}
    subject.server.on("POST /api/auth/register", (201, {**USER, **pair(1)}), (201, awaiting), (202, {"message": "m"}))
    person = {"email": "ada@example.com", "username": "ada", "password": "a-password"}
    first, second, third = [await settled(subject.client.register(**person)) for _ in range(3)]
    assert (first.user.username, first.tokens.refresh_token) == ("ada", "rt_1")
    assert (second.user.username, second.tokens) == ("ada", None)
    assert third == Registration()


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Sign in to the network</html>",
        b'{"access_token": ',
        b"\xff",
        b"",
        [],
        {},
        {**pair(1), "access_token": None},
        {**pair(1), "expires_in": True},
        {**pair(1), "refresh_token": 5},
    ],
)
async def test_unreadable_answer_is_an_outage(subject: Subject, waits: list[float], body: Any) -> None:
    subject.server.on("POST /api/auth/refresh", (200, body))
    with pytest.raises(Unavailable) as caught:
        await settled(subject.client.refresh("rt_0"))
    assert (caught.value.code, caught.value.status) == ("HTTP_ERROR", 200)


async def test_time_that_is_not_one_is_an_outage(subject: Subject) -> None:
    subject.server.on("GET /api/user/profile", (200, {**USER, "created_at": "yesterday"}))
    with pytest.raises(Unavailable, match="cannot be read"):
        await settled(subject.client.profile("a"))


def test_models_are_frozen_and_hide_secrets() -> None:
    tokens = Tokens("secret-a", "secret-b", 1, 2)
    with pytest.raises(FrozenInstanceError):
        tokens.expires_in = 5  # type: ignore[misc]
    stepped_up = SteppedUp("secret-c", 5, "aal1", (), datetime.now(UTC))
    shown = repr([tokens, stepped_up, LoggedIn(tokens, None, "aal1", (), ("secret-d",))])  # type: ignore[arg-type]
    assert "secret" not in shown
    assert "expires_in=1" in shown
    assert Tokens.from_json(tokens.to_json()) == tokens
