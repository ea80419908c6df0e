"""The form of the requests of OAuth clients."""
