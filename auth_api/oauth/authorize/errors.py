"""Errors of authorization requests, which the application gets in the query of its redirect URI."""

from auth_api.kit.http.oauth_errors import OAuthException


class UnsupportedResponseTypeException(OAuthException):
    """The application asks for something other than a code (RFC 6749 §4.1.2.1)."""

    error = "unsupported_response_type"
    description = "The only response type is code."


class RequestNotSupportedException(OAuthException):
    """The parameters are in a request object (OpenID Connect Core §6.1)."""

    error = "request_not_supported"
    description = "Request objects are not supported."


class RequestUriNotSupportedException(OAuthException):
    """The parameters are at another address (OpenID Connect Core §6.2)."""

    error = "request_uri_not_supported"
    description = "References to request objects are not supported."


class LoginRequiredException(OAuthException):
    """The person must sign in, which `prompt=none` excludes, or has signed in with another account."""

    error = "login_required"
    description = "The user must sign in."


class InteractionRequiredException(OAuthException):
    """The person must confirm their identity by another method, which `prompt=none` excludes."""

    error = "interaction_required"
    description = "The user must prove their identity by another method."


class ConsentRequiredException(OAuthException):
    """The person must be asked, which `prompt=none` excludes."""

    error = "consent_required"
    description = "The user must be asked for consent."


class UnmetAuthenticationRequirementsException(OAuthException):
    """The account has no method that reaches a level of `acr_values` (OpenID Unmet Authentication Requirements §2)."""

    error = "unmet_authentication_requirements"
    description = "The user cannot reach the requested level of authentication."
