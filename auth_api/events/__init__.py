"""What happened: the audit trail, and mail to be sent."""
