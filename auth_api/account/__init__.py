"""What people do with their own account beyond the profile: leaving."""
