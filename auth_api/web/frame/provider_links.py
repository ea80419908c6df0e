"""The buttons with which people log in by a provider. They are links, as each leads to another site."""

from urllib.parse import urlencode

import msgspec

from auth_api.web.frame.frame import Frame, ShownProvider
from auth_api.web.frame.journey import ACCOUNT, Journey


class ProviderLink(msgspec.Struct, frozen=True, kw_only=True):
    """A provider, and the address that leads to it."""

    provider: ShownProvider
    href: str


def provider_links(frame: Frame, journey: Journey, *, prompt: str | None) -> list[ProviderLink]:
    """Return the links to the providers, which lead back to where the journey leads.

    Args:
        frame: what all pages share.
        journey: of the sign-in.
        prompt: what the provider asks people who are signed in there: `login` or `select_account`; None for nothing.
    """
    target = journey.continue_to or ACCOUNT
    if journey.lang is not None:  # the provider does not lead back with it
        target = f"{target}{'&' if '?' in target else '?'}lang={journey.lang}"
    fields = {**journey.fields, "continue": target, "prompt": prompt}
    query = urlencode({name: value for name, value in fields.items() if value is not None})
    starts = f"{frame.base}/api/auth/providers"
    return [ProviderLink(provider=each, href=f"{starts}/{each.id}/start?{query}") for each in frame.providers]
