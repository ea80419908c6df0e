"""Providers: other servers that prove who a user is, by OpenID Connect or OAuth."""
