"""A provider of logins in the process of the tests, which follows the standards unless a test lets it lie."""

import asyncio
import hashlib
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, Self
from urllib.parse import parse_qs, unquote_plus, urlsplit

from auth_api.kit import base64url
from auth_api.kit.outbound.client import Outbound
from tests.support.upstream.authority import Authority
from tests.support.upstream.keys import UpstreamKey
from tests.support.upstream.server import Answer, ServedRequest, UpstreamServer
from tests.support.upstream.shapes import GENERIC, GITHUB, MICROSOFT, TENANT, Shape

CLIENT_ID: Final = "auth-api"
CLIENT_SECRET: Final = "a secret: of+the%client"

ABSENT: Final = object()
"""As the value of a member: the document does not have it."""

Lie = Callable[[ServedRequest], Awaitable[Answer]]


@dataclass(frozen=True)
class Person:
    """A person with an account at the provider."""

    subject: str = "248289761001"
    email: str | None = "ada@example.com"
    email_verified: Any = True
    name: str = "Ada Example"
    username: str = "ada"


@dataclass(frozen=True)
class _Login:
    person: Person
    query: dict[str, str]


@dataclass
class LyingProvider:
    """A provider, and what it changes in its documents.

    The values of `discovery`, `claims`, `header`, `tokens` and `userinfo` replace members of that document, or remove
    them if they are ABSENT. `answers` replaces whole answers, by endpoint: `discovery`, `keys`, `token`, `userinfo`,
    and for GitHub `user` and `emails`.

    Attributes:
        key: signs the ID tokens.
        published: the documents of all published keys; that of `key` if empty.
        issued: all codes and access tokens.
    """

    shape: Shape = GENERIC
    discovery: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    published: list[Any] = field(default_factory=list)
    answers: dict[str, Lie] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)
    """The endpoints that were called."""

    def __post_init__(self) -> None:
        self.key = UpstreamKey(algorithm=self.shape.algorithm)
        self.server = UpstreamServer(self._handle)
        self.outbound: Outbound
        self.issued: list[str] = []
        self._codes: dict[str, _Login] = {}
        self._people: dict[str, Person] = {}
        self._numbers = count()

    @asynccontextmanager
    async def running(self, authority: Authority) -> AsyncIterator[Self]:
        """Serve all hosts of the provider in this context; `outbound` is a client that finds them."""
        async with self.server.running(authority, *self.shape.hosts):
            self.outbound = self.server.outbound(authority)
            yield self
            await self.outbound.close()

    @property
    def variables(self) -> dict[str, str]:
        """The settings of an application that uses this provider only."""
        prefix = f"PROVIDER_{self.shape.id.upper()}"
        client = {f"{prefix}_CLIENT_ID": CLIENT_ID, f"{prefix}_CLIENT_SECRET": CLIENT_SECRET}
        return {"PROVIDERS": f'["{self.shape.id}"]', **client, **self.shape.variables}

    def log_in(self, authorization_url: str, person: Person | None = None) -> dict[str, str]:
        """Log in as a person does, and return the parameters with which the browser comes back."""
        assert authorization_url.split("?", maxsplit=1)[0] == self.shape.authorization_endpoint
        query = {name: values[-1] for name, values in parse_qs(urlsplit(authorization_url).query).items()}
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert (query["code_challenge_method"], len(query["code_challenge"])) == ("S256", 43)
        code = f"code-{next(self._numbers)}-of-{self.shape.id}"
        self.issued.append(code)
        self._codes[code] = _Login(person or Person(), query)
        return {"state": query["state"], "code": code, **self._iss()}

    def refuse(self, authorization_url: str, error: str = "access_denied") -> dict[str, str]:
        """Return the parameters with which the browser comes back if the provider does not log the person in."""
        query = {name: values[-1] for name, values in parse_qs(urlsplit(authorization_url).query).items()}
        return {"state": query["state"], "error": error, "error_description": "A text of the provider", **self._iss()}

    def rotate_keys(self, kid: str = "second") -> None:
        """Sign with a new key from now on, and publish only that one."""
        self.key = UpstreamKey(kid=kid, algorithm=self.shape.algorithm, number=next(self._numbers) + 1)

    def id_token(self, person: Person, nonce: str | None, access_token: str) -> str:
        """Return an ID token with the lies of this provider."""
        now = int(time.time())
        claims = {
            "iss": self.shape.issuer,
            "aud": CLIENT_ID,
            "sub": person.subject,
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            "at_hash": _half_hash(self.key.algorithm, access_token),
            **self._profile(person),
            **self.shape.claims,
        }
        return self.key.sign(changed(claims, self.claims), self.header)

    def _iss(self) -> dict[str, str]:
        is_promised = self.shape.discovery.get("authorization_response_iss_parameter_supported")
        return {"iss": self.shape.issuer} if is_promised else {}

    async def _handle(self, request: ServedRequest) -> Answer:
        endpoint = self.shape.endpoints.get(f"https://{request.host}{request.path}", "unknown")
        self.requested.append(endpoint)
        if (lie := self.answers.get(endpoint)) is not None:
            return await lie(request)
        match endpoint:
            case "discovery":
                document = dict(self.shape.discovery)
                if self.shape is MICROSOFT and TENANT not in request.path:
                    document["issuer"] = self.shape.issuer.replace(TENANT, "{tenantid}")
                return Answer(changed(document, self.discovery))
            case "keys":
                return Answer({"keys": self.published or [self.key.jwk]})
            case "token":
                return self._token(request)
            case "userinfo" | "user" | "emails":
                person = self._people.get(request.headers.get("authorization", "").removeprefix("Bearer "))
                return Answer({"message": "Bad credentials"}, 401) if person is None else self._about(person, endpoint)
        return Answer({"message": "Not Found"}, 404)

    def _token(self, request: ServedRequest) -> Answer:
        form = request.form
        login = self._codes.pop(form.get("code", ""), None)
        challenge = base64url.encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if _client_of(request) != (CLIENT_ID, CLIENT_SECRET):
            return self._error("invalid_client", 401)
        if (
            login is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != login.query["redirect_uri"]
            or challenge != login.query["code_challenge"]
        ):
            return self._error("invalid_grant", 400)
        access_token = f"access-token-{next(self._numbers)}"
        self._people[access_token] = login.person
        self.issued.append(access_token)
        tokens = {"access_token": access_token, "token_type": "Bearer", "expires_in": 300, "scope": "openid"}
        if self.shape is not GITHUB:
            tokens["id_token"] = self.id_token(login.person, login.query.get("nonce"), access_token)
        return Answer(changed(tokens, self.tokens))

    def _error(self, code: str, status: int) -> Answer:
        """Return an error; those of GitHub have the status 200."""
        status = 200 if self.shape is GITHUB else status
        return Answer({"error": code, "error_description": "A text of the provider"}, status)

    def _about(self, person: Person, endpoint: str) -> Answer:
        if endpoint == "emails":
            other = {"email": "old@example.com", "primary": False, "verified": True, "visibility": None}
            primary = {"email": person.email, "primary": True, "verified": person.email_verified}
            return Answer([other, primary] if person.email else [other])
        if endpoint == "user":
            user = {"login": person.username, "id": int(person.subject), "name": person.name, "email": None}
            return Answer(changed(user, self.userinfo))
        return Answer(changed({"sub": person.subject, **self._profile(person)}, self.userinfo))

    def _profile(self, person: Person) -> dict[str, Any]:
        email = {} if person.email is None else {"email": person.email, "email_verified": person.email_verified}
        if self.shape is MICROSOFT:  # which has no claim about the verification
            email.pop("email_verified", None)
        return {**email, "name": person.name, "preferred_username": person.username}


