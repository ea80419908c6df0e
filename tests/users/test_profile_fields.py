"""The fields of the profile are the same in the table, in statements, in responses and in requests."""

import msgspec
import pytest

from auth_api.services import Services
from auth_api.users.field_checks import field_checks
from auth_api.users.profile import EXAMPLE_PROFILE, PROFILE_CHECKS, PROFILE_COLUMNS, Profile, ProfileInput
from auth_api.users.tables import UserRow

pytestmark = pytest.mark.engine_independent

FIELDS = Profile.__struct_fields__


def test_every_field_is_in_responses_requests_and_statements() -> None:
    assert ProfileInput.__struct_fields__ == FIELDS
    assert tuple(PROFILE_COLUMNS.split(", ")) == FIELDS
    assert tuple(EXAMPLE_PROFILE) == FIELDS


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_a_column_that_may_be_null(name: str) -> None:
    parameters = getattr(UserRow, name)._meta.params  # noqa: SLF001 - Piccolo describes a column only there

    assert (parameters["null"], parameters["default"]) == (True, None)


def test_fields_of_requests_may_be_absent_or_null() -> None:
    assert msgspec.to_builtins(ProfileInput()) == {}
    assert msgspec.convert(dict.fromkeys(FIELDS), ProfileInput) == ProfileInput(**dict.fromkeys(FIELDS))


def test_checks_of_the_fields_are_those_of_the_application(services: Services) -> None:
    assert PROFILE_CHECKS.items() <= field_checks(services.core.password_rules).items()
    assert PROFILE_CHECKS.keys() <= set(FIELDS)
