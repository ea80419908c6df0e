"""The rules for a new password; all broken rules are reported at once."""

import pytest

from auth_api.users.errors import WeakPasswordException
from auth_api.users.password_rules import PasswordRules, common_passwords
from auth_api.users.policy import PasswordPolicy

pytestmark = pytest.mark.engine_independent

ADA = {"username": "ada.lovelace", "email": "countess@example.com"}
DECOMPOSED_E_ACUTE = "e\u0301"
"""Two code points that NFC composes to one."""

COMPOSED_QA = "\u0958"
"""One code point that NFC decomposes to two."""

FOUR_BYTE_CHARACTER = "\U00010348"


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
    "129 characters before NFC, 128 after": "Aa1!" * 31 + "Aa1" + DECOMPOSED_E_ACUTE,
    "spaces as symbols, also at both ends": " Correct Horse 7 ",
    "other scripts": "Пароль-Надёжный-7",
    "emoji as symbols": "Correct7Horse🐎🐎",
}


@pytest.mark.parametrize("password", GOOD.values(), ids=GOOD)
def test_good_password_is_returned_unchanged(rules: PasswordRules, password: str) -> None:
    assert rules.check(password, ADA) == password


BAD = {
    "11 characters": ("Aa1!Aa1!Aa1", ["too_short"]),
    "12 characters before NFC, 11 after": ("Aa1!Aa1!Aa" + DECOMPOSED_E_ACUTE, ["too_short"]),
    "129 characters": ("Aa1!" * 32 + "A", ["too_long"]),
    "128 characters before NFC, 129 after": ("Aa1!" * 31 + "Aa1" + COMPOSED_QA, ["too_long"]),
    "no lower-case letter": ("AA1!AA1!AA1!", ["lower_case"]),
    "no upper-case letter": ("aa1!aa1!aa1!", ["upper_case"]),
    "no digit": ("Aab!Aab!Aab!", ["digit"]),
    "no symbol": ("Aa1bAa1bAa1b", ["symbol"]),
    "a script without case": ("密码密码密码密码密码12!", ["lower_case", "upper_case"]),
    "empty": ("", ["too_short", "lower_case", "upper_case", "digit", "symbol"]),
    "a common password": ("Professional", ["digit", "symbol", "common"]),
    "a common password before digits and symbols": ("Password1234!", ["common"]),
    "a common password within digits and symbols": ("123!_Password_9", ["common"]),
    "a common password in upper case": ("!!!PASSWORD123", ["lower_case", "common"]),
    "a common password in Cyrillic": ("12345Пароль!", ["common"]),  # noqa: RUF001 - Russian
    "the username": ("X1!Ada.Lovelace", ["contains_username"]),
    "the local part of the e-mail address": ("1!xCOUNTESSx1!", ["contains_email"]),
    "several broken rules": ("ada.lovelacecountess", ["upper_case", "digit", "contains_username", "contains_email"]),
}


@pytest.mark.parametrize(("password", "codes"), BAD.values(), ids=BAD)
def test_bad_password_reports_every_broken_rule(rules: PasswordRules, password: str, codes: list[str]) -> None:
    assert broken(rules, password) == codes


COMMON = {
    "a common password": "Professional",
    "half of the password": "Dragon12345!",
    "more than half, with two digits": "Professional99!",
    "leetspeak that is in the list": "!1P@ssw0rd!1",
    "symbols of other scripts around it": "¿¡Password¡1٣",
    "emoji around it": "1🐎Password🐎!",
    "full-width letters (NFKC)": "Ｐａｓｓｗｏｒｄ1234!",  # noqa: RUF001 - full-width
    "a ligature (NFKC)": "12!scruﬀy34!5",
    "mathematical letters (NFKC)": "𝐏assword1234!",  # noqa: RUF001 - mathematical
    "Cyrillic": "12345Пароль!",  # noqa: RUF001 - Russian
}
NOT_COMMON = {
    "a core of two letters": "Aa1!" + "😀🚀🐢🌍🎲🧠🍕🔑",
    "a core of three letters": "Abc1!2?3=4+5",
    "a core of four letters, less than half": "Love1!2?3=4+5",
    "less than half": "Dragon1234567!",
    "emoji that make up most of it": "Password1" + "😀🚀🐢🌍🎲🧠🍕🔑",
    "a word that only contains a common one": "Passwordless-7",
    "leetspeak that is not in the list": "Pr0f3ss1onal!",
    "two common words": "Dragon-Monkey-7",
    "letters of a similar form": "Pаssword1234!",  # noqa: RUF001 - a Cyrillic a
}


