"""What users have allowed applications."""
