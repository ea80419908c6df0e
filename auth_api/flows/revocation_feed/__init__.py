"""Services that verify access tokens themselves read which of them are revoked."""
