"""What every provider can do, whatever protocol it speaks: lead people to its log-in page, and prove who came back."""

from datetime import datetime
from typing import Protocol

import msgspec

from auth_api.credentials.providers.policy import ProviderSettings


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser is sent to the provider with.

    Attributes:
        state: the provider returns it unchanged.
        nonce: the provider repeats it in the ID token.
        code_challenge: SHA-256 of the code verifier (RFC 7636 §4.2).
        redirect_uri: where the provider sends the browser back to.
        login_hint: the account that the person probably wants to use.
        prompt: `login` if the person must log in again, `select_account` if they must choose an account.
    """

    state: str
    nonce: str
    code_challenge: str
    redirect_uri: str
    login_hint: str | None = None
    prompt: str | None = None


class AuthorizationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser came back with, and what its request was made with.

    Attributes:
        code: the code of the provider; None if it sent none.
        iss: the issuer that the provider stated in the response (RFC 9207).
        error: the error code of the provider (RFC 6749 §4.1.2.1).
        nonce: as in the request.
        code_verifier: what `code_challenge` of the request was made from.
        redirect_uri: as in the request.
        started_at: when the request was made.
        requires_new_login: whether `prompt` of the request was `login`.
    """

    code: str | None
    iss: str | None
    error: str | None
    nonce: str
    code_verifier: str
    redirect_uri: str
    started_at: datetime
    requires_new_login: bool


class UpstreamIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who has proved to be the person at a provider. Issuer and subject identify them; nothing else does.

    Attributes:
        provider: id of the provider.
        issuer: who vouches for the subject.
        subject: id of the person at the issuer.
        email: an e-mail address, as the provider wrote it.
        is_email_proven: whether the provider has verified the address, and is trusted to do so.
        username: a name that the person uses there.
        name: the person's name in full.
        roles: names of roles that the role map yields; None if the provider has no map.
        auth_time: when the person logged in at the provider, if it tells; never in the future.
    """

    provider: str
    issuer: str
    subject: str
    email: str | None = None
    is_email_proven: bool = False
    username: str | None = None
    name: str | None = None
    roles: tuple[str, ...] | None = None
    auth_time: datetime | None = None


class Provider(Protocol):
    """A provider as it is configured."""

    @property
    def settings(self) -> ProviderSettings:
        """Its settings."""
        ...

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        """Return the URL of its log-in page for one log-in.

        Raises:
            ProviderErrorException: its discovery document breaks a rule.
            ProviderUnavailableException: it cannot be reached.
        """
        ...

    async def prove(self, response: AuthorizationResponse) -> UpstreamIdentity:
        """Return who the person is. The caller has used up the state of the response before.

        Raises:
            ProviderDeniedException: the person, or the provider, cancelled the log-in.
            ProviderErrorException: an answer of the provider breaks a rule.
            ProviderUnavailableException: it cannot be reached, or is too slow.
        """
        ...
