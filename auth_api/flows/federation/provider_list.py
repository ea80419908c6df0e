"""The list of providers for applications, which show a button for each."""

from auth_api.credentials.providers.service import Providers
from auth_api.flows.federation.schemas import ProviderList, ProviderSummary


def list_providers(providers: Providers, *, public_url: str, can_register: bool) -> ProviderList:
    """Return the list.

    Args:
        providers: the configured ones.
        public_url: where browsers reach this server.
        can_register: whether people can create accounts at all.
    """
    return ProviderList(
        items=[
            ProviderSummary(
                id=each.settings.id,
                name=each.settings.name,
                start_url=f"{public_url}/api/auth/providers/{each.settings.id}/start",
                sign_up=each.settings.sign_up and can_register,
            )
            for each in providers.all()
        ]
    )
