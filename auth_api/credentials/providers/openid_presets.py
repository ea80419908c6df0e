"""Providers of OpenID Connect that deviate from the standard."""

import re
from collections.abc import Mapping
from typing import Any, Final

from auth_api.credentials.providers.openid import OpenIdProvider
from auth_api.credentials.providers.presets import PRIVATE_ACCOUNTS

_TENANT: Final = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"

_TENANT_ISSUER: Final = re.compile(rf"https://login\.microsoftonline\.com/{_TENANT}/v2\.0")


class GoogleProvider(OpenIdProvider):
    """Google."""

    __slots__ = ()

    def issuer_of(self, text: str) -> str | None:
        """Return the issuer with its scheme, which some ID tokens lack."""
        issuer = self.settings.issuer
        return issuer if text in {issuer, issuer.removeprefix("https://")} else None

    def is_email_proven(self, claims: Mapping[str, Any]) -> bool:
        """Return whether Google has verified the address."""
        return claims.get("email_verified") is True

    def prompt_parameters(self, prompt: str | None) -> Mapping[str, str]:
        """Return the choice of an account instead of a new login, which Google refuses."""
        return {"prompt": "select_account"} if prompt else {}


class MicrosoftProvider(OpenIdProvider):
    """Microsoft Entra ID, where each tenant is an issuer of its own."""

    __slots__ = ()

    def issuer_of(self, text: str) -> str | None:
        """Return the issuer if it is an accepted tenant."""
        found = _TENANT_ISSUER.fullmatch(text)
        return text if found is not None and self._accepts(found[1]) else None

    def _accepts(self, tenant: str) -> bool:
        match self.settings.tenants:
            case ("common",):
                return True
            case ("organizations",):
                return tenant != PRIVATE_ACCOUNTS
            case ("consumers",):
                return tenant == PRIVATE_ACCOUNTS
            case tenants:
                return tenant in tenants

    def is_email_proven(self, claims: Mapping[str, Any]) -> bool:
        """Return whether the domain of the address belongs to the tenant.

        Other addresses are entered by administrators of tenants, who need no proof for them (CVE-2023-36871).
        """
        return claims.get("xms_edov") is True
