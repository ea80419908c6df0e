"""Forms of the pages about second factors, where they differ from the bodies of the API."""

from typing import Annotated

import msgspec

from auth_api.credentials.passkeys.schemas import CredentialField
from auth_api.flows.own_passkeys.schemas import MAX_NAME_LENGTH, NAME_CHECK


class PasskeyForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser has created. Without it, the page is shown again with new options."""

    credential: CredentialField | None = None
    name: Annotated[str, msgspec.Meta(max_length=MAX_NAME_LENGTH, extra={"check": NAME_CHECK})] | None = None


class PasskeyChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The passkey to remove, by its number."""

    id: int
