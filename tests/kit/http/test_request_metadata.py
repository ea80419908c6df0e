"""What is recorded of a request's headers."""

import pytest

from auth_api.kit.http.request_metadata import MAX_USER_AGENT_CHARACTERS, read_request_context

pytestmark = pytest.mark.engine_independent

UNPRINTABLE = ["\x00", "\t", "\x1b", "\x7f", "\x85", "\x9b", "\u200f", "\u2028", "\u2029", "\u202e", "\u2066", "\ufeff"]


def user_agent(header: bytes) -> str | None:
    return read_request_context({b"user-agent": header}, None, "id").user_agent


@pytest.mark.parametrize("character", UNPRINTABLE)
def test_user_agent_contains_only_printable_characters(character: str) -> None:
    """It is shown in mails, pages, terminals and files of JSON lines (CWE-150)."""
    assert user_agent(f"Ada{character}'s phone".encode()) == "Ada's phone"


def test_user_agent_keeps_letters_of_all_scripts() -> None:
    assert user_agent("Телефон Ады é 🐎".encode()) == "Телефон Ады é 🐎"


def test_user_agent_is_cut_after_its_unprintable_characters_are_removed() -> None:
    assert user_agent(b"\x01" * 600 + b"a" * 600) == "a" * MAX_USER_AGENT_CHARACTERS


@pytest.mark.parametrize("header", [b"", b"\x01\x7f"])
def test_user_agent_without_printable_characters_is_none(header: bytes) -> None:
    assert user_agent(header) is None
