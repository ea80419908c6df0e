"""The endpoint to which applications lead people who log out (OpenID Connect RP-Initiated Logout)."""
