"""A caller reads its own roles and permissions."""
