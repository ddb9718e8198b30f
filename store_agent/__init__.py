"""The store agent: the one process on a storage node that touches its stores."""
