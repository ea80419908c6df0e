"""What the export of a user's data contains about the account, beside the profile."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.clock import optional_rfc3339
from auth_api.users.schemas import Timestamp
from auth_api.users.service import UserService

EXAMPLE_EXPORT: Final[dict[str, Any]] = {
    "account": {
        "subject": "8d3f1f0e-6f0b-4f7e-9d53-0f9a4c8f5b6e",
        "locale": "en-GB,en",
        "two_step_since": None,
        "second_factor_failures": 0,
        "webauthn_handle": None,
        "metadata": None,
    }
}


class ExportedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored about the account, beside the profile."""

    subject: Annotated[str | None, msgspec.Meta(description="Random identifier of the user for other applications.")]
    locale: Annotated[
        str | None,
        msgspec.Meta(description="Languages that the browser preferred (BCP 47), for mails."),
    ]
    two_step_since: Timestamp | None
    second_factor_failures: Annotated[int, msgspec.Meta(description="Consecutive wrong codes of second factors.")]
    webauthn_handle: Annotated[str | None, msgspec.Meta(description="Identifier of the user for passkeys.")]
    metadata: Annotated[
        dict[str, Any] | None, msgspec.Meta(description="What applications have stored about the user.")
    ]


class AccountExport(msgspec.Struct, frozen=True, kw_only=True):
    """The account of the user."""

    account: ExportedAccount


async def export_account(users: UserService, user_id: int) -> AccountExport:
    """Return what is stored about the account."""
    details = await users.get_details(user_id)
    return AccountExport(
        account=ExportedAccount(
            subject=details.subject,
            locale=details.locale,
            two_step_since=optional_rfc3339(details.two_step_since),
            second_factor_failures=details.second_factor_failures,
            webauthn_handle=details.webauthn_handle,
            metadata=details.metadata,
        )
    )
