"""A browser with several tabs of one application in cookie mode, in simulated time.

A refresh has three moments: the browser sends the cookie that it has then, the server responds to it, and the browser
stores the cookie of the response. Those of other tabs come between them. Nothing waits: sessions are made older
instead.
"""

import heapq
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any, Final

import httpx

from auth_api.kit.clock import utc_now
from auth_api.sessions.tables import RefreshTokenRow
from tests.support.cookie_mode import COOKIE, COOKIE_MODE, set_cookie
from tests.support.rows import age_sessions

TABS: Final = 6
MAX_DELAY_SECONDS: Final = 3.0

_GAPS: Final = ((0.0, 20.0), (20.0, 290.0), (290.0, 310.0), (300.0, 900.0))
"""Times between two rounds: while the token is kept, around the end of that time, and later."""

_STEP_SECONDS: Final = 0.2
_OLDEST: Final = timedelta(hours=1)
"""Much more than a token can be on its way. One that came later would be unknown, which is a failure, too."""


@dataclass
class Tabs:
    """The tabs share the cookie.

    Attributes:
        client: sends the requests.
        cookie: the refresh token that the browser has.
        seed: of the random numbers that decide on all times.
        statuses: of the responses, in the order in which the servers sent them.
    """

    client: httpx.AsyncClient
    cookie: str
    seed: int
    statuses: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - simulated times

    async def run(self, rounds: int) -> None:
        """Reload all tabs at about the same time, again and again."""
        now, began = 0.0, 0.0
        for _ in range(rounds):
            began = max(began, now) + self._random.uniform(*self._random.choice(_GAPS))
            now = await self._reload_all(began, now)
            oldest: Any = utc_now() - _OLDEST
            await RefreshTokenRow.delete().where(RefreshTokenRow.created_at < oldest)  # else each step gets slower

    async def _reload_all(self, began: float, now: float) -> float:
        """Send one refresh per tab, and return the time when the last response has arrived."""
        numbers = count()
        events: list[tuple[float, int, str, str]] = []

        def at(time: float, moment: str, cookie: str = "") -> None:
            heapq.heappush(events, (time, next(numbers), moment, cookie))

        for _ in range(TABS):
            at(began + self._random.uniform(0, MAX_DELAY_SECONDS), "send")
        while events:
            time, _, moment, cookie = heapq.heappop(events)
            if moment == "send":
                at(time + self._random.uniform(0, MAX_DELAY_SECONDS), "serve", self.cookie)
            elif moment == "serve":
                if time - now > _STEP_SECONDS:
                    await age_sessions(seconds=time - now)
                    now = time
                if (received := await self._refresh(cookie)) is not None:
                    at(time + self._random.uniform(0, MAX_DELAY_SECONDS), "store", received)
            else:
                self.cookie = cookie
        return now

    async def _refresh(self, cookie: str) -> str | None:
        headers = {**COOKIE_MODE, "Cookie": f"{COOKIE}={cookie}"}
        response = await self.client.post("/api/auth/refresh", headers=headers)
        self.client.cookies.clear()
        self.statuses.append(response.status_code)
        received = set_cookie(response)
        return received.value if received is not None else None
