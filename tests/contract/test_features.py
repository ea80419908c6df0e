"""The manifests are complete: what a package has is also registered."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from auth_api.cli import OWN_COMMANDS, commands
from auth_api.features import COMMANDS, FEATURES, PATHS, TAGS
from auth_api.manifest import Feature
from auth_api.services import Services

pytestmark = pytest.mark.engine_independent

OPENAPI = json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))


NOT_EXPORTED = {
    "oauth_requests": "It works for minutes; the consent and the grant that come of it are exported.",
    "oauth_grants": "The list of applications is exported with the consents.",
    "passkeys": "The list of factors is exported with them.",
    "pending_logins": "It works for minutes, and the security history has its events.",
    "revoked_subjects": "It only says which tokens are refused, and the security history has the events.",
    "sign_in_flows": "It works for minutes, and the security history has its events.",
    "recovery_codes": "The list of factors is exported with them.",
    "totp_candidates": "The user has not added it.",
    "totp_factors": "The list of factors is exported with them.",
}


def test_features_with_data_of_a_user_contribute_to_the_export() -> None:
    silent = {
        table._meta.tablename  # noqa: SLF001 - Piccolo describes a table only there
        for manifest in FEATURES
        for table in manifest.tables
        if "user_id" in {column._meta.name for column in table._meta.columns} and manifest.export is None  # noqa: SLF001 - as above
    }

    assert silent == NOT_EXPORTED.keys()


def test_every_path_of_the_api_has_a_place_in_the_document() -> None:
    assert sorted(PATHS) == sorted(path for path in OPENAPI["paths"] if path.startswith("/api/"))


@pytest.mark.parametrize("member", ["dependencies", "field_checks"])
def test_names_that_handlers_refer_to_are_unique(services: Services, member: str) -> None:
    names = Counter(name for feature in services.features for name in getattr(feature, member))

    assert [name for name, count in names.items() if count > 1] == []


def test_groups_of_operations_are_described() -> None:
    used = {tag for operations in OPENAPI["paths"].values() for each in operations.values() for tag in each["tags"]}

    assert used == TAGS.keys()


def test_names_of_commands_are_unique() -> None:
    names = Counter(command.name for command in (*OWN_COMMANDS, *COMMANDS))

    assert set(names.values()) == {1}
    assert names.keys() == commands.commands.keys()


class Greeter:
    """A service of a feature that does not exist."""


class PoliteGreeter(Greeter):
    """Another service, although it inherits."""


def test_service_is_found_by_exactly_its_class(services: Services) -> None:
    greeter, polite = Greeter(), PoliteGreeter()
    brought_twice = Feature(services=(greeter,), dependencies={"greeter": greeter})
    greeting = replace(services, features=(brought_twice, Feature(services=(polite,))))

    assert (greeting.of(Greeter), greeting.of(PoliteGreeter)) == (greeter, polite)


@pytest.mark.parametrize("count", [0, 2])
def test_service_of_a_class_that_no_feature_or_several_bring_is_refused(services: Services, count: int) -> None:
    greeting = replace(services, features=tuple(Feature(services=(Greeter(),)) for _ in range(count)))

    with pytest.raises(LookupError, match=f"{count} services of the class Greeter"):
        greeting.of(Greeter)
