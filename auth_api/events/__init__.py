"""The audit trail and the outbox: events to be stored and mails to be sent."""
