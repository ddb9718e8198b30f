"""The processes that copy staged files, told to stop when they are gone already."""

import threading

from store_agent.staging_workers import _Worker


def test_a_worker_that_is_closed_already_is_told_to_stop_in_vain() -> None:
    worker, stop = _Worker(), threading.Event()
    worker.close()
    stop.set()
    worker._watch(1, stop, done=threading.Event())
