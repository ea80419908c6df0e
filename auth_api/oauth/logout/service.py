"""Decides which log-outs applications may ask for, and where they lead."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import msgspec

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.keys.oauth_keys import OAuthKeys
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.oauth.requests.request import OAuthRequest, RequestKind, RequestParameters, RequestState
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.users.service import UserService

CLIENT_ID: Final = "client_id"
TARGET: Final = "post_logout_redirect_uri"

MAX_LENGTHS: Final = {"id_token_hint": 8192, "state": 1024}
"""In characters."""


class AskedLogout(msgspec.Struct, frozen=True, kw_only=True):
    """A log-out that an application may ask for.

    Attributes:
        client: the application; None if the request names none.
        parameters: where it leads, and the account that it concerns.
        request: the stored request; None if it is not stored.
    """

    client: OAuthClient | None
    parameters: RequestParameters
    request: OAuthRequest | None = None

    @property
    def target(self) -> str | None:
        """The address of the application that it leads to; None if it stays on this server."""
        uri, state = self.parameters.redirect_uri, self.parameters.state
        if uri is None or state is None:
            return uri
        return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': state})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLogouts:
    """Log-outs that applications ask for."""

    clients: Clients
    keys: OAuthKeys
    requests: OAuthRequests
    users: UserService

    async def read(self, parameters: Parameters) -> AskedLogout:
        """Return what an application asks for (RP-Initiated Logout §2, §3).

        An ID token that is not genuine counts as absent; an expired one is accepted.

        Raises:
            ValidationException: the application is unknown or disabled, or not the one of the ID token; or the address
                is not one that it has registered; or a parameter is repeated or too long.
        """
        values = {name: _single(parameters, name) for name in (*MAX_LENGTHS, CLIENT_ID, TARGET)}
        hint = self.keys.read_id_token_hint(values["id_token_hint"] or "") or {}
        client_id = values[CLIENT_ID] or hint.get("aud")
        client = await self.clients.find(client_id) if client_id is not None else None
        if client_id != hint.get("aud", client_id) or (client_id and (client is None or not client.is_active)):
            raise _invalid(CLIENT_ID)
        uri = values[TARGET]
        if uri is not None and (client is None or uri not in client.post_logout_redirect_uris):
            raise _invalid(TARGET)
        subject = hint.get("sub")
        return AskedLogout(
            client=client, parameters=RequestParameters(redirect_uri=uri, state=values["state"], hint_subject=subject)
        )

    async def store(self, asked: AskedLogout, browser: str | None) -> str:
        """Store a log-out, and return the token that names it in addresses.

        Args:
            asked: the log-out.
            browser: the value of the browser's cookie; None for a form of another site, which comes without cookies.
        """
        client_id = None if asked.client is None else asked.client.id
        return await self.requests.open(RequestKind.LOGOUT, client_id, asked.parameters, browser=browser)

    async def find(self, raw: str, browser: str | None) -> AskedLogout:
        """Return a stored log-out, which from now on belongs to this browser.

        Args:
            raw: the token of the log-out.
            browser: the value of the browser's cookie; None if it has none.

        Raises:
            FlowInvalidException: it is unknown, used or expired, belongs to another browser, or its application was
                disabled.
        """
        request = None
        if browser is not None:
            request = await self.requests.find(raw, browser) or await self.requests.bind(raw, browser)
        if request is None or request.kind is not RequestKind.LOGOUT or request.state is not RequestState.OPEN:
            raise FlowInvalidException
        client = None if request.client_id is None else await self.clients.get(request.client_id)
        if request.client_id is not None and (client is None or not client.is_active):
            raise FlowInvalidException
        return AskedLogout(client=client, parameters=request.parameters, request=request)

    async def is_certain(self, asked: AskedLogout, user_id: int | None) -> bool:
        """Return whether the person need not be asked: an ID token names their account, or they are not signed in.

        Args:
            asked: the log-out.
            user_id: the user who is signed in; None if the browser has no session.
        """
        subject = asked.parameters.hint_subject
        if subject is None or user_id is None:
            return subject is not None
        return (await self.users.get_details(user_id)).subject == subject

    async def use(self, asked: AskedLogout) -> None:
        """Use up a stored log-out.

        Raises:
            FlowInvalidException: it was used in the meantime.
        """
        if asked.request is not None and not await self.requests.answer(asked.request):
            raise FlowInvalidException


def _single(parameters: Parameters, name: str) -> str | None:
    values = parameters.all(name)
    if len(values) > 1 or any(len(value) > MAX_LENGTHS.get(name, len(value)) for value in values):
        raise _invalid(name)
    return values[0] if values else None


def _invalid(name: str) -> ValidationException:
    return ValidationException([FieldError(name, "unknown", "Must be that of a registered client.")])
