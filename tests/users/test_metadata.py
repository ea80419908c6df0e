"""Metadata: merged by keys, limited, and in responses as it is stored."""

import asyncio
import json
from typing import Any

import pytest

from auth_api.kit.errors import ValidationException
from auth_api.kit.http.json import parse_object
from auth_api.services import Services
from auth_api.users.errors import UserNotFoundException
from auth_api.users.metadata import MAX_METADATA_BYTES, check_metadata, merged_metadata
from auth_api.users.tables import UserRow
from auth_api.users.user import User
from tests.conftest import UserFactory
from tests.support.rows import user_rows


async def change(services: Services, user_id: int, metadata: dict[str, Any]) -> User:
    users = services.core.users
    return await services.core.database.transaction(lambda: users.change_profile(user_id, {"metadata": metadata}))


def code_of(changes: dict[str, Any]) -> str:
    with pytest.raises(ValidationException) as raised:
        merged_metadata(None, check_metadata(changes))
    (error,) = raised.value.errors
    assert error.field == "metadata"
    return error.code


@pytest.mark.engine_independent
def test_changes_replace_whole_keys_and_null_removes_one() -> None:
    stored = merged_metadata(None, {"plan": {"name": "pro", "seats": 3}, "tags": ["a"], "gone": None})
    assert stored == '{"plan":{"name":"pro","seats":3},"tags":["a"]}'

    assert merged_metadata(stored, {"plan": {"name": "ü"}, "tags": None}) == '{"plan":{"name":"ü"}}'
    assert merged_metadata(stored, {}) == stored
    assert merged_metadata(stored, {"plan": None, "tags": None}) == "{}"


@pytest.mark.engine_independent
def test_limits_are_those_of_the_merged_compact_text() -> None:
    empty = len('{"a":""}')
    fitting = {"a": "é" * ((MAX_METADATA_BYTES - empty) // 2)}
    assert len(merged_metadata(None, check_metadata(fitting)).encode()) == MAX_METADATA_BYTES
    assert code_of({"a": fitting["a"] + "b"}) == "too_long"
    with pytest.raises(ValidationException):
        merged_metadata(merged_metadata(None, fitting), {"b": 1})
    assert merged_metadata(merged_metadata(None, fitting), {"a": None, "b": 1}) == '{"b":1}'

    assert check_metadata({"a": [{"b": [{"c": None}]}]})
    assert code_of({"a": [{"b": [{"c": {}}]}]}) == "too_deep"
    assert check_metadata({"A-z_0.9": 1, "k" * 64: 1})
    for key in ("", "k" * 65, "a b", "é", "a\n", "$a"):
        assert code_of({key: 1}) == "format", key
    assert code_of(parse_object(b'{"a": [1e400]}')) == "format"
    assert code_of(parse_object(b'{"a": [1' + b"0" * 400 + b"]}")) == "format"


async def test_user_reads_the_metadata_that_is_stored(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    profile = (await ada.profile()).json
    assert profile["metadata"] == {}
    metadata = parse_object(b'{"plan": "pro\\u0000", "n": 123456789012345678901234567890, "f": 1.10, "l": [{}, null]}')

    changed = await change(services, profile["id"], metadata)

    expected = {**profile, "metadata": metadata, "updated_at": (await ada.profile())["updated_at"]}
    assert (await ada.profile()).json == expected
    assert expected["updated_at"] > profile["updated_at"]
    assert (changed.metadata or "-") in (await ada.profile()).response.text
    assert (await ada.log_in())["user"]["metadata"] == metadata
    exported = await ada.call("GET", "/api/user/export")
    assert exported["account"]["metadata"] == exported["profile"]["metadata"] == metadata

    refused = await ada.call("PATCH", "/api/user/profile", json={"username": "ada", "metadata": {"plan": "free"}})
    assert (refused.code, refused["errors"][0]["code"]) == ("VALIDATION_ERROR", "unknown")


async def test_concurrent_changes_of_different_keys_are_all_kept(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    (row,) = await user_rows()

    await asyncio.gather(*(change(services, row["id"], {f"key{number}": number}) for number in range(10)))

    (row,) = await user_rows()
    assert json.loads(row["metadata"]) == {f"key{number}": number for number in range(10)}
    await UserRow.delete(force=True)
    with pytest.raises(UserNotFoundException):
        await change(services, row["id"], {"plan": "pro"})
