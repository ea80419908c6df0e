"""HTML for people. Nothing imports this group."""
