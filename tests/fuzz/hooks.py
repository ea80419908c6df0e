"""Hooks for Schemathesis, which imports this module in an environment of its own: users, passwords and tokens.

Generated values pass no check of a password or token, so a part of the requests gets real ones.
"""

import itertools
import os
from collections import Counter
from typing import Any, Final

import schemathesis

from tests.fuzz.accounts import PASSWORD, Api

MAX_REQUESTS_PER_USER: Final = 4
"""Fewer than the failed passwords after which an account is throttled."""

MAX_MAILED_TOKENS: Final = 5
"""Real tokens per operation; each one takes a mail."""

api = Api(os.environ["FUZZ_URL"])
numbers = itertools.count()
mailed_tokens: Counter[str] = Counter()


@schemathesis.hook  # type: ignore[untyped-decorator]  # installed in another environment
def before_call(_context: Any, case: Any, **_arguments: Any) -> None:
    """Put real passwords and tokens into every second request that the schema allows."""
    body, path = case.body, case.operation.path
    if (
        not isinstance(body, dict)
        or case.meta is None
        or not case.meta.generation.mode.is_positive
        or next(numbers) % 2
    ):
        return
    real = {"current_password": PASSWORD, "new_password": PASSWORD[::-1]}
    if "refresh_token" in body:
        real["refresh_token"] = api.register().refresh_token
    if "token" in body and mailed_tokens[path] < MAX_MAILED_TOKENS:
        mailed_tokens[path] += 1
        real["token"] = api.mailed_token(path)
    case.body = {**body, **{name: value for name, value in real.items() if name in body}}


if os.environ["FUZZ_AS"] == "user":

    @schemathesis.auth(refresh_interval=None)
    class LoggedInUser:
        """Add a user's access token to requests; register a new user after some, or if the session has ended."""

        def __init__(self) -> None:
            self._token = ""
            self._requests = MAX_REQUESTS_PER_USER

        def get(self, _case: Any, _context: Any) -> str:
            """Return a valid access token."""
            self._requests += 1
            if self._requests > MAX_REQUESTS_PER_USER or not api.accepts(self._token):
                self._token = api.register().access_token
                self._requests = 1
            return self._token

        def set(self, case: Any, token: str, _context: Any) -> None:
            """Set the Authorization header of a request."""
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
