"""Settings of the security history."""

from datetime import timedelta
from typing import Annotated

import msgspec

from auth_api.kit.setting import Setting


class AuditPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How long events are kept."""

    retention: Annotated[
        timedelta | None,
        Setting(
            "AUDIT_RETENTION_DAYS",
            "Age at which events of the security history are removed; `0` keeps them forever.",
            minimum=0,
            maximum=36500,
            unit="days",
        ),
    ] = timedelta(days=365)
