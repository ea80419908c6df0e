"""Lets requests wait that there is no room for, so that they are refused together.

A request that comes alone finds the processor's caches full of the hashes that leave no room for it: it costs three
times as much there as right after its like. And who asks again as soon as it is answered is slowed down.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from math import ceil
from typing import Final

from auth_api.kit.errors import RetryLaterException
from auth_api.kit.http.edge import Room

ROUND_SECONDS: Final = 0.2
"""Nobody minds them who is to come back in a second."""

AT_ONCE: Final = 32
"""Requests that are refused in one turn of the event loop, in some five milliseconds: it serves others in between."""

IN_A_ROUND: Final = 2 * AT_ONCE
"""Requests that are refused in one round, where they are not too many: what more would cost is left for logins."""

MOST_ROUNDS: Final = 3
"""So many rounds later everybody is answered."""


class Rounds:
    """Knows what there is room for, and who waits to be refused.

    Args:
        rooms: for the paths whose every POST needs something scarce.
    """

    def __init__(self, rooms: Mapping[str, Room]) -> None:
        self._rooms = {b"POST %s " % path.encode(): room for path, room in rooms.items()}
        self.beginnings = tuple(self._rooms)
        """What such a request begins with."""
        self._waiting: deque[Callable[[], None]] = deque()
        self._going: deque[Callable[[], None]] = deque()
        self._is_under_way = False

    def lack_of_room(self, data: bytes) -> RetryLaterException | None:
        """Return why there is no room for the request of which this is the first packet; it has one of `beginnings`."""
        return self._rooms[data[: data.index(b" ", len("POST ")) + 1]].lack_of_room()

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting) + len(self._going)

    def join(self, go_on: Callable[[], None]) -> None:
        """Have this called at the end of a round, with those of others."""
        self._waiting.append(go_on)
        if not self._is_under_way:
            self._is_under_way = True
            asyncio.get_running_loop().call_later(ROUND_SECONDS, self._end_round)

    def end(self) -> None:
        """Let all go on, and nobody wait any more."""
        self.beginnings = ()
        self._going += self._waiting
        self._waiting.clear()
        while self._going:
            self._going.popleft()()

    def _end_round(self) -> None:
        for _ in range(min(len(self._waiting), max(IN_A_ROUND, ceil(len(self._waiting) / MOST_ROUNDS)))):
            self._going.append(self._waiting.popleft())
        self._is_under_way = bool(self._waiting)
        loop = asyncio.get_running_loop()
        if self._is_under_way:
            loop.call_later(ROUND_SECONDS, self._end_round)
        loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        for _ in range(min(AT_ONCE, len(self._going))):
            self._going.popleft()()
        if self._going:
            asyncio.get_running_loop().call_soon(self._go_on)
