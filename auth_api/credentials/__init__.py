"""Ways to prove an identity."""
