"""Password hashes, opaque tokens, keys and signatures."""
