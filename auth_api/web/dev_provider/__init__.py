"""The page of the provider for development, on which people choose who they are."""
