"""Administration of service accounts, and of the API keys of service accounts and users."""
