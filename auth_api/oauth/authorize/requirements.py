"""What a person still has to do before an application gets its answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from auth_api.kit.http.oauth_errors import AccessDeniedException, OAuthException
from auth_api.kit.uuid7 import moment_of
from auth_api.oauth.authorize.errors import (
    ConsentRequiredException,
    InteractionRequiredException,
    LoginRequiredException,
    UnmetAuthenticationRequirementsException,
)
from auth_api.oauth.clients.client import ClientKind, OAuthClient
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.requests.request import RequestKind, RequestParameters
from auth_api.oauth.resources.built_in_scopes import OFFLINE_ACCESS
from auth_api.sessions.assurance import Level, assurance_level
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in.freshness import Freshness
from auth_api.users.service import UserService


class Step(StrEnum):
    """What the person has to do next."""

    SIGN_IN = "sign_in"
    PROOF = "proof"
    """Prove their identity again."""
    ROLE = "role"
    """Nothing helps but another account: the application is for other people."""
    STEP_UP = "step_up"
    """Prove their identity by a method of a higher level."""
    CONSENT = "consent"


_ERRORS_WITHOUT_PROMPT: Final[dict[Step, type[OAuthException]]] = {
    Step.SIGN_IN: LoginRequiredException,
    Step.PROOF: LoginRequiredException,
    Step.ROLE: AccessDeniedException,
    Step.STEP_UP: InteractionRequiredException,
    Step.CONSENT: ConsentRequiredException,
}
"""The answers to `prompt=none` (OpenID Connect Core §3.1.2.6)."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, and since when.

    Attributes:
        kind: a browser's or a device's request.
        client: the application.
        parameters: what it asks for.
        created_at: the beginning of the request, by the database's clock. It never moves: a proof of identity that is
            newer is new enough, whatever the request asks for.
    """

    kind: RequestKind
    client: OAuthClient
    parameters: RequestParameters
    created_at: datetime

    @property
    def is_offline(self) -> bool:
        """Whether the application keeps its access when the session of the user ends."""
        return OFFLINE_ACCESS in self.parameters.scopes or self.kind is RequestKind.DEVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """Decides what a person still has to do. The first step in the order of `Step` counts."""

    users: UserService
    sessions: SessionService
    freshness: Freshness
    clients: Clients
    consents: Consents

    async def next_step(self, asked: Asked, principal: Principal | None) -> Step | None:
        """Return the next step; None if the application can have its answer.

        Args:
            asked: what is asked for.
            principal: the session of the browser; None if it has none.

        Raises:
            OAuthException: the answer is this error: no step helps, or the request excludes them by `prompt=none`.
        """
        step = await self._next_step(asked, principal)
        if step is not None and "none" in asked.parameters.prompt:
            raise _ERRORS_WITHOUT_PROMPT[step]
        return step

    async def _next_step(self, asked: Asked, principal: Principal | None) -> Step | None:
        if principal is None or await self._needs_other_sign_in(asked, principal):
            return Step.SIGN_IN
        if _needs_new_proof(asked, principal):
            return Step.PROOF
        if not await self.clients.may_use(asked.client, principal.id):
            return Step.ROLE
        if await self._needs_step_up(asked.parameters, principal):
            return Step.STEP_UP
        return Step.CONSENT if await self._needs_consent(asked, principal) else None

    async def _needs_other_sign_in(self, asked: Asked, principal: Principal) -> bool:
        """Return whether the person has to sign in to another account, or to choose one.

        The beginning of the session counts: after a sign-in by a provider, the proof itself may be older.

        Raises:
            LoginRequiredException: the person has signed in since, but not with the account of the hint.
        """
        subject, is_new = asked.parameters.hint_subject, _began_since(principal, asked.created_at)
        if subject is not None and subject != (await self.users.get_details(principal.id)).subject:
            if is_new:
                raise LoginRequiredException
            return True
        return "select_account" in asked.parameters.prompt and not is_new

    async def _needs_step_up(self, parameters: RequestParameters, principal: Principal) -> bool:
        """Return whether the session reaches none of the levels, although the account can.

        Raises:
            UnmetAuthenticationRequirementsException: the account cannot, either.
        """
        level = lowest_level(parameters)
        if level is None:
            return False
        now, max_age = await self.sessions.present_time(), self.sessions.policy.mfa_max_age
        if assurance_level(principal.amr, principal.mfa_at, now, max_age=max_age).satisfies(level):
            return False
        if not (await self.freshness.needed_proof(principal.id, at_least=level)).methods:
            raise UnmetAuthenticationRequirementsException
        return True

    async def _needs_consent(self, asked: Asked, principal: Principal) -> bool:
        """Return whether the person must be asked: always for an address that another program may have taken.

        That is the case for devices (RFC 8628 §5.4) and for native applications (RFC 8252 §8.6).
        """
        if asked.kind is RequestKind.DEVICE or asked.client.kind is ClientKind.NATIVE:
            return True
        if "consent" in asked.parameters.prompt:
            return True
        if asked.client.first_party:
            return False
        consent = await self.consents.find(principal.id, asked.client.id)
        scopes = set(asked.parameters.scopes) - {OFFLINE_ACCESS}
        return consent is None or not consent.covers(scopes, offline=asked.is_offline)


def lowest_level(parameters: RequestParameters) -> Level | None:
    """Return the lowest of the levels that a request names; None if it names none."""
    return next((level for level in Level if level in parameters.acr_values), None)


def _needs_new_proof(asked: Asked, principal: Principal) -> bool:
    """Return whether the last proof of identity is too old (OpenID Connect Core §3.1.2.1)."""
    if principal.auth_time >= asked.created_at:
        return False
    max_age = asked.parameters.max_age
    is_too_old = max_age is not None and asked.created_at - principal.auth_time > timedelta(seconds=max_age)
    return is_too_old or "login" in asked.parameters.prompt


def _began_since(principal: Principal, moment: datetime) -> bool:
    """Return whether a session began after a moment; its id has its time in milliseconds."""
    return moment_of(principal.session_id) + timedelta(milliseconds=1) > moment
