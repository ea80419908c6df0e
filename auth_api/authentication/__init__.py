"""Authentication of requests: which user sent them."""
