"""What people type and choose: read, checked, and kept until it is right."""
