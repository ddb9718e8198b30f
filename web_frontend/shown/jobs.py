"""How stagings are shown: their states, and how far they are."""

from dataclasses import dataclass

from librarian.client.jobs import Job
from web_frontend.shown.states import ShownState

_STATES = {
    "QUEUED": ShownState("hourglass-split", "queued", "idle", "It waits for a worker."),
    "RUNNING": ShownState("arrow-repeat", "running", "busy", "Its files are being copied."),
    "SUCCEEDED": ShownState("check-circle", "succeeded", "good", "All its files are there."),
    "FAILED": ShownState("x-circle", "failed", "bad", "Some or all of it could not be done."),
    "CANCELLED": ShownState("slash-circle", "cancelled", "idle", "It was stopped."),
}
_STOPPING = ShownState("stop-circle", "stopping", "warning", "It was asked to stop.")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a staging is: by bytes or, where there are none, by files."""

    done: int
    whole: int
    kind: str

    @property
    def percent(self) -> int:
        """Return the part that is done; 100 only when all is."""
        return 100 * self.done // self.whole if self.whole else 100


def job_state(job: Job) -> ShownState:
    """Return the state of a staging."""
    if job.cancel_requested and not job.has_ended:
        return _STOPPING
    return _STATES.get(job.state) or ShownState("question-circle", job.state.lower(), "idle")


def job_progress(job: Job) -> Progress:
    """Return how far a staging is."""
    kind = "bad" if job.state == "FAILED" else "warning" if job.files_failed else "good"
    if job.bytes_total:
        return Progress(min(job.bytes_done, job.bytes_total), job.bytes_total, kind)
    return Progress(job.files_done, job.files_total, kind)
