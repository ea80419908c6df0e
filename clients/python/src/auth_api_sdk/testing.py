"""An issuer in memory, for the tests of services that check tokens of auth_api."""

import json
import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from auth_api_sdk.errors import Unavailable
from auth_api_sdk.verification import AsyncTokenVerifier, TokenVerifier
from auth_api_sdk.verification.engine import Engine
from auth_api_sdk.verification.source import KeySet

Claims = Mapping[str, Any]


class _SigningKey:
    """A private key with its public form."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.kid = uuid.uuid4().hex
        self.public = {
            **json.loads(OKPAlgorithm.to_jwk(self.private.public_key())),
            "kid": self.kid,
            "use": "sig",
            "alg": "EdDSA",
        }


@cache
def _first_key() -> _SigningKey:
    """Make the key of this run, once."""
    return _SigningKey()


class TestIssuer:
    """Makes tokens, and lets verifiers trust them.

    Attributes:
        issuer: the claim `iss`; that of a verifier after `serve`.
        audience: the claim `aud`; the first of a verifier after `serve`.
    """

    __test__ = False  # pytest does not collect it

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.issuer = "https://auth.example.com"
        self.audience = "auth_api"
        self._clock = clock
        self._keys = [_first_key()]
        self._sessions: list[str] = []
        self._subjects: dict[str, float] = {}
        self._allowed: set[tuple[str, str]] = set()
        self._is_down = False
        self._engines: list[Engine] = []
        self._restore: list[Callable[[], None]] = []

    def token(  # noqa: PLR0913 - one argument per claim
        self,
        subject: str = "7",
        *,
        roles: Sequence[str] = (),
        scopes: Sequence[str] = (),
        acr: str = "aal1",
        age: float = 0,
        expires_in: float = 1800,
        client_id: str | None = None,
        **claims: Any,
    ) -> str:
        """Return an access token: of a session, or with `client_id` of an application.

        Args:
            subject: the claim `sub`.
            roles: the names of the user's roles.
            scopes: the scopes of the token of an application.
            acr: the level of the login.
            age: seconds since the login.
            expires_in: seconds until the token expires; negative for an expired token.
            client_id: the application that the token belongs to.
            claims: further claims, and other values of these.
        """
        now = int(self._clock())
        of_session = {"sid": str(uuid.uuid4()), "roles": sorted(roles)}
        of_application = {"client_id": client_id, "scope": " ".join(scopes)}
        document = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": int(now + expires_in),
            "jti": str(uuid.uuid4()),
            "amr": ["pwd"],
            "acr": acr,
            "auth_time": int(now - age),
            **(of_session if client_id is None else of_application),
            **claims,
        }
        key = self._keys[0]
        return jwt.encode(document, key.private, "EdDSA", {"typ": "at+jwt", "kid": key.kid})

    def headers(self, subject: str = "7", **options: Any) -> dict[str, str]:
        """Return the headers of a request with a new token; the arguments are those of `token`."""
        return {"Authorization": f"Bearer {self.token(subject, **options)}"}

    def end_session(self, token: str) -> None:
        """Log the session of a token out."""
        self._sessions.append(jwt.decode(token, options={"verify_signature": False})["sid"])
        self._publish()

    def revoke(self, subject: str) -> None:
        """Refuse all tokens that a user has now, as after the loss of a role."""
        self._subjects[subject] = self._clock() + 1
        self._publish()

    def rotate_keys(self) -> None:
        """Sign with a new key; the earlier ones stay published."""
        self._keys.insert(0, _SigningKey())
        self._publish()

    def go_down(self) -> None:
        """Become unreachable: tokens are verified as before, permissions and API keys cannot be."""
        self._is_down = True
        for engine in self._engines:
            engine.revocations.mark_stale()

    def allow(self, permission: str, subject: str = "7") -> None:
        """Give a user a permission."""
        self._allowed.add((permission, subject))

    def serve(self, verifier: AsyncTokenVerifier | TokenVerifier) -> None:
        """Let an existing verifier trust this issuer, in place of its own, until the end of the test.

        Raises:
            RuntimeError: `ENVIRONMENT` is `production`.
        """
        if os.environ.get("ENVIRONMENT", "").lower() == "production":
            message = "ENVIRONMENT is production: a verifier must not trust tokens of tests there."
            raise RuntimeError(message)
        own = verifier.engine
        self.issuer, self.audience = own.rules.issuer, min(own.rules.audiences)
        engine = Engine(
            own.rules, mode=own.mode, has_feed=own.has_feed, open_source=lambda: self, polls=False, clock=self._clock
        )
        self._engines.append(engine)
        self._restore.append(lambda: setattr(verifier, "engine", own))
        verifier.engine = engine
        self._publish()

    def close(self) -> None:
        """Give all verifiers their own issuer again."""
        for restore in reversed(self._restore):
            restore()
        self._restore.clear()

    async def keys(self) -> KeySet:
        """Return the public keys."""
        self._check_reachable()
        return KeySet({"keys": [key.public for key in self._keys]})

    async def revocations(self, since: str | None) -> Any:
        """Return everything that was revoked."""
        del since
        self._check_reachable()
        return self._feed()

    async def check(self, token: str, permissions: Sequence[str]) -> Claims:
        """Return what the holder of a token may do."""
        self._check_reachable()
        claims = jwt.decode(token, options={"verify_signature": False})
        is_active = claims["exp"] > self._clock() and claims.get("sid") not in self._sessions
        allowed = {name: is_active and (name, claims["sub"]) in self._allowed for name in permissions}
        subject = {"type": "user", "id": claims["sub"]}
        return {"active": is_active, "subject": subject, "expires_at": None, "allowed": allowed}

    async def aclose(self) -> None:
        """Do nothing: nothing is connected."""

    def _feed(self) -> Any:
        subjects = [{"sub": sub, "issued_before": _text(since)} for sub, since in self._subjects.items()]
        return {
            "as_of": _text(self._clock()),
            "window_seconds": 1860,
            "all_issued_before": None,
            "sessions": list(self._sessions),
            "subjects": subjects,
        }

    def _publish(self) -> None:
        """Give the verifiers what a real one reads in the background."""
        for engine in self._engines:
            engine.keys.replace({"keys": [key.public for key in self._keys]}, None, time.monotonic())
            engine.revocations.add(self._feed(), time.monotonic(), is_full=True)

    def _check_reachable(self) -> None:
        if self._is_down:
            raise Unavailable("OFFLINE", 0, "The issuer of the test is down.", retry_after=1)


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
