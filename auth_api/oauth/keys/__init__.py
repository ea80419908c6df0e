"""Keys and policy of the tokens for other applications."""
