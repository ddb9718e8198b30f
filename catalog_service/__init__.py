"""The catalogue: the one service that owns the metadata database, and decides."""
