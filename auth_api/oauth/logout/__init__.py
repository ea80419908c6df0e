"""Log-out that an application asks for (OpenID Connect RP-Initiated Logout)."""
