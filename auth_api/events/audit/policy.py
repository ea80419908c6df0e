"""How long the security history is kept."""

from datetime import timedelta

import msgspec


class AuditPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Rows older than `retention` are removed by housekeeping; None keeps them for ever."""

    retention: timedelta | None = timedelta(days=365)
