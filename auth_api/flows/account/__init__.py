"""What people do with their own account: change it, take along what is kept, leave."""