@pytest.mark.parametrize(
    ("password", "is_common"),
    [*((password, True) for password in COMMON.values()), *((password, False) for password in NOT_COMMON.values())],
    ids=[*COMMON, *NOT_COMMON],
)
def test_common_password_is_refused_if_it_is_most_of_the_password(
    lenient_rules: PasswordRules, password: str, is_common: bool
) -> None:
    assert broken(lenient_rules, password) == (["common"] if is_common else [])


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("Professional", "Must not be a common password."),
        ("Password1234!", "Must not be a common password with digits or symbols around it."),
    ],
)
def test_message_says_what_is_common(lenient_rules: PasswordRules, password: str, message: str) -> None:
    with pytest.raises(WeakPasswordException) as weak:
        lenient_rules.check(password, ADA)

    assert [error.message for error in weak.value.errors] == [message]


@pytest.mark.parametrize(("name", "codes"), [("ada", []), ("adal", ["contains_username", "contains_email"])])
def test_password_may_contain_a_username_of_three_letters(rules: PasswordRules, name: str, codes: list[str]) -> None:
    assert broken(rules, "Xx1!-Adal-x1!", username=name, email=f"{name}@example.com") == codes


@pytest.mark.parametrize("value", [None, 7, ["ada"], {}])
def test_username_of_a_wrong_type_does_not_hide_broken_rules(rules: PasswordRules, value: object) -> None:
    assert broken(rules, "Xq7!", username=value, email=value) == ["too_short"]


def test_each_broken_rule_has_a_message(rules: PasswordRules) -> None:
    with pytest.raises(WeakPasswordException) as weak:
        rules.check("ada.lovelacé-countess" + "x" * 600, ADA)

    assert [error.message for error in weak.value.errors] == [
        "Must have at most 128 characters and 512 bytes in UTF-8.",
        "Must contain an upper-case letter.",
        "Must contain a digit.",
        "Must not contain the part of the e-mail address before the @.",
    ]


@pytest.mark.parametrize("password", ["correct horse battery", "密码密码密码密码密码密码", FOUR_BYTE_CHARACTER * 128])
def test_disabled_complexity_accepts_any_characters(lenient_rules: PasswordRules, password: str) -> None:
    assert broken(lenient_rules, password) == []


@pytest.mark.parametrize(
    ("password", "codes"),
    [
        ("elevenchars", ["too_short"]),
        (FOUR_BYTE_CHARACTER * 129, ["too_long"]),
        ("professional", ["common"]),
        ("12password34", ["common"]),
    ],
)
def test_disabled_complexity_keeps_length_rules_and_blocklist(
    lenient_rules: PasswordRules, password: str, codes: list[str]
) -> None:
    assert broken(lenient_rules, password) == codes


def test_password_length_in_bytes_is_limited() -> None:
    rules = PasswordRules(PasswordPolicy(require_complexity=False, max_bytes=511), frozenset())

    assert broken(rules, FOUR_BYTE_CHARACTER * 127) == []
    assert broken(rules, FOUR_BYTE_CHARACTER * 128) == ["too_long"]


def test_common_passwords_are_about_20000_in_casefolded_form() -> None:
    common = common_passwords()

    assert len(common) > 19_000
    assert [entry for entry in common if entry != entry.casefold()] == []
