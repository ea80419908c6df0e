"""Manifest of the re-encryption."""

from typing import Final

from auth_api.kit.crypto.sealing import Sealing
from auth_api.manifest import Core, Feature, Manifest
from auth_api.operations.reencryption.service import ReencryptionService
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Collect the encrypted columns of all features."""
    keys = settings.sealing.data_keys
    return Feature(
        services=(
            ReencryptionService(
                database=core.database,
                sealing=Sealing(keys) if keys else None,
                columns=tuple(column for manifest in core.manifests for column in manifest.sealed_columns),
            ),
        )
    )


MANIFEST: Final = Manifest(build=build)
