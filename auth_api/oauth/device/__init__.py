"""Sign-in on devices without a keyboard or a browser (RFC 8628)."""