def changed(document: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """Return a document with changes; the value ABSENT removes a member."""
    return {name: value for name, value in {**document, **changes}.items() if value is not ABSENT}


def always(answers: Iterable[Answer] | Answer) -> Lie:
    """Return a lie: the same answer to each request, or one answer after the other."""
    sequence = iter(()) if isinstance(answers, Answer) else iter(answers)

    async def lie(_: ServedRequest) -> Answer:
        return answers if isinstance(answers, Answer) else next(sequence)

    return lie


async def hang(_: ServedRequest) -> Answer:
    """Never answer: a lie of a provider behind a network that loses all packets."""
    await asyncio.Event().wait()
    return Answer()


def _client_of(request: ServedRequest) -> tuple[str, str]:
    """Return id and secret of the client, which is form-encoded in Basic authentication (RFC 6749 §2.3.1)."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme != "Basic":
        return request.form.get("client_id", ""), request.form.get("client_secret", "")
    client, _, secret = b64decode(credentials).decode().partition(":")
    return unquote_plus(client), unquote_plus(secret)


def _half_hash(algorithm: str, text: str) -> str:
    bits = algorithm[-3:] if algorithm != "EdDSA" else "512"
    digest = hashlib.new(f"sha{bits}", text.encode()).digest()
    return base64url.encode(digest[: len(digest) // 2])
