"""Running a site: its processes as children of one, which starts, watches and stops them."""
