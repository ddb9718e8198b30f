"""Where the agent speaks to the agents of neighbouring librarians."""
