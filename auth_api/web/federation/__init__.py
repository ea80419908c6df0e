"""Pages of sign-ins by a provider."""
