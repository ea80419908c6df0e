"""OAuth 2.0 authorization server and OpenID provider, with which users sign in to other applications."""
