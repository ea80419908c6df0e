"""Login with a passkey, without a name and a password."""
