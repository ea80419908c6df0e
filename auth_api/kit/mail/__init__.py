"""Mail on its way out: a message, and what carries it (SMTP, or a folder in development)."""
