"""Sign-ins that leave the server: to a provider and back, or to the application that wants the session."""
