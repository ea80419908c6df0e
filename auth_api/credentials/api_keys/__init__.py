"""API keys of users and of service accounts."""
