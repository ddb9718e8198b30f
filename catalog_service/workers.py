"""Who works in this process: the names under which the catalogue's own workers claim."""

from librarian.service.workers import is_gone, this_worker

__all__ = ["is_gone", "this_worker"]
