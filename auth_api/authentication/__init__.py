"""Who is calling: bearer tokens of requests."""
