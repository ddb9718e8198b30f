"""Downloads: which bytes are wanted, and where in the archive they come from."""
