"""The agent's servicer, and its messages."""
