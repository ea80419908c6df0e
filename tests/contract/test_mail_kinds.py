"""The kinds of mail that packages declare in `mails.py`, and their templates."""

from importlib import import_module

import pytest

from auth_api.events.outbox.kinds import MailKind
from auth_api.features import MAIL_KINDS
from auth_api.web.frame.languages import LANGUAGES
from tests.support.source_tree import MODULES, ROOT

pytestmark = pytest.mark.engine_independent


def test_mail_kind_names_are_unique_and_never_renamed() -> None:
    """Rows of the outbox contain them."""
    assert sorted(kind.name for kind in MAIL_KINDS) == [
        "account_claimed",
        "account_created",
        "account_deleted",
        "account_recovered",
        "app_token_reused",
        "application_allowed",
        "email_change",
        "email_changed",
        "email_verification",
        "factor_added",
        "factor_removed",
        "factors_reset",
        "identity_linked",
        "identity_unlinked",
        "invitation",
        "key_created",
        "new_network",
        "passkey_counter_regressed",
        "password_changed",
        "password_dropped",
        "password_reset",
        "recovery_code_used",
        "recovery_codes_created",
        "registration",
        "registration_attempt",
        "role_granted",
        "role_revoked",
        "second_factor_guessed",
        "token_reused",
        "two_step_changed",
        "username_changed",
    ]


def test_mail_kinds_of_all_packages_are_registered() -> None:
    """A mail of another kind would be stored, but never sent."""
    modules = [import_module(module.name) for module in MODULES if module.role == "mails"]

    declared = {value.name for module in modules for value in vars(module).values() if isinstance(value, MailKind)}
    assert declared == {kind.name for kind in MAIL_KINDS}


def test_mail_kind_has_a_path_exactly_if_it_has_a_token() -> None:
    """The token of an invitation has no purpose: each invitation has its own lifetime, and a table of its own."""
    assert {kind.name for kind in MAIL_KINDS if (kind.path is None) != (kind.purpose is None)} == {"invitation"}


def test_every_template_belongs_to_a_mail_kind_and_exists_in_every_language() -> None:
    """Files whose name begins with an underscore are parts of others."""
    shared = ROOT / "events" / "outbox" / "templates"
    expected = {
        kind.templates / language / f"{kind.name}.{suffix}"
        for kind in MAIL_KINDS
        for language in LANGUAGES
        for suffix in ("txt", "html")
    }

    folders = {kind.templates for kind in MAIL_KINDS} | {shared}
    assert {path for folder in folders for path in folder.glob("*/[!_]*")} == expected
    parts = [{path.name for path in (shared / language).iterdir()} for language in LANGUAGES]
    assert all(names == parts[0] for names in parts)
