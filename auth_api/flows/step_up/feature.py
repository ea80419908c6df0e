"""Manifest of further proofs of identity."""

from typing import Final

from auth_api.flows.step_up.controllers import StepUpController
from auth_api.flows.step_up.service import StepUpService
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.throttling.policy import MINUTE, ClientIpLimit

LIMITS: Final = (ClientIpLimit(name="step_up", requests=10, window_seconds=MINUTE),)


def build(core: Core, _settings: Settings) -> Feature:
    """Connect step-up to the core."""
    step_ups = StepUpService(
        database=core.database,
        users=core.users,
        sessions=core.sessions,
        freshness=core.freshness,
        passwords=core.passwords,
        second_factors=core.second_factors,
        guesses=core.guesses,
        access_revocation=core.access_revocation,
        audit=core.audit,
    )
    return Feature(controllers=(StepUpController,), dependencies={"step_ups": step_ups})


MANIFEST: Final = Manifest(
    paths=("/api/auth/step-up", "/api/auth/step-up/passkey-options"), limits=lambda _: LIMITS, build=build
)
