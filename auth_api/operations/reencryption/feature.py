"""Manifest of the re-encryption."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.operations.reencryption.service import ReencryptionService
from auth_api.settings import Settings


def build(core: Core, _settings: Settings) -> Feature:
    """Collect the encrypted columns of all features."""
    return Feature(
        services=(
            ReencryptionService(
                database=core.database,
                sealing=core.sealing,
                columns=tuple(column for manifest in core.manifests for column in manifest.sealed_columns),
            ),
        )
    )


MANIFEST: Final = Manifest(build=build)
