"""Messages, and the mailers that send them: by SMTP or, in development, into a folder."""
