"""What is computed of the catalogue's answers before a page shows them."""
