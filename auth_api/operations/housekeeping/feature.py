"""Manifest of housekeeping."""

from typing import Final

from auth_api.kit.background import BackgroundJob
from auth_api.manifest import Core, Feature, Manifest
from auth_api.operations.housekeeping.commands import cleanup
from auth_api.operations.housekeeping.policy import HousekeepingPolicy
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Collect the retention rules of all features."""
    interval = settings.of(HousekeepingPolicy).interval
    rules = tuple(rule for manifest in core.manifests for rule in manifest.retention(settings))
    housekeeping = HousekeepingService(
        database=core.database,
        rules=rules,
        interval=interval,
        roles=core.roles,
        provider_grants=core.provider_grants,
        grants_kept_for=settings.sessions.absolute_ttl,
    )
    return Feature(
        services=(housekeeping,),
        jobs=(BackgroundJob("housekeeping", housekeeping.step),) if interval else (),
    )


MANIFEST: Final = Manifest(policies={"Clean-up": (HousekeepingPolicy,)}, commands=(cleanup,), build=build)
