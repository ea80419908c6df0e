"""Sign in by a provider, and hand a sign-in over to an application."""
