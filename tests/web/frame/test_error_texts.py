"""What pages say about errors: every error and every error of a field has a sentence in each language."""

import ast

import pytest

from auth_api.credentials.errors import FactorInvalidException
from auth_api.features import ERRORS
from auth_api.kit.errors import FieldError
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.users.errors import InvalidCredentialsException, WeakPasswordException
from auth_api.users.password_rules import PasswordRules
from auth_api.users.policy import PasswordPolicy
from auth_api.web.frame.error_texts import (
    FIELD_SENTENCES,
    FIELDS,
    SENTENCES,
    field_of,
    sentence_of,
    sentence_of_field,
)
from auth_api.web.frame.languages import LANGUAGES
from tests.support.source_tree import MODULES

pytestmark = pytest.mark.engine_independent

CODES = {error.error_code for error in ERRORS}


def broken_password_rules() -> set[str]:
    """Return the codes of all rules for passwords."""
    rules = PasswordRules(PasswordPolicy(require_complexity=True), frozenset({"ada lovelace"}))
    document = {"username": "lovelace", "email": "ada lovelace@example.com"}
    codes: set[str] = set()
    for password in ("", "a" * 1000, "ada lovelace"):
        with pytest.raises(WeakPasswordException) as raised:
            rules.check(password, document)
        codes |= {error.code for error in raised.value.errors}
    return codes


def codes_in_source() -> set[str]:
    """Return the codes of all field errors that are written out in the product."""
    calls = [
        node
        for module in MODULES
        for node in module.nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "FieldError"
    ]
    second = [call.args[1] for call in calls]
    return {str(code.value) for code in second if isinstance(code, ast.Constant)}


def test_each_error_has_a_sentence() -> None:
    assert CODES - SENTENCES.keys() == set()
    assert FIELDS.keys() <= CODES


def test_each_error_of_a_field_has_a_sentence() -> None:
    assert len(broken_password_rules()) >= 9
    assert FIELD_SENTENCES.keys() == broken_password_rules() | codes_in_source()


def test_each_sentence_is_complete_in_each_language() -> None:
    shown = [sentence_of(error(), language) for error in ERRORS for language in LANGUAGES]
    shown += [
        sentence_of_field(FieldError(field, code, "Must have at least 12 characters."), language)
        for field in ("username", "email", "new_email", "password")
        for code in FIELD_SENTENCES
        for language in LANGUAGES
    ]

    assert [text for text in shown if not text[0].isupper() or not text.endswith(".") or "%" in text] == []


def test_sentence_of_a_length_names_the_limit() -> None:
    short = FieldError("password", "too_short", "Must have at least 12 characters.")
    empty = FieldError("display_name", "too_short", "Must have a character that is not a space.")
    username = FieldError("username", "format", "Must have 3 to 50 characters of a-z.")

    assert sentence_of_field(short, "en") == "Must have at least 12 characters."
    assert sentence_of_field(short, "de") == "Muss mindestens 12 Zeichen haben."
    assert sentence_of_field(empty, "de") == "Bitte füllen Sie dieses Feld aus."
    assert sentence_of_field(username, "de").startswith("Muss 3 bis 50 Zeichen haben: ")


def test_error_belongs_to_its_field() -> None:
    assert field_of(OneTimeTokenInvalidException()) == "token"
    assert field_of(FactorInvalidException()) is None


def test_wrong_password_of_a_signed_in_person_is_not_called_a_wrong_username() -> None:
    assert "username" in sentence_of(InvalidCredentialsException(), "en")
    assert sentence_of(InvalidCredentialsException(field="current_password"), "en") == "Please check your entries."
