"""What the security history says about each event, to the owner of the account."""

from collections.abc import Mapping
from typing import Any, Final

from auth_api.web.frame.languages import _

EVENT_TEXTS: Final = {
    "account:changed": _("Account changed"),
    "account:created": _("Account created by an administrator"),
    "account:claimed": _("Account taken over by the owner of its e-mail address, earlier password removed"),
    "account:deleted": _("Account deleted"),
    "account:disabled": _("Account disabled"),
    "account:enabled": _("Account enabled again"),
    "account:registered": _("Account created"),
    "email:change_requested": _("Change of the e-mail address requested"),
    "email:change_undone": _("Change of the e-mail address undone"),
    "email:changed": _("E-mail address changed"),
    "email:verified": _("E-mail address verified"),
    "factor:added": _("Second factor added"),
    "factor:removed": _("Second factor removed"),
    "factors:reset": _("Two-step login reset, all second factors removed"),
    "identity:linked": _("Account at a provider linked"),
    "identity:unlinked": _("Account at a provider unlinked"),
    "invitation:accepted": _("Invitation accepted"),
    "invitation:created": _("Invitation created"),
    "invitation:resent": _("Invitation sent again"),
    "invitation:revoked": _("Invitation revoked"),
    "invitation:void": _("Invitation ended, as its inviter may no longer invite"),
    "key:created": _("API key created"),
    "key:revoked": _("API key revoked"),
    "login:failed": _("Login failed"),
    "login:second_factor_failed": _("Second step of a login failed"),
    "login:second_factor_requested": _("First step of a login completed"),
    "login:second_factor_throttled": _("Second step of the login blocked for a while after several failures"),
    "login:succeeded": _("Logged in"),
    "login:throttled": _("Login blocked for a while after several wrong passwords"),
    "oauth:authorized": _("Logged in to an application"),
    "oauth:client_auth_failed": _("Application could not prove its identity"),
    "oauth:client_changed": _("Application changed"),
    "oauth:client_created": _("Application registered"),
    "oauth:client_deleted": _("Application deleted"),
    "oauth:client_secret_rotated": _("Application got a new secret"),
    "oauth:code_reused": _("Access of an application ended, as its sign-in may have been copied"),
    "oauth:device_approved": _("Device allowed to use the account"),
    "oauth:device_denied": _("Device refused"),
    "oauth:grant_ended": _("Access of an application ended"),
    "oauth:refresh_token_reused": _("Access of an application ended, as its key may have been copied"),
    "oauth:resource_changed": _("Resource changed"),
    "oauth:resource_created": _("Resource created"),
    "oauth:resource_deleted": _("Resource deleted"),
    "oauth:consent_denied": _("Application refused"),
    "oauth:consent_granted": _("Application allowed to use the account"),
    "oauth:consent_withdrawn": _("Access of an application ended"),
    "passkey:counter_regressed": _("Passkey may have been copied"),
    "password:changed": _("Password changed"),
    "password:dropped": _("Password removed after too many wrong codes"),
    "password:reset": _("Password set with a link from an e-mail"),
    "password:reset_requested": _("E-mail to set a new password requested"),
    "password:set": _("Password set"),
    "profile:changed": _("Profile changed"),
    "permission:changed": _("Permission changed"),
    "permission:created": _("Permission created"),
    "permission:deleted": _("Permission deleted"),
    "recovery_code:used": _("Recovery code used"),
    "recovery_codes:created": _("New recovery codes created"),
    "refresh_token:reused": _("Device logged out, as its login may have been copied"),
    "service_account:changed": _("Service account changed"),
    "service_account:created": _("Service account created"),
    "service_account:deleted": _("Service account deleted"),
    "session:ended": _("Device logged out"),
    "role:changed": _("Role changed"),
    "role:created": _("Role created"),
    "role:deleted": _("Role deleted"),
    "role:granted": _("Role given to the account"),
    "role:revoked": _("Role taken from the account"),
    "session:ended_after_guesses": _("Device logged out after too many wrong codes"),
    "session:evicted": _("Oldest device logged out, as there were too many"),
    "session:logged_out": _("Logged out"),
    "sessions:ended": _("All devices logged out"),
    "sessions:logged_out_everywhere": _("All devices, or all other devices, logged out"),
    "sessions:reported": _("Reported as unauthorized: all devices logged out, password removed"),
    "step_up:failed": _("Confirmation of the identity failed"),
    "step_up:succeeded": _("Identity confirmed"),
    "two_step:disabled": _("Two-step login switched off"),
    "two_step:enabled": _("Two-step login switched on"),
}
"""A text for each event."""

DETAIL_TEXTS: Final[Mapping[tuple[str, str, object], str]] = {
    ("email:verified", "password_dropped", True): _("E-mail address verified, earlier password removed"),
    ("factor:added", "kind", "passkey"): _("Passkey added"),
    ("factor:added", "kind", "totp"): _("Authenticator app added"),
    ("factor:removed", "kind", "passkey"): _("Passkey removed"),
    ("factor:removed", "kind", "totp"): _("Authenticator app removed"),
    ("session:evicted", "reason", "replaced"): _("Logged out, as the browser logged in again"),
}
"""A more exact text for an event whose details have this value."""

WARNINGS: Final = frozenset(
    {
        "login:failed",
        "login:second_factor_failed",
        "login:second_factor_throttled",
        "login:throttled",
        "oauth:code_reused",
        "oauth:refresh_token_reused",
        "passkey:counter_regressed",
        "password:dropped",
        "refresh_token:reused",
        "session:ended_after_guesses",
        "sessions:reported",
        "step_up:failed",
    }
)
"""Events that another person may have caused."""

_OTHER: Final = _("Other event")
"""For an event of a newer version of the server."""

_PICTURES: Final = {
    "account": "person",
    "email": "mail",
    "factor": "shield",
    "factors": "shield",
    "identity": "person",
    "key": "key",
    "login": "screen",
    "oauth": "grid",
    "passkey": "passkey",
    "password": "lock",
    "permission": "shield",
    "profile": "person",
    "recovery_code": "key",
    "recovery_codes": "key",
    "refresh_token": "screen",
    "role": "person",
    "session": "screen",
    "sessions": "screen",
    "step_up": "check",
    "two_step": "shield",
}
"""The icon of an event, by its subject."""


def text_of_event(action: str, details: Mapping[str, Any]) -> str:
    """Return what happened, as a text that is not translated yet."""
    for (of_action, name, value), text in DETAIL_TEXTS.items():
        if action == of_action and details.get(name) == value:
            return text
    return EVENT_TEXTS.get(action, _OTHER)


def picture_of_event(action: str) -> str:
    """Return the icon of an event."""
    return "warning" if action in WARNINGS else _PICTURES.get(action.partition(":")[0], "info")
