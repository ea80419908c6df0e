"""Export of the data stored about a user (GDPR articles 15 and 20)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_type_hints

import msgspec

from auth_api.kit.clock import Clock, rfc3339
from auth_api.sessions.principal import Principal
from auth_api.users.schemas import EXAMPLE_USER, Timestamp, UserResponse, user_response

MAX_EXPORTED_ROWS: Final = 1000
"""Rows of each kind. An event takes about 300 bytes, so a long history takes a third of a megabyte of memory."""


Collect = Callable[[Principal, int], Awaitable[msgspec.Struct]]
"""Returns a part of the export, with at most the given number of rows of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportService:
    """Collects the data stored about a user.

    Attributes:
        collectors: return the parts of all features; the members of each become members of the export.
        clock: the current time.
    """

    collectors: Sequence[Collect]
    clock: Clock

    async def export(self, principal: Principal) -> dict[str, Any]:
        """Return the data stored about the user. Each part is read by itself, so the export is not one snapshot."""
        document: dict[str, Any] = {"exported_at": rfc3339(self.clock()), "profile": user_response(principal.user)}
        for collect in self.collectors:
            document |= msgspec.structs.asdict(await collect(principal, MAX_EXPORTED_ROWS))
        return document

    @staticmethod
    def file_name(principal: Principal, document: Mapping[str, Any]) -> str:
        """Return the name under which browsers save an export."""
        return f"{principal.user.username}-{document['exported_at'][:10]}.json"


def export_schema(parts: Iterable[type[msgspec.Struct]]) -> type[msgspec.Struct]:
    """Return the struct of an export with the members of these parts."""
    members = [member for part in parts for member in get_type_hints(part, include_extras=True).items()]
    return msgspec.defstruct(
        "Export",
        [("exported_at", Timestamp), ("profile", UserResponse), *members],
        module=__name__,
        namespace={"__doc__": "The data stored about the user, without secrets. Each list is newest first."},
    )


def export_example(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return an example of an export with these members of the parts."""
    example: dict[str, Any] = {"exported_at": "2026-02-19T11:30:00.000Z", "profile": EXAMPLE_USER}
    for part in parts:
        example |= part
    return example
