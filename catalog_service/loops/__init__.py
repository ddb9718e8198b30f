"""The loops: work that the catalogue does by itself, one unit a turn."""
