"""Where the catalogue speaks to store agents: the domain's records to messages, and back."""
