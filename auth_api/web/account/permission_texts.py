"""What each permission of this server allows, to the person who gives it to an API key."""

from typing import Final

from auth_api.web.frame.languages import _

PERMISSION_TEXTS: Final = {
    "access:check": _("Ask which permissions the holder of a token or an API key has."),
    "audit:read": _("Read the security history of all users."),
    "clients:read": _("List the applications and resources of the OAuth provider."),
    "clients:write": _("Create, change and delete applications and resources, and their secrets."),
    "invitations:read": _("List invitations."),
    "invitations:write": _("Invite people, send an invitation again, and revoke it."),
    "keys:read": _("List the API keys of users."),
    "keys:revoke": _("Revoke API keys of users."),
    "profile:read": _("Read your profile."),
    "revocations:read": _("Read which sessions and users have lost their access."),
    "roles:assign": _("Grant and revoke roles of users."),
    "roles:read": _("List roles and permissions."),
    "roles:write": _("Create, change and delete roles and permissions."),
    "service-accounts:read": _("List service accounts and their API keys."),
    "service-accounts:write": _("Create, change and delete service accounts and their API keys."),
    "sessions:end": _("End sessions of users."),
    "sessions:read": _("List the sessions of users."),
    "users:credentials": _(
        "Change e-mail addresses and remove second factors, with which an account can be taken over."
    ),
    "users:delete": _("Delete users."),
    "users:read": _("Find and read users."),
    "users:reset": _("Send mails to users by which they set a new password or verify their e-mail address."),
    "users:write": _("Create, change, disable and enable users."),
}
"""A text for each permission. Those that a team has declared have the description that it gave them."""
