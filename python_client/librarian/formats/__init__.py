"""Readers of the data formats whose observations the Librarian can tell by itself."""
