"""Events of invitations in the security history."""

from auth_api.events.audit.events import EventTag


class InvitationEvent(EventTag):
    """Changes of invitations, and what the acceptance of one does to an account."""

    INVITATION_CREATED = "invitation:created"
    INVITATION_RESENT = "invitation:resent"
    INVITATION_REVOKED = "invitation:revoked"
    INVITATION_ACCEPTED = "invitation:accepted"
    INVITATION_VOID = "invitation:void"
