"""What the export of a user's data contains about second factors."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.sessions.principal import Principal
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.users.schemas import Timestamp

EXAMPLE_EXPORT: Final[dict[str, Any]] = {
    "second_factors": [
        {
            "kind": "totp",
            "name": None,
            "created_at": "2026-02-19T10:30:45.123Z",
            "last_used_at": "2026-02-20T08:00:00.000Z",
        }
    ],
}


class ExportedFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A second factor of the user, or the set of recovery codes."""

    kind: str
    name: str | None
    created_at: Timestamp
    last_used_at: Timestamp | None


class FactorsExport(msgspec.Struct, frozen=True, kw_only=True):
    """The second factors of the user, without secrets."""

    second_factors: Annotated[
        list[ExportedFactor],
        msgspec.Meta(description="Kinds, names and times; the kind `recovery_codes` is the set of recovery codes."),
    ]


async def export_factors(second_factors: SecondFactors, principal: Principal) -> FactorsExport:
    """Return the second factors of the user."""
    found = await second_factors.of_user(principal.id)
    exported = [
        ExportedFactor(
            kind=factor.kind,
            name=factor.name,
            created_at=rfc3339(factor.since),
            last_used_at=optional_rfc3339(factor.last_used_at),
        )
        for factor in found.dated
    ]
    if found.recovery_codes is not None:
        created_at = rfc3339(found.recovery_codes.created_at)
        exported.append(ExportedFactor(kind="recovery_codes", name=None, created_at=created_at, last_used_at=None))
    return FactorsExport(
        second_factors=exported,
    )
