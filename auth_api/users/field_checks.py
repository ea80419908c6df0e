"""The checks of the fields of a request that set an e-mail address, a username, a password or the profile."""

from auth_api.kit.http.json import FieldCheck
from auth_api.users.identifiers import canonical_email, new_username
from auth_api.users.password_rules import PasswordRules
from auth_api.users.profile import PROFILE_CHECKS


def field_checks(password_rules: PasswordRules) -> dict[str, FieldCheck]:
    """Return the checks by the names that `schemas` gives to the fields; the command line runs them as well."""
    return {
        "email": canonical_email,
        "username": new_username,
        "new_password": password_rules.check,
        **PROFILE_CHECKS,
    }
