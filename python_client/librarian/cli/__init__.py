"""The command `librarian`."""
