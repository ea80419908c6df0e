"""Settings of proofs of identity."""

from datetime import timedelta
from typing import Annotated

import msgspec

from auth_api.kit.setting import Setting


class StepUpPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When a user must prove their identity again."""

    max_age: Annotated[
        timedelta,
        Setting(
            "STEP_UP_MAX_AGE_SECONDS",
            "Time after a login in which an account without a password may change its e-mail address or delete itself.",
            minimum=60,
            maximum=3600,
            unit="seconds",
        ),
    ] = timedelta(seconds=300)
