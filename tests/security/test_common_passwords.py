"""ASVS 5.0 V6.2.4: enough entries of the list of common passwords can match.

Most entries are shorter than the minimum length, so a test decorates them as people do: with an upper-case letter, and
with the digits and symbols that the other rules require.
"""

from pathlib import Path
from typing import Final

import pytest

from auth_api.users.errors import WeakPasswordException
from auth_api.users.password_rules import PasswordRules, common_passwords
from auth_api.users.policy import PasswordPolicy

pytestmark = pytest.mark.engine_independent

MIN_MATCHING_ENTRIES: Final = 3000
"""Number of entries of the required length that ASVS asks for."""


def decorated(entry: str) -> list[str]:
    """Return the entry with an upper-case letter, with and without digits and a symbol."""
    position = next((number for number, letter in enumerate(entry) if letter.isalpha()), 0)
    capital = entry[:position] + entry[position].upper() + entry[position + 1 :]
    return [capital + "1!" + "2" * (10 - len(capital)), capital]


def broken(rules: PasswordRules, password: str) -> list[str]:
    try:
        rules.check(password, {})
    except WeakPasswordException as weak:
        return [error.code for error in weak.errors]
    return []


@pytest.mark.parametrize("require_complexity", [True, False])
def test_most_entries_match_passwords_that_break_no_other_rule(require_complexity: bool) -> None:
    common = common_passwords()
    rules = PasswordRules(PasswordPolicy(require_complexity=require_complexity), common)

    found = [entry for entry in common if ["common"] in [broken(rules, password) for password in decorated(entry)]]

    assert len(found) > 4 * MIN_MATCHING_ENTRIES
    assert len(found) / len(common) > 0.65


def test_security_page_has_the_number_of_entries_that_can_match() -> None:
    """An entry can match if it makes a password invalid that breaks no other rule."""
    common = common_passwords()
    policy = PasswordPolicy(require_complexity=False)

    def matches(entry: str, password: str) -> bool:
        return broken(PasswordRules(policy, frozenset({entry})), password) == ["common"]

    whole = {entry for entry in common if matches(entry, entry)}
    within = {entry for entry in common if matches(entry, f"1!{entry}2?".ljust(policy.min_length, "3"))}

    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    section = " ".join(page.partition("### Common passwords")[2].partition("\n## ")[0].split())
    assert f"is Django's: {len(common):,} entries" in section
    assert f"{len(whole | within):,} entries can match" in section
    assert f"{len(whole):,} have {policy.min_length} or more characters" in section
    assert f"{len(within):,} begin and end with a letter, have 6 or more characters" in section
    assert f"{len(whole & within):,} of these are in both groups" in section
    assert f"The other {len(common) - len(whole | within):,}" in section
    assert len(whole | within) > MIN_MATCHING_ENTRIES


def test_password_that_contains_a_common_one_is_accepted() -> None:
    """NIST SP 800-63B-4 §3.1.1.2: the whole password is compared, not its parts."""
    rules = PasswordRules(PasswordPolicy(), common_passwords())

    assert [broken(rules, password) for password in ("Passwort-und-1-mehr", "My-password-is-1-horse")] == [[], []]
