"""The userinfo endpoint, at which applications read facts about their users."""
