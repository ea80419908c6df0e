"""The errors of the whole product, for the catalogue and the OpenAPI document."""

from collections.abc import Iterable
from types import ModuleType

from auth_api.kit import errors as kit_errors
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http import errors as http_errors
from auth_api.manifest import Manifest


def all_errors(manifests: Iterable[Manifest]) -> tuple[type[ApplicationException], ...]:
    """Return the errors of the kit and of all features, by status and code."""
    of_kit = {*_errors_in(kit_errors), *_errors_in(http_errors)}
    of_features = [error for manifest in manifests for error in manifest.errors]
    return tuple(sorted([*of_kit, *of_features], key=lambda kind: (kind.status, kind.error_code)))


def _errors_in(module: ModuleType) -> set[type[ApplicationException]]:
    """Return the errors with a code that a module defines or imports."""
    kinds = [
        kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, ApplicationException)
    ]
    return {kind for kind in kinds if hasattr(kind, "error_code")}
