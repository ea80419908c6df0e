"""The services of the product, which know nothing of HTTP: the API and the command line share them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.manifest import Core, Feature

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Services:
    """The core, and the features that were built on it; `composition.create_services` builds both.

    It has no representation as text: that of all services took most of the time of the tests, as asyncio writes the
    result of a finished task into an error text whenever a fixture starts.
    """

    core: Core
    features: tuple[Feature, ...]

    def of(self, kind: type[T]) -> T:
        """Return the service of a class, whichever feature has it.

        Raises:
            LookupError: no feature has a service of exactly this class, or there are several.
        """
        brought = [each for feature in self.features for each in (*feature.services, *feature.dependencies.values())]
        found = {id(each): each for each in brought if type(each) is kind}
        if len(found) != 1:
            message = f"The features have {len(found)} services of the class {kind.__qualname__} instead of one."
            raise LookupError(message)
        return next(iter(found.values()))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the database, and close everything at the end."""
        async with self.core.database.opened():
            try:
                yield
            finally:
                await breakers.get(SERVICE).stop()
                await self.core.outbound.close()
                self.core.hasher.close()

    @asynccontextmanager
    async def running_jobs(self) -> AsyncIterator[None]:
        """Run the background jobs of all features, on services that are running."""
        async with AsyncExitStack() as stack:
            for feature in self.features:
                for job in feature.jobs:
                    await stack.enter_async_context(job.running())
            yield
