"""What the pages about second factors have in common."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Response

from auth_api.credentials.errors import FactorNotFoundException
from auth_api.credentials.recovery_codes.service import NewRecoveryCodes
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.security_headers import PageKind
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.sign_in.factor_results import AddedFactor
from auth_api.sign_in.freshness import Freshness
from auth_api.sign_in.second_factors import AccountFactors, SecondFactors
from auth_api.web.frame.confirmation import missing_confirmation
from auth_api.web.frame.refusals import require_shown
from auth_api.web.frame.visit import Visit

SECURITY: Final = "/account/security"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorPages:
    """Shows the factors of an account, and what becomes of a change of them."""

    second_factors: SecondFactors
    freshness: Freshness

    async def factors(self, visit: Visit) -> AccountFactors:
        """Return the factors of the person.

        Raises:
            SignedOutError: the person is not signed in.
        """
        return await self.second_factors.of_user(visit.principal.id)

    async def missing_proof(self, visit: Visit, *, adds_factor: bool = False) -> str | None:
        """Return the address of the page for a new proof of identity; None if none is needed before a change.

        Raises:
            SignedOutError: the person is not signed in.
        """
        return await missing_confirmation(visit, self.freshness, adds_factor=adds_factor)

    async def question(self, visit: Visit, template: str, *, adds_factor: bool = False, **values: Any) -> Response[str]:
        """Return the page before a change: its form, or in place of the form the way to a new proof of identity.

        Raises:
            SignedOutError: the person is not signed in.
        """
        proof = await self.missing_proof(visit, adds_factor=adds_factor)
        return visit.page(template, kind=PageKind.ACCOUNT, proof=proof, **values)

    async def overview(self, visit: Visit, refusal: ApplicationException | None = None) -> Response[str]:
        """Return the page with all factors of the account, and with the error of a change if one was refused.

        Raises:
            SignedOutError: the person is not signed in.
            ApplicationException: the error, if no page shows it.
        """
        factors = await self.factors(visit)
        return self.shown(
            visit,
            refusal,
            "own_factors/security.html",
            factors=factors,
            addable=self.second_factors.addable(factors),
            is_required=await self.freshness.is_factor_required(visit.principal.id),
        )

    async def refused(
        self, visit: Visit, refusal: ApplicationException, template: str | None = None, **values: Any
    ) -> Response[Any]:
        """Return the response to a change that was refused.

        Args:
            visit: the request.
            refusal: the error.
            template: the form, for errors that the person corrects there; None if the page with all factors shows them.
            values: what the template uses besides the values of every page and the factors.

        Raises:
            SignedOutError: the person is not signed in.
            ApplicationException: the error, if no page shows it.
        """
        require_shown(refusal)
        if isinstance(refusal, EmailNotVerifiedException):
            return self.shown(visit, refusal, "frame/email_not_verified.html", section="security")
        if template is None or isinstance(refusal, FactorNotFoundException):
            return await self.overview(visit, refusal)
        return self.shown(visit, refusal, template, factors=await self.factors(visit), **values)

    def shown(self, visit: Visit, refusal: ApplicationException | None, template: str, **values: Any) -> Response[str]:
        """Return a page, with an error if there is one.

        Raises:
            ApplicationException: the error, if no page shows it.
        """
        if refusal is None:
            return visit.page(template, kind=PageKind.ACCOUNT, **values)
        return visit.refused(refusal, template, kind=PageKind.ACCOUNT, **values)

    def added(self, visit: Visit, added: AddedFactor) -> Response[Any]:
        """Return what follows a new factor: the recovery codes that came with it, otherwise the list."""
        if added.recovery_codes is None:
            return visit.redirect(f"{SECURITY}?done=added")
        return self.codes(visit, added.recovery_codes, is_first_factor=True)

    def codes(self, visit: Visit, new: NewRecoveryCodes, *, is_first_factor: bool = False) -> Response[str]:
        """Return the page that shows recovery codes once."""
        return self.shown(visit, None, "own_factors/codes.html", codes=new.codes, is_first_factor=is_first_factor)
