"""Why a provider has not proved who a user is. Clients receive the codes in the address that they return to."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException, AuthException


class ProviderDeniedException(AuthException):
    """The user cancelled the sign-in at the provider, or the provider denied it. Only as `error` of a redirect."""

    status = HTTPStatus.FORBIDDEN
    error_code = "PROVIDER_DENIED"
    detail = "The sign-in was cancelled at the provider."
    remedy = "Offer the ways to log in again."


class ProviderErrorException(AuthException):
    """The provider's answer breaks a rule; the log has the reason. Only as `error` of a redirect."""

    status = HTTPStatus.FORBIDDEN
    error_code = "PROVIDER_ERROR"
    detail = "The answer of the provider could not be accepted."
    remedy = "Offer another way to log in, and tell the operator of the server."


class ProviderUnavailableException(ApplicationException):
    """The provider cannot be reached, is too slow, or has failed too often recently. Only as `error` of a redirect."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    error_code = "PROVIDER_UNAVAILABLE"
    detail = "The provider is not available at the moment."
    remedy = "Offer another way to log in, and this one again later."
