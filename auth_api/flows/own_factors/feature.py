"""Manifest of the user's own second factors."""

from typing import Final

from auth_api.flows.own_factors.controllers import OwnFactorsController
from auth_api.flows.own_factors.export import EXAMPLE_EXPORT, FactorsExport, export_factors
from auth_api.flows.own_factors.service import OwnFactorsService
from auth_api.manifest import Core, ExportPart, Feature, Manifest
from auth_api.settings import Settings
from auth_api.sign_in.policy import MfaPolicy
from auth_api.throttling.policy import HOUR, ClientIpLimit

LIMITS: Final = (ClientIpLimit(name="factor", requests=60, window_seconds=HOUR),)


def build(core: Core, settings: Settings) -> Feature:
    """Connect the user's own factors to the core."""
    own_factors = OwnFactorsService(
        database=core.database,
        second_factors=core.second_factors,
        changes=core.factor_changes,
        enrolment=core.enrolment,
        audit=core.audit,
        outbox=core.outbox,
        issuer=settings.mail.product,
    )
    return Feature(
        controllers=(OwnFactorsController,),
        dependencies={
            "own_factors": own_factors,
            "second_factors": core.second_factors,
            "mfa_policy": settings.of(MfaPolicy),
        },
    )


MANIFEST: Final = Manifest(
    tags={"Second factors": "Passkeys, authenticator apps and recovery codes of the user who is logged in."},
    paths=(
        "/api/user/factors",
        "/api/user/totp",
        "/api/user/totp/confirm",
        "/api/user/two-step",
        "/api/user/recovery-codes",
    ),
    limits=lambda _: LIMITS,
    export=ExportPart(
        schema=FactorsExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, _limit: export_factors(core.second_factors, principal),
    ),
    build=build,
)
