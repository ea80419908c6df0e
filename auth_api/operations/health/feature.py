"""Manifest of the health probes and metrics."""

from typing import Final

from auth_api.kit.breaker.breaker import breakers
from auth_api.manifest import Core, Feature, Manifest
from auth_api.operations.health.controllers import ClientController, HealthController, MetricsController
from auth_api.operations.health.exposition import Exposition
from auth_api.operations.health.service import HealthService
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Connect the probes to the database, and select what the settings expose."""
    health = HealthService(database=core.database, breakers=breakers, pending_migrations=core.pending_migrations)
    return Feature(
        controllers=(
            HealthController,
            *((MetricsController,) if settings.metrics.is_on_main_port else ()),
            *((ClientController,) if settings.metrics.is_exposed else ()),
        ),
        dependencies={"health": health, "exposition": Exposition(settings.metrics)},
    )


MANIFEST: Final = Manifest(tags={"Operation": "Health probes, public keys, and the error catalogue."}, build=build)
