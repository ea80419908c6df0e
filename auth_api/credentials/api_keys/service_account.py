"""Service accounts as services pass them on."""

from datetime import datetime

import msgspec


class ServiceAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A program with API keys of its own.

    Attributes:
        scopes: the scopes of its live keys together.
        created_by: an actor, see `events/audit/actors.py`.
    """

    id: int
    name: str
    description: str
    is_active: bool
    scopes: frozenset[str]
    created_by: str
    created_at: datetime
    updated_at: datetime
