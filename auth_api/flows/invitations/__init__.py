"""Invitations: administrators ask people by mail to join, and give them roles when they do."""
