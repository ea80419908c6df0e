"""The pages on which people manage the second factors of their own account."""
