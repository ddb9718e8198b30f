"""Where the catalogue speaks to the catalogues of neighbouring librarians."""
