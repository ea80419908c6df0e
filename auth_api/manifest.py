"""Manifests: each package describes in its module `feature` what it brings to the product."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from piccolo.table import Table

from auth_api.events.outbox.kinds import MailKind
from auth_api.kit import errors as kit_errors
from auth_api.kit.db.retention import RetentionRule
from auth_api.kit.errors import ApplicationException
from auth_api.settings import Settings


def _nothing_expires(_: Settings) -> tuple[RetentionRule, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a package brings to the product. Everything in it is known without settings and without a database.

    Attributes:
        tables: its tables; a table comes after those that it refers to.
        errors: the errors that it raises and clients can receive.
        mails: the kinds of mail that it sends.
        paths: the paths of its API, in the order of the OpenAPI document.
        retention: returns which rows expire, in the order of their removal.
    """

    tables: tuple[type[Table], ...] = ()
    errors: tuple[type[ApplicationException], ...] = ()
    mails: tuple[MailKind, ...] = ()
    paths: tuple[str, ...] = ()
    retention: Callable[[Settings], tuple[RetentionRule, ...]] = _nothing_expires


def all_errors(manifests: Iterable[Manifest]) -> tuple[type[ApplicationException], ...]:
    """Return the errors of the kit and of all features, by status and code."""
    of_kit = [
        kind
        for kind in vars(kit_errors).values()
        if isinstance(kind, type) and issubclass(kind, ApplicationException) and hasattr(kind, "error_code")
    ]
    of_features = [error for manifest in manifests for error in manifest.errors]
    return tuple(sorted([*of_kit, *of_features], key=lambda kind: (kind.status, kind.error_code)))
