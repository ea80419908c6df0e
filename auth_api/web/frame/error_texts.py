"""What pages say about errors, to the person who uses the page. The texts of the API address its clients."""

import re
from typing import Final

from auth_api.kit.errors import ApplicationException, FieldError
from auth_api.users.identifiers import MAX_USERNAME_LENGTH, MIN_USERNAME_LENGTH
from auth_api.web.frame.languages import _, translations

_UNAVAILABLE: Final = _("The service is not available at the moment. Please try again later.")
_UNREADABLE: Final = _("The server could not read what your browser sent. Reload the page and try again.")
_ENDED: Final = _("Your session has ended. Please log in again.")
_NOT_VALID: Final = _("This entry is not valid.")
_CROSS_SITE: Final = _("The request came from another site, so nothing was done. Reload the page and try again.")
_NOT_ALLOWED: Final = _("You are not allowed to do this.")

SENTENCES: Final = {
    "ACCOUNT_DISABLED": _("This account is disabled."),
    "ACCOUNT_EXISTS": _("This e-mail address already has an account. Log in to it, then open the invitation again."),
    "AUTHENTICATION_REQUIRED": _("Please log in."),
    "BUILT_IN": _NOT_ALLOWED,
    "CIRCUIT_BREAKER_OPEN": _UNAVAILABLE,
    "CLIENT_NOT_FOUND": _("This application no longer exists. Reload the page."),
    "CONSENT_NOT_FOUND": _("This application no longer has access. Reload the page."),
    "CORS_ORIGIN_DENIED": _CROSS_SITE,
    "CROSS_SITE_REQUEST": _CROSS_SITE,
    "DATABASE_UNAVAILABLE": _UNAVAILABLE,
    "DUPLICATE_EMAIL": _("An account with this e-mail address already exists. Log in, or reset its password."),
    "DUPLICATE_NAME": _("This name is taken. Please choose another one."),
    "DUPLICATE_PASSKEY": _("This passkey is already registered."),
    "DUPLICATE_RESOURCE": _("Another resource already has this identifier or scope."),
    "DUPLICATE_USERNAME": _("This username is no longer available. Please choose another one."),
    "EMAIL_NOT_VERIFIED": _("Your e-mail address is not verified. Open the link in the e-mail that you have received."),
    "FACTOR_INVALID": _("This code or password is incorrect, or the code has expired or has already been used."),
    "FACTOR_NOT_FOUND": _("This is not set up for your account. Reload the page."),
    "FLOW_INVALID": _("This login took too long, or it was begun in another browser. Please start again."),
    "HEADERS_TOO_LARGE": _("Your browser sent too much data. Delete the cookies of this site and try again."),
    "HOST_NOT_ALLOWED": _("This server cannot be used under this address."),
    "HTTPS_REQUIRED": _("This page needs an encrypted connection. Its address begins with https."),
    "IDENTITY_LINK_REQUIRED": _("An account with this e-mail address exists already. Log in to it once to link them."),
    "IDENTITY_NOT_FOUND": _("This login is no longer linked. Reload the page."),
    "IDENTITY_TAKEN": _("This login is linked to another account. Log out, then log in with it."),
    "INTERNAL_ERROR": _("Something went wrong on the server. Please try again later."),
    "IN_USE": _NOT_ALLOWED,
    "INVALID_CREDENTIALS": _("The username, the e-mail address or the password is incorrect."),
    "LAST_ADMINISTRATOR": _("You are the last administrator. Make another person an administrator first."),
    "INVITATION_NOT_FOUND": _("This invitation has ended. Reload the page."),
    "KEY_NOT_FOUND": _("This API key no longer exists."),
    "LAST_FACTOR": _("Your account needs a second factor. Add another one before you remove this one."),
    "LAST_SIGN_IN_METHOD": _("Without it, you could not log in. Set a password first."),
    "LIMIT_REACHED": _("You have reached the limit. Remove one of these first."),
    "MALFORMED_REQUEST": _UNREADABLE,
    "METHOD_NOT_ALLOWED": _("This address cannot be used in this way. Go back and try again."),
    "MFA_ENROLMENT_REQUIRED": _("Your account needs a second factor. Add one to log in."),
    "MFA_REQUIRED": _("Your account needs a second factor to log in."),
    "MFA_TOKEN_INVALID": _("The login took too long or was ended. Please log in again."),
    "NOT_FOUND": _("This page does not exist."),
    "ONE_TIME_TOKEN_INVALID": _("This code is not valid. It may have been used, have expired, or be incomplete."),
    "PASSKEY_INVALID": _("The passkey could not be verified. Please try again."),
    "PASSKEY_UNKNOWN": _("This passkey is not registered here. Please choose another way."),
    "PAYLOAD_TOO_LARGE": _("The form contains too much text. Shorten it and try again."),
    "PERMISSION_DENIED": _NOT_ALLOWED,
    "PERMISSION_NOT_FOUND": _NOT_ALLOWED,
    "PROVIDER_DENIED": _("The login was cancelled. You can try again or choose another way."),
    "PROVIDER_ERROR": _("The login with this provider did not work. Please choose another way."),
    "PROVIDER_UNAVAILABLE": _("This provider is not available at the moment. Please choose another way."),
    "RANK_TOO_LOW": _("This needs the permission %(required_permission)s, which you do not have."),
    "RATE_LIMITED": _("There were too many requests from your network. Please try again later."),
    "REFRESH_TOKEN_REUSED": _ENDED,
    "REGISTRATION_CLOSED": _("A new account cannot be created in this way."),
    "REQUEST_TIMEOUT": _("The request took too long. Check your connection and try again."),
    "RESOURCE_NOT_FOUND": _("This resource no longer exists. Reload the page."),
    "RETURN_TO_NOT_ALLOWED": _("The application that sent you here is not known to this server."),
    "ROLE_NOT_FOUND": _NOT_ALLOWED,
    "SELF_CHANGE_REFUSED": _NOT_ALLOWED,
    "SERVER_OVERLOADED": _("The server is overloaded at the moment. Please try again later."),
    "SERVICE_ACCOUNT_NOT_FOUND": _("This service account no longer exists."),
    "SESSION_NOT_FOUND": _("This session has already ended."),
    "SESSION_REQUIRED": _NOT_ALLOWED,
    "SIGN_UP_REQUIRED": _("This login does not belong to an account yet. Choose a username to create one."),
    "STEP_UP_REQUIRED": _("Please confirm that it is you."),
    "TOKEN_EXPIRED": _ENDED,
    "TOKEN_INVALID": _ENDED,
    "TOKEN_REVOKED": _ENDED,
    "TOO_MANY_ATTEMPTS": _("There were too many failed attempts. Please try again later."),
    "UNSUPPORTED_MEDIA_TYPE": _UNREADABLE,
    "URI_TOO_LONG": _("This address is too long."),
    "USER_NOT_FOUND": _("This account no longer exists."),
    "VALIDATION_ERROR": _("Please check your entries."),
    "WEAK_PASSWORD": _("Please choose another password."),
}
"""A sentence for each error code. A page also says how long to wait."""

