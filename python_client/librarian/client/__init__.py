"""The Python client: connections, calls, and records."""
