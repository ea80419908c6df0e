"""The checks of the fields of a request that set an e-mail address, a username, a password or the profile."""

from collections.abc import Mapping
from typing import Any

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.http.json import FieldCheck
from auth_api.users.identifiers import CanonicalEmail, canonical_email, new_username
from auth_api.users.metadata import check_metadata
from auth_api.users.password_rules import PasswordRules
from auth_api.users.policy import RegistrationPolicy
from auth_api.users.profile import PROFILE_CHECKS


def field_checks(password_rules: PasswordRules) -> dict[str, FieldCheck]:
    """Return the checks by the names that `schemas` gives to the fields; the command line runs them as well."""
    return {
        "email": canonical_email,
        "username": new_username,
        "new_password": password_rules.check,
        "metadata": check_metadata,
        **PROFILE_CHECKS,
    }


def own_field_checks(policy: RegistrationPolicy, password_rules: PasswordRules) -> dict[str, FieldCheck]:
    """Return the checks of what people choose for their own account.

    While the registration is closed, its rules for domains and passwords are not checked: the reason for its refusal is
    that it is closed.
    """

    def own_email(raw: str, document: Mapping[str, Any]) -> CanonicalEmail:
        email = canonical_email(raw, document)
        if not policy.allows(email):
            message = "Must have a domain that this server accepts."
            raise ValidationException([FieldError("email", "domain", message)])
        return email

    return {
        "own_email": own_email,
        "registration_email": own_email if policy.is_open else canonical_email,
        "registration_password": password_rules.check if policy.is_open else lambda password, _document: password,
    }
