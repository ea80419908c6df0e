"""The providers that people can log in with."""

from dataclasses import dataclass

from auth_api.credentials.providers.provider import Provider
from auth_api.kit.errors import NotFoundException


@dataclass(frozen=True, slots=True)
class Providers:
    """The providers of the setting `PROVIDERS`, in its order."""

    configured: tuple[Provider, ...]

    @property
    def is_on(self) -> bool:
        """Whether there is any provider."""
        return bool(self.configured)

    def all(self) -> tuple[Provider, ...]:
        """Return all providers."""
        return self.configured

    def find(self, provider_id: str) -> Provider:
        """Return the provider with this id.

        Raises:
            NotFoundException: no provider has it.
        """
        for provider in self.configured:
            if provider.settings.id == provider_id:
                return provider
        raise NotFoundException
