"""What the search pages compute: builder and text, columns, addresses, snippets."""