FIELD_SENTENCES: Final = {
    "common": _("Must not be a common password, not even with digits or symbols around it."),
    "conflict": _("This does not fit the rest of the form."),
    "contains_email": _("Must not contain the part of the e-mail address before the @."),
    "contains_username": _("Must not contain the username."),
    "control_character": _("Must not contain control characters."),
    "disabled": _("It is disabled."),
    "digit": _("Must contain a digit."),
    "domain": _("E-mail addresses of this domain cannot be used here."),
    "format": _NOT_VALID,
    "incorrect": _("This is not the password of the account."),
    "invisible_character": _("Must not contain invisible characters or characters that change the direction of text."),
    "lower_case": _("Must contain a lower-case letter."),
    "missing": _("Please fill in this field."),
    "not_allowed": _NOT_VALID,
    "not_found": _NOT_VALID,
    "range": _NOT_VALID,
    "repeated": _NOT_VALID,
    "reserved": _("This entry is reserved. Please choose another one."),
    "symbol": _("Must contain a symbol."),
    "taken": _("This is already taken. Please choose another value."),
    "too_deep": _NOT_VALID,
    "too_long": _("Must have at most %(number)s characters."),
    "too_short": _("Must have at least %(number)s characters."),
    "type": _NOT_VALID,
    "unchanged": _("Must differ from the current password."),
    "unknown": _NOT_VALID,
    "unsupported": _NOT_VALID,
    "upper_case": _("Must contain an upper-case letter."),
}
"""A sentence for each code of a field."""

_EMAIL_FORMAT: Final = _("Must be a valid e-mail address.")
_EMAIL_DOMAIN: Final = _("Must have a domain that can receive e-mail.")

OWN_FIELD_SENTENCES: Final = {
    ("confirm", "conflict"): _("This is not the username of this account."),
    ("email", "format"): _EMAIL_FORMAT,
    ("email", "reserved"): _EMAIL_DOMAIN,
    ("new_email", "format"): _EMAIL_FORMAT,
    ("new_email", "reserved"): _EMAIL_DOMAIN,
    ("scopes", "missing"): _("Choose at least one."),
    ("scopes", "too_long"): _("Choose at most %(number)s."),
    ("user_code", "incorrect"): _("This code is incorrect or has expired. Check it, or start again on the device."),
    ("username", "format"): _(
        "Must have %(least)s to %(most)s characters: the letters a to z without accents, digits, and in between also "
        "full stops, hyphens and underscores."
    ),
}
"""A sentence for a code that means something special at one field."""

FIELDS: Final = {
    "DUPLICATE_EMAIL": "email",
    "DUPLICATE_USERNAME": "username",
    "ONE_TIME_TOKEN_INVALID": "token",
}
"""The field of a form that an error belongs to, where its response does not name one."""

_NUMBER: Final = re.compile(r"\d+")


def sentence_of(error: ApplicationException, language: str) -> str:
    """Return what happened and, if the person can do something, what."""
    is_at_field = error.error_code == "INVALID_CREDENTIALS" and error.errors  # of a person who is signed in
    sentence = SENTENCES["VALIDATION_ERROR" if is_at_field else error.error_code]
    return translations(language).gettext(sentence) % error.members


def field_of(error: ApplicationException) -> str | None:
    """Return the field that an error without field errors belongs to; None if it belongs to none."""
    return FIELDS.get(error.error_code)


def sentence_of_field(error: FieldError, language: str) -> str:
    """Return what is wrong with a field. The limit of a length is the first number of the API's own text."""
    code, number = error.code, _NUMBER.search(error.message)
    if code == "too_short" and number is None:  # only spaces
        code = "missing"
    text = OWN_FIELD_SENTENCES.get((error.field, code)) or FIELD_SENTENCES[code]
    values = {"number": number[0] if number else "", "least": MIN_USERNAME_LENGTH, "most": MAX_USERNAME_LENGTH}
    return translations(language).gettext(text) % values
