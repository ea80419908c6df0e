"""Errors that a redirect to a page names, so that the page shows them."""

from typing import Final

from auth_api.credentials.identities.errors import IdentityTakenException
from auth_api.credentials.providers.errors import (
    ProviderDeniedException,
    ProviderErrorException,
    ProviderUnavailableException,
)
from auth_api.kit.errors import ApplicationException, LimitReachedException
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.sign_in_flows.errors import FlowInvalidException

_SHOWN: Final[dict[str, type[ApplicationException]]] = {
    error.error_code: error
    for error in (
        FlowInvalidException,
        IdentityTakenException,
        LimitReachedException,
        ProviderDeniedException,
        ProviderErrorException,
        ProviderUnavailableException,
        StepUpRequiredException,
    )
}


def code_for_link(error: ApplicationException) -> str:
    """Return the code by which an address names an error of a link; `FLOW_INVALID` for one that no page shows."""
    return error.error_code if error.error_code in _SHOWN else FlowInvalidException.error_code


def error_of_link(code: str | None) -> ApplicationException | None:
    """Return the error that the parameter `error` of an address names; None if it names none that a page shows."""
    error = _SHOWN.get(code or "")
    return None if error is None else error()
