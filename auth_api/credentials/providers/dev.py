"""A provider for development: people choose who they are, and nothing is proved.

The settings refuse it outside of development. Its page answers only to browsers on the machine of the server.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import msgspec

from auth_api.credentials.providers.errors import ProviderDeniedException, ProviderErrorException
from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.credentials.providers.presets import DEV
from auth_api.credentials.providers.provider import AuthorizationRequest, AuthorizationResponse, UpstreamIdentity
from auth_api.credentials.providers.role_claim import mapped_roles
from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.kit.crypto.sealing import SealedValueError, Sealing

PAGE_PATH: Final = "/dev/provider"

_SEALED_AS: Final = "dev_provider"


class MadeUpPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a developer chooses to be.

    Attributes:
        name: identifies the person, as the subject of the identity.
        email: an e-mail address; None if the provider states none.
        email_verified: whether the provider has verified the address.
        groups: the values of the claim `groups`, which `PROVIDER_DEV_ROLE_MAP` can turn into roles.
    """

    name: str
    email: str | None = None
    email_verified: bool = False
    groups: tuple[str, ...] = ()


PEOPLE: Final = (
    MadeUpPerson(name="Lena", email="lena@example.com", email_verified=True, groups=("staff",)),
    MadeUpPerson(name="Omar", email="omar@example.com", email_verified=True, groups=("staff", "admins")),
    MadeUpPerson(name="Mia", email="mia@example.com"),
    MadeUpPerson(name="Noa"),
)
"""Those whom the page lists: with a verified address, with a further group, with an unverified address, with none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevProvider:
    """The provider `dev`. It needs no network: its code is the sealed choice of the person."""

    settings: ProviderSettings
    sealing: Sealing
    public_url: str

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        """Return the address of the page on which the person is chosen."""
        parameters = {"state": request.state, "nonce": request.nonce, "code_challenge": request.code_challenge}
        return f"{self.public_url}{PAGE_PATH}?{urlencode(parameters)}"

    def callback(self, state: str, **result: str) -> str:
        """Return the address to which the page leads, with a `code` or an `error`."""
        query = urlencode({"state": state, **result})
        return f"{self.public_url}/api/auth/providers/{DEV}/callback?{query}"

    def code_of(self, person: MadeUpPerson, *, nonce: str, code_challenge: str) -> str:
        """Return a code, which only the sign-in with this nonce and challenge can use."""
        value = msgspec.json.encode(person)
        return self.sealing.seal(value, table=_SEALED_AS, row=f"{nonce} {code_challenge}")

    async def prove(self, response: AuthorizationResponse) -> UpstreamIdentity:
        """Return the person of a code; the errors are those of `Provider`."""
        if response.error is not None:
            raise ProviderDeniedException
        row = f"{response.nonce} {challenge_of(response.code_verifier)}"
        try:
            value = self.sealing.unseal(response.code or "", table=_SEALED_AS, row=row)
        except SealedValueError:
            raise ProviderErrorException from None
        person = msgspec.json.decode(value, type=MadeUpPerson)
        return UpstreamIdentity(
            provider=self.settings.id,
            issuer=DEV,
            subject=person.name,
            email=person.email,
            is_email_proven=person.email is not None and person.email_verified,
            username=person.name,
            name=person.name,
            roles=mapped_roles(self.settings, {"groups": list(person.groups)}),
        )
