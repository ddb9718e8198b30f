"""Search: the language in which people say which files they want; README.md describes it."""
