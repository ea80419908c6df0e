"""What a new password must be, rule by rule; all that is wrong is told at once."""

import pytest

from auth_api.users.errors import WeakPasswordException
from auth_api.users.password_rules import PasswordRules, common_passwords
from auth_api.users.policy import PasswordPolicy

pytestmark = pytest.mark.engine_independent

ADA = {"username": "ada.lovelace", "email": "countess@example.com"}
E_IN_TWO = "e\u0301"
"""One character after NFC."""

TWO_IN_ONE = "\u0958"
"""Two characters after NFC."""

FOUR_BYTES = "\U00010348"


@pytest.fixture(scope="module")
def rules() -> PasswordRules:
    return PasswordRules(PasswordPolicy(), common_passwords())


@pytest.fixture(scope="module")
def lenient_rules() -> PasswordRules:
    return PasswordRules(PasswordPolicy(require_complexity=False), common_passwords())


def broken(rules: PasswordRules, password: str, **fields: object) -> list[str]:
    """Return the codes of the rules that a password breaks."""
    try:
        rules.check(password, {**ADA, **fields})
    except WeakPasswordException as weak:
        return [error.code for error in weak.errors if error.field == "password"]
    return []


GOOD = {
    "12 characters": "Aa1!Aa1!Aa1!",
    "128 characters": "Aa1!" * 32,
    "129 characters before NFC, 128 after": "Aa1!" * 31 + "Aa1" + E_IN_TWO,
    "spaces as symbols, also at the edges": " Correct Horse 7 ",
    "other scripts": "Пароль-Надёжный-7",
    "emoji as symbols": "Correct7Horse🐎🐎",
}


@pytest.mark.parametrize("password", GOOD.values(), ids=GOOD)
def test_a_good_password_breaks_no_rule(rules: PasswordRules, password: str) -> None:
    assert rules.check(password, ADA) == password


BAD = {
    "11 characters": ("Aa1!Aa1!Aa1", ["too_short"]),
    "12 characters before NFC, 11 after": ("Aa1!Aa1!Aa" + E_IN_TWO, ["too_short"]),
    "129 characters": ("Aa1!" * 32 + "A", ["too_long"]),
    "128 characters before NFC, 129 after": ("Aa1!" * 31 + "Aa1" + TWO_IN_ONE, ["too_long"]),
    "no lower-case letter": ("AA1!AA1!AA1!", ["lower_case"]),
    "no upper-case letter": ("aa1!aa1!aa1!", ["upper_case"]),
    "no digit": ("Aab!Aab!Aab!", ["digit"]),
    "no symbol": ("Aa1bAa1bAa1b", ["symbol"]),
    "a script without case": ("密码密码密码密码密码12!", ["lower_case", "upper_case"]),
    "nothing": ("", ["too_short", "lower_case", "upper_case", "digit", "symbol"]),
    "a common one": ("Professional", ["digit", "symbol", "common"]),
    "a common one before digits and symbols": ("Password1234!", ["common"]),
    "a common one within digits and symbols": ("123!_Password_9", ["common"]),
    "a common one in capitals": ("!!!PASSWORD123", ["lower_case", "common"]),
    "a common one in Cyrillic": ("123456Пароль!", ["common"]),  # noqa: RUF001 - Russian
    "the username": ("X1!Ada.Lovelace", ["contains_username"]),
    "the address' local part": ("1!xCOUNTESSx1!", ["contains_email"]),
    "all at once": ("ada.lovelacecountess", ["upper_case", "digit", "contains_username", "contains_email"]),
}


@pytest.mark.parametrize(("password", "codes"), BAD.values(), ids=BAD)
def test_every_broken_rule_is_told(rules: PasswordRules, password: str, codes: list[str]) -> None:
    assert broken(rules, password) == codes


@pytest.mark.parametrize(("part", "codes"), [("ada", []), ("adal", ["contains_username", "contains_email"])])
def test_names_of_three_letters_may_stand_in_a_password(rules: PasswordRules, part: str, codes: list[str]) -> None:
    assert broken(rules, "Xx1!-Adal-x1!", username=part, email=f"{part}@example.com") == codes


@pytest.mark.parametrize("odd", [None, 7, ["ada"], {}])
def test_a_name_of_the_wrong_type_does_not_hide_what_is_wrong(rules: PasswordRules, odd: object) -> None:
    assert broken(rules, "Xq7!", username=odd, email=odd) == ["too_short"]


def test_each_failure_is_one_sentence(rules: PasswordRules) -> None:
    with pytest.raises(WeakPasswordException) as weak:
        rules.check("ada.lovelacé-countess" + "x" * 600, ADA)

    assert [error.message for error in weak.value.errors] == [
        "May have at most 128 characters and 512 bytes.",
        "Must contain an upper-case letter.",
        "Must contain a digit.",
        "May not contain the e-mail address.",
    ]


@pytest.mark.parametrize("password", ["correct horse battery", "密码密码密码密码密码密码", FOUR_BYTES * 128])
def test_without_complexity_any_characters_will_do(lenient_rules: PasswordRules, password: str) -> None:
    assert broken(lenient_rules, password) == []


@pytest.mark.parametrize(
    ("password", "codes"),
    [
        ("elevenchars", ["too_short"]),
        (FOUR_BYTES * 129, ["too_long"]),
        ("professional", ["common"]),
        ("12password34", ["common"]),
    ],
)
def test_without_complexity_length_and_the_list_still_count(
    lenient_rules: PasswordRules, password: str, codes: list[str]
) -> None:
    assert broken(lenient_rules, password) == codes


def test_bytes_are_counted_beside_characters() -> None:
    rules = PasswordRules(PasswordPolicy(require_complexity=False, max_bytes=511), frozenset())

    assert broken(rules, FOUR_BYTES * 127) == []
    assert broken(rules, FOUR_BYTES * 128) == ["too_long"]


def test_the_list_has_about_20000_entries_in_the_form_that_is_compared() -> None:
    common = common_passwords()

    assert len(common) > 19_000
    assert [entry for entry in common if entry != entry.casefold()] == []
