"""What clients and other services read about the provider: its addresses, what it supports, and the public keys."""
