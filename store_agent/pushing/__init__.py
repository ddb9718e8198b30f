"""Pushing instances to a neighbour's store, by whichever way works from here."""
