"""The fields of requests that create API keys."""

from functools import partial
from typing import Annotated, Final

import msgspec

from auth_api.users.name_text import canonical_name

MAX_NAME_LENGTH: Final = 50
MAX_SCOPES: Final = 50
MAX_DAYS: Final = 3650

NAME_CHECK: Final = "api_key_name"

check_name = partial(canonical_name, max_length=MAX_NAME_LENGTH)
"""The check of the field `KeyNameField`."""

KeyNameField = Annotated[
    str,
    msgspec.Meta(
        description=f"For the list: 1 to {MAX_NAME_LENGTH} visible characters, as they are shown.",
        examples=["Backup script"],
        extra={"check": NAME_CHECK},
        extra_json_schema={"extra": {"min_length": 1, "max_length": MAX_NAME_LENGTH}},
    ),
]

ScopesField = Annotated[
    list[str],
    msgspec.Meta(min_length=1, max_length=MAX_SCOPES, description="Names of permissions.", examples=[["profile:read"]]),
]

DaysField = Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS, description="Lifetime in days.", examples=[90])]
