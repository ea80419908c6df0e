"""ASVS 5.0 V6.2.4: the list of common passwords is one that can match.

Its entries are shorter than any password that the length rule lets through, so what counts is how many of them are
found within one: in capitals here and there, and with the digits and symbols that people add to please the other rules.
"""

from pathlib import Path
from typing import Final

import pytest

from auth_api.users.errors import WeakPasswordException
from auth_api.users.password_rules import PasswordRules, common_passwords
from auth_api.users.policy import PasswordPolicy

pytestmark = pytest.mark.engine_independent

ENOUGH: Final = 3000
"""What ASVS asks for: so many that are as long as a password has to be."""


def dressed(entry: str) -> list[str]:
    """Return what people make of a common password to get it past the other rules, and the entry with a capital."""
    place = next((number for number, letter in enumerate(entry) if letter.isalpha()), 0)
    capital = entry[:place] + entry[place].upper() + entry[place + 1 :]
    return [capital + "1!" + "2" * (10 - len(capital)), capital]


def broken(rules: PasswordRules, password: str) -> list[str]:
    try:
        rules.check(password, {})
    except WeakPasswordException as weak:
        return [error.code for error in weak.errors]
    return []


@pytest.mark.parametrize("require_complexity", [True, False])
def test_most_of_the_list_is_found_in_passwords_that_break_no_other_rule(require_complexity: bool) -> None:
    common = common_passwords()
    rules = PasswordRules(PasswordPolicy(require_complexity=require_complexity), common)

    found = [entry for entry in common if ["common"] in [broken(rules, password) for password in dressed(entry)]]

    assert len(found) > 5 * ENOUGH
    assert len(found) / len(common) > 0.8


def test_the_page_says_how_many_entries_can_ever_match() -> None:
    """An entry can if a password that no other rule forbids is found by it, and is not found without it."""
    common = common_passwords()
    policy = PasswordPolicy(require_complexity=False)

    def finds(entry: str, password: str) -> bool:
        return broken(PasswordRules(policy, frozenset({entry})), password) == ["common"]

    whole = {entry for entry in common if finds(entry, entry)}
    within = {entry for entry in common if finds(entry, f"1!{entry}2?45678901")}

    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    section = " ".join(page.partition("### Common passwords")[2].partition("\n## ")[0].split())
    assert f"is Django's: {len(common):,} entries" in section
    assert f"{len(whole | within):,} entries can match" in section
    assert f"{len(whole):,} have {policy.min_length} characters or more" in section
    assert f"{len(within):,} begin and end with a letter" in section
    assert f"{len(whole & within):,} of these are among both" in section
    assert f"The other {len(common) - len(whole | within):,}" in section
    assert len(whole | within) > ENOUGH


def test_a_password_that_only_resembles_a_common_one_is_let_through() -> None:
    """NIST SP 800-63B-4 §3.1.1.2 forbids to look for parts."""
    rules = PasswordRules(PasswordPolicy(), common_passwords())

    assert [broken(rules, password) for password in ("Passwort-und-1-mehr", "My-password-is-1-horse")] == [[], []]
