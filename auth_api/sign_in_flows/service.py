"""Keeps sign-ins while they lead through another site. Each step is possible once, and only in the same browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from auth_api.kit.crypto.flow_secrets import FlowSecrets, FlowSecretsDerivation, challenge_of
from auth_api.kit.crypto.tokens import (
    HAND_OFF_CODE,
    LINK_TOKEN,
    SIGN_UP_TOKEN,
    UPSTREAM_STATE,
    SecretKind,
    digest,
    new_token,
)
from auth_api.sign_in_flows import repository
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import (
    CODE_LIFETIME,
    REQUIRES_NEW_LOGIN,
    START_LIFETIME,
    TOKEN_LIFETIME,
    Flow,
    FlowPurpose,
    FlowStage,
    NewFlow,
)
from auth_api.sign_in_flows.repository import NewRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFlows:
    """Sign-ins that lead to a provider, and those that an application gets by a code."""

    derivation: FlowSecretsDerivation

    def new_state(self) -> tuple[str, FlowSecrets]:
        """Return the state of a new flow, and what is derived from it. Nothing is stored before `start`."""
        state = new_token(UPSTREAM_STATE).raw
        secrets = self.derivation.derive(state, self.derivation.newest_key_id)
        assert secrets is not None  # noqa: S101 - the newest key exists
        return state, secrets

    async def start(self, state: str, flow: NewFlow, *, error_code: str | None = None) -> None:
        """Store a new flow.

        Args:
            state: from `new_state`.
            flow: what it is for, and to whom it belongs.
            error_code: why it has failed before it began; None if it leads to the provider.
        """
        row = NewRow(
            stage=FlowStage.STARTED if error_code is None else FlowStage.FAILED,
            purpose=flow.purpose,
            provider=flow.provider,
            user_id=flow.user_id,
            session_id=flow.session_id,
            state_hash=digest(state),
            browser_hash=digest(flow.browser),
            challenge=flow.challenge,
            return_to=flow.return_to,
            continue_path=flow.continue_path,
            key_id=self.derivation.newest_key_id,
            error_code=error_code,
            evidence={REQUIRES_NEW_LOGIN: True} if flow.requires_new_login else None,
        )
        await repository.insert(row, START_LIFETIME if error_code is None else CODE_LIFETIME)

    async def take(self, state: str, browser: str, provider: str) -> Flow | None:
        """Return a started flow of this browser and provider to one caller, who then asks the provider.

        None if there is none, or if another request has taken it.
        """
        return await repository.take(digest(state), digest(browser), provider)

    async def prove(self, flow: Flow, secrets: FlowSecrets, evidence: Mapping[str, Any]) -> None:
        """Store what the provider has proved. The application's code works from now on."""
        await repository.finish(
            flow.id,
            stage=FlowStage.PROVED,
            code_hash=secrets.code.digest,
            evidence=evidence,
        )

    async def fail(self, flow: Flow, error_code: str) -> None:
        """Store that the provider has proved nothing."""
        await repository.finish(flow.id, stage=FlowStage.FAILED, error_code=error_code)

    async def find(self, state: str, browser: str) -> Flow | None:
        """Return the flow of this browser in any stage, or None if it is unknown, used or expired."""
        return await repository.find(digest(state), digest(browser))

    def secrets_of(self, flow: Flow, state: str) -> FlowSecrets | None:
        """Return what is derived from the state of a flow; None if its key has been removed from the ring."""
        return self.derivation.derive(state, flow.key_id or "")

    async def hand_off(self, *, user_id: int, session_id: UUID, return_to: str, challenge: str) -> str:
        """Store a sign-in that was completed on the pages, and return the code for the application.

        Args:
            user_id: the user who is signed in.
            session_id: the session of the browser, which says later how the user proved their identity.
            return_to: the address of the application.
            challenge: its code challenge.
        """
        code = new_token(HAND_OFF_CODE)
        row = NewRow(
            stage=FlowStage.PROVED,
            purpose=FlowPurpose.HAND_OFF,
            user_id=user_id,
            session_id=session_id,
            code_hash=code.digest,
            return_to=return_to,
            challenge=challenge,
        )
        await repository.insert(row, CODE_LIFETIME)
        return code.raw

    async def find_code(self, code: str, verifier: str, purpose: FlowPurpose = FlowPurpose.HAND_OFF) -> Flow:
        """Return the proved flow of a code without using the code.

        Args:
            code: what the application got in its address.
            verifier: of its code challenge.
            purpose: what the code is used for.

        Raises:
            FlowInvalidException: the code is unknown, used or expired, or the verifier or the purpose is not its own.
        """
        return _require(await repository.find_code(digest(code), challenge_of(verifier), purpose))

    async def claim(self, flow: Flow) -> None:
        """Use up a flow in the transaction that does what it is for, after the row of the account was locked.

        Raises:
            FlowInvalidException: it was used or ended in the meantime, or it has expired.
        """
        if not await repository.claim(flow.id, flow.stage):
            raise FlowInvalidException

    async def offer_sign_up(self, flow: Flow, evidence: Mapping[str, Any]) -> str:
        """Return a token that creates an account from a proof, in the transaction that has claimed the flow."""
        return await self._offer(flow, SIGN_UP_TOKEN, FlowStage.SIGN_UP, None, evidence)

    async def offer_link(self, flow: Flow, user_id: int, evidence: Mapping[str, Any]) -> str:
        """Return a token that links a proved identity to this account, in the transaction that has claimed the flow."""
        return await self._offer(flow, LINK_TOKEN, FlowStage.LINK, user_id, evidence)

    async def find_sign_up(self, token: str) -> Flow:
        """Return the flow of a sign-up token without using the token; `claim` does that.

        Raises:
            FlowInvalidException: the token is unknown, used or expired.
        """
        return _require(await repository.find_secret(digest(token), FlowStage.SIGN_UP))

    async def claim_link(self, token: str, user_id: int) -> Flow:
        """Use a link token of this user, and return its flow. Call it after the row of the user was locked.

        Raises:
            FlowInvalidException: the token is unknown, used, expired, or of another user, for whom it still works.
        """
        return _require(await repository.claim_link(digest(token), user_id))

    async def end_all(self, user_id: int) -> None:
        """End all flows that belong to a user."""
        await repository.end_all(user_id)

    @staticmethod
    async def _offer(
        flow: Flow, kind: SecretKind, stage: FlowStage, user_id: int | None, evidence: Mapping[str, Any]
    ) -> str:
        token = new_token(kind)
        row = NewRow(
            stage=stage,
            purpose=flow.purpose,
            provider=flow.provider,
            user_id=user_id,
            secret_hash=token.digest,
            evidence=evidence,
        )
        await repository.insert(row, TOKEN_LIFETIME)
        return token.raw


def _require(flow: Flow | None) -> Flow:
    if flow is None:
        raise FlowInvalidException
    return flow
