"""The page for the second factor of a login."""

from typing import Any, Final

from litestar import Response

from auth_api.credentials.errors import FactorInvalidException
from auth_api.flows.second_factor.service import SecondFactorService
from auth_api.kit.errors import ApplicationException, RetryLaterException
from auth_api.sign_in.errors import MfaRequiredException, MfaTokenInvalidException
from auth_api.web.frame.journey import LOGIN
from auth_api.web.frame.refusals import is_shown_in_form
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.proof_choice import ProofChoice, choose_proof

SECOND_FACTOR: Final = "sign_in/second_factor.html"


def log_in_again(visit: Visit) -> Response[str]:
    """Return a redirect to the sign-in page, because the login has ended or took too long. The journey goes on."""
    return visit.redirect(visit.journey.link(LOGIN, done="ended"))


async def first_second_factor_page(
    visit: Visit, required: MfaRequiredException, second_factor: SecondFactorService
) -> Response[Any]:
    """Return the page for the best method of the account, after the first step.

    The first step cannot be repeated if a provider proved it, so the page goes on with it whatever fails here.
    """
    mfa_token, refusal = required.mfa_token, None
    try:
        choice = await choose_proof(required.methods, None, lambda: second_factor.passkey_options(mfa_token))
    except RetryLaterException as error:
        method, *others = required.methods
        choice, refusal = ProofChoice(method=method, others=tuple(others)), error
    return _page(visit, mfa_token, choice, refusal)


async def second_factor_page(
    visit: Visit, mfa_token: str, second_factor: SecondFactorService, refusal: ApplicationException | None = None
) -> Response[Any]:
    """Return the page for the method that the form names, or for the best one of the account.

    Args:
        visit: the request.
        mfa_token: of the login.
        second_factor: finds the methods.
        refusal: the error of the last proof; None if there is none.

    Raises:
        ApplicationException: the error, or that of the search for methods, if no form can correct it.
    """
    if refusal is not None and not is_shown_in_form(refusal):
        raise refusal
    try:
        choice = await choose_proof(
            await second_factor.methods(mfa_token),
            visit.values.get("method"),
            lambda: second_factor.passkey_options(mfa_token),
        )
    except MfaTokenInvalidException:  # if the last proof was wrong, it was the last attempt
        if not isinstance(refusal, FactorInvalidException):
            return log_in_again(visit)
        choice = ProofChoice(method=None)
    except RetryLaterException:
        if refusal is None:
            raise
        choice = ProofChoice(method=visit.values.get("method"))
    return _page(visit, mfa_token, choice, refusal)


def _page(visit: Visit, mfa_token: str, choice: ProofChoice, refusal: ApplicationException | None) -> Response[Any]:
    attempts_left = refusal.attempts_left if isinstance(refusal, FactorInvalidException) else None
    pending = {"mfa_token": mfa_token, "keep": visit.values.get("keep", "")}
    values: dict[str, Any] = {"choice": choice, "pending": pending, "attempts_left": attempts_left}
    if refusal is not None:
        return visit.refused(refusal, SECOND_FACTOR, **values)
    return visit.page(SECOND_FACTOR, **values)
