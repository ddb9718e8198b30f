"""The web front end: a site's pages, made from what its catalogue says."""
