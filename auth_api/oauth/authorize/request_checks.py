"""Checks the parameters of authorization requests, in a fixed order: the first error is the answer."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from loguru import logger

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.http.oauth_errors import (
    INVALID_REQUEST,
    InvalidRequestException,
    UnauthorizedClientException,
)
from auth_api.oauth.authorize.errors import (
    RequestNotSupportedException,
    RequestUriNotSupportedException,
    UnsupportedResponseTypeException,
)
from auth_api.oauth.clients.client import GrantType, OAuthClient
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.keys.oauth_keys import OAuthKeys
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.oauth.requests.asked_scopes import asked_scopes
from auth_api.oauth.requests.request import RequestParameters
from auth_api.oauth.resources.service import Resources
from auth_api.sessions.assurance import Level

REPEATABLE: Final = frozenset({"resource"})

MAX_LENGTHS: Final[Mapping[str, int]] = {
    "state": 1024,
    "nonce": 1024,
    "scope": 1000,
    "acr_values": 256,
    "id_token_hint": 8192,
}
"""In characters."""

MAX_HINT_CHARACTERS: Final = 254
MAX_AGE_LIMIT: Final = 2**31 - 1

_KNOWN: Final = frozenset(
    {
        *MAX_LENGTHS,
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "login_hint",
        "max_age",
        "prompt",
        "redirect_uri",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "ui_locales",
    }
)
_PROMPTS: Final = ("none", "login", "consent", "select_account")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_MAX_AGE: Final = re.compile(r"[0-9]{1,10}", re.ASCII)


_REPEATED_OR_TOO_LONG: Final = "A parameter is repeated or too long."
_NO_RESPONSE_TYPE: Final = "The parameter response_type is missing."
_OTHER_RESPONSE_MODE: Final = "The only response mode is query."
_NO_CHALLENGE: Final = "A code_challenge of the method S256 is required."
_NONE_AND_OTHERS: Final = "The prompt none excludes all others."
_NO_NUMBER: Final = "The parameter max_age must be a number of seconds."


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestChecks:
    """Decides whether an application may send an authorization request."""

    clients: Clients
    resources: Resources
    keys: OAuthKeys

    async def client_of(self, parameters: Parameters) -> tuple[OAuthClient, str]:
        """Return the application, and its address that the answer goes to.

        Raises:
            ValidationException: one of them is missing, repeated, unknown or disabled, so that the answer must not go
                to this address (RFC 6749 §4.1.2.1).
        """
        names, uris = parameters.all("client_id"), parameters.all("redirect_uri")
        client = await self.clients.find(names[0]) if len(names) == 1 else None
        if client is None:
            raise _refusal(None, FieldError("client_id", "unknown", "Must be that of one registered client."))
        if not client.is_active:
            raise _refusal(client, FieldError("client_id", "disabled", "Must be that of a client that is enabled."))
        if len(uris) != 1 or not client.accepts_redirect_uri(uris[0]):
            raise _refusal(client, FieldError("redirect_uri", "unknown", "Must be one that is registered."))
        return client, uris[0]

    async def read(self, client: OAuthClient, parameters: Parameters) -> RequestParameters:
        """Return what an application asks for.

        Raises:
            OAuthException: it may not ask for that.
        """
        if parameters.repeated & _KNOWN or any(
            len(parameters.get(name) or "") > length for name, length in MAX_LENGTHS.items()
        ):
            raise InvalidRequestException(_REPEATED_OR_TOO_LONG)
        _check_response(client, parameters)
        challenge = _challenge(client, parameters)
        scopes, resources = await asked_scopes(self.resources, client, parameters)
        return RequestParameters(
            redirect_uri=parameters.get("redirect_uri"),
            scopes=scopes,
            resources=resources,
            state=parameters.get("state"),
            nonce=parameters.get("nonce"),
            code_challenge=challenge,
            prompt=_prompt(parameters),
            max_age=_max_age(parameters),
            login_hint=_login_hint(parameters),
            acr_values=_known(parameters.get("acr_values"), list(Level)),
            hint_subject=self._hint_subject(client, parameters),
        )

    def _hint_subject(self, client: OAuthClient, parameters: Parameters) -> str | None:
        """Return the subject of a valid ID token of this application; any other hint counts as absent."""
        hint = parameters.get("id_token_hint")
        claims = self.keys.read_id_token_hint(hint) if hint else None
        return None if claims is None or claims.get("aud") != client.client_id else str(claims["sub"])


def _refusal(client: OAuthClient | None, fault: FieldError) -> ValidationException:
    """Return the error of a request that only the person sees, and log it for the operators of the application."""
    log = logger.bind(event="oauth:refused", endpoint="authorize", client=client.client_id if client else None)
    log.bind(error=INVALID_REQUEST, reason=f"{fault.field}: {fault.message}").info("OAuth request refused")
    return ValidationException([fault])


def returned_state(parameters: Parameters) -> str | None:
    """Return the `state` of a request for its error; None if the state itself is the fault."""
    states = parameters.all("state")
    return states[0] if len(states) == 1 and len(states[0]) <= MAX_LENGTHS["state"] else None


def _check_response(client: OAuthClient, parameters: Parameters) -> None:
    """Check how the answer is to be sent."""
    if parameters.get("request") is not None:
        raise RequestNotSupportedException
    if parameters.get("request_uri") is not None:
        raise RequestUriNotSupportedException
    response_type = parameters.get("response_type")
    if response_type is None:
        raise InvalidRequestException(_NO_RESPONSE_TYPE)
    if response_type != "code":
        raise UnsupportedResponseTypeException
    if parameters.get("response_mode") not in {None, "query"}:
        raise InvalidRequestException(_OTHER_RESPONSE_MODE)
    if GrantType.AUTHORIZATION_CODE not in client.grant_types:
        raise UnauthorizedClientException


def _challenge(client: OAuthClient, parameters: Parameters) -> str | None:
    """Return the code challenge (RFC 7636 §4.3; RFC 9700 §2.1.1 requires it)."""
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    if challenge is None and method is None and not client.require_pkce:
        return None
    if challenge is None or _CHALLENGE.fullmatch(challenge) is None or method != "S256":
        raise InvalidRequestException(_NO_CHALLENGE)
    return challenge


def _prompt(parameters: Parameters) -> tuple[str, ...]:
    text = parameters.get("prompt")
    if "none" in (prompts := set((text or "").split())) and len(prompts) > 1:
        raise InvalidRequestException(_NONE_AND_OTHERS)
    return _known(text, _PROMPTS)


def _max_age(parameters: Parameters) -> int | None:
    text = parameters.get("max_age")
    if text is None:
        return None
    if _MAX_AGE.fullmatch(text) is None or int(text) > MAX_AGE_LIMIT:
        raise InvalidRequestException(_NO_NUMBER)
    return int(text)


def _login_hint(parameters: Parameters) -> str | None:
    hint = parameters.get("login_hint")
    return hint if hint is not None and len(hint) <= MAX_HINT_CHARACTERS else None


def _known(text: str | None, names: Collection[str]) -> tuple[str, ...]:
    """Return those of several words that are known; others are ignored."""
    words = (text or "").split()
    return tuple(name for name in names if name in words)
