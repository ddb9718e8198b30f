"""How states are shown: an icon, a word and a colour each, never a colour alone."""

from dataclasses import dataclass
from typing import Literal

from librarian.client.librarians import Neighbour
from librarian.client.records import Store
from librarian.client.standing_orders import StandingOrder

Kind = Literal["good", "busy", "warning", "bad", "idle"]


@dataclass(frozen=True, slots=True)
class ShownState:
    """A state for people; `sentence` says what it means, or what is wrong."""

    icon: str
    word: str
    kind: Kind
    sentence: str = ""


_TRANSFERS = {
    "QUEUED": ShownState("hourglass-split", "queued", "idle", "It waits for its turn."),
    "OFFERED": ShownState("send", "offered", "busy", "The neighbour expects it."),
    "SENDING": ShownState("arrow-left-right", "sending", "busy", "Its bytes are on their way."),
    "SENT": ShownState("inbox", "sent", "busy", "Its bytes are there, to be verified."),
    "CONFIRMED": ShownState("check-circle", "confirmed", "good", "It is there and verified."),
    "FAILED": ShownState(
        "x-circle", "failed", "bad", "It failed too often: see the error, then retry it."
    ),
    "CANCELLED": ShownState("slash-circle", "cancelled", "idle", "It was cancelled."),
    "DECLINED": ShownState(
        "exclamation-triangle",
        "declined",
        "bad",
        "The neighbour will not have it: see the error, and settle it with the people there.",
    ),
}

_CAUSES = {
    "UNREACHABLE": "unreachable",
    "REFUSED": "refused",
    "FULL": "full",
    "MISCONFIGURED": "not set up right",
    "": "failing",
}

_FAULTS = {
    "SOURCE": "the copy here",
    "LINK": "the way there",
    "DESTINATION": "the neighbour",
    "FILE": "the file: the neighbour has other contents by that name",
}

# Shares of a store that is used, from which a person should look, and must act.
FILLING_SHARE, NEARLY_FULL_SHARE = 0.8, 0.95


def store_state(store: Store) -> ShownState:
    """Return whether a store can be used, and if not why."""
    if not store.enabled:
        return ShownState(
            "slash-circle", "disabled", "idle", "Nothing is read from it or put on it."
        )
    if not store.reachable:
        problem = store.problem or "Its agent does not report: see whether it runs."
        return ShownState("exclamation-octagon", "problem", "bad", problem)
    if not store.ingestible:
        return ShownState("lock", "no new files", "warning", "It is read, but takes no new files.")
    return ShownState("check-circle", "ready", "good", "It is read, and takes new files.")


def fill_state(used_share: float) -> ShownState:
    """Return how full a store is, in a word."""
    if used_share >= NEARLY_FULL_SHARE:
        return ShownState("exclamation-octagon", "nearly full", "bad")
    if used_share >= FILLING_SHARE:
        return ShownState("exclamation-triangle", "filling up", "warning")
    return ShownState("check-circle", "has room", "good")


def link_state(neighbour: Neighbour) -> ShownState:
    """Return how the link to a neighbour is: its breaker in words."""
    link = neighbour.link
    if not neighbour.transfers_enabled:
        return ShownState("pause-circle", "paused", "idle", "Nothing is pushed to it.")
    if link.state == "OPEN":
        word = _CAUSES.get(link.cause, "failing")
        return ShownState("plug", word, "bad", link.error or "The last batches failed.")
    if link.state == "HALF_OPEN":
        sentence = f"One batch tries whether it works again. {link.error}".strip()
        return ShownState("arrow-repeat", "trying again", "warning", sentence)
    if link.failures:
        return ShownState(
            "exclamation-triangle", "works, with failures", "warning", link.error or "It failed."
        )
    if link.success_time is None:
        return ShownState("circle", "not used yet", "idle", "No batch has gone there yet.")
    return ShownState("check-circle", "works", "good", "The last batch went well.")


def transfer_state(state: str) -> ShownState:
    """Return the state of a transfer."""
    return _TRANSFERS.get(state) or ShownState("question-circle", state.lower(), "idle")


def order_state(order: StandingOrder) -> ShownState:
    """Return whether a standing order works."""
    if not order.enabled:
        return ShownState("pause-circle", "disabled", "idle", "It queues nothing.")
    if order.error:
        return ShownState("x-circle", "fails", "bad", order.error)
    if order.back_filling:
        return ShownState(
            "arrow-repeat", "catching up", "busy", "It looks at files that were here before."
        )
    return ShownState("check-circle", "enabled", "good", "It queues what matches.")


def fault_words(fault: str) -> str:
    """Return whose fault an error was, in words."""
    return _FAULTS.get(fault, fault.lower())


def cause_words(cause: str) -> str:
    """Return a cause of failures, of transfers or of the link itself, in words."""
    return _FAILURES.get(cause, cause.lower())


_FAILURES = {
    "SOURCE": "copy here was bad or gone",
    "LINK": "way there broke off",
    "DESTINATION": "neighbour's store failed",
    "FILE": "neighbour has other contents",
    "UNREACHABLE": "neighbour could not be reached",
    "REFUSED": "neighbour refused the account",
    "FULL": "neighbour had no room",
    "MISCONFIGURED": "way to move bytes not set up right",
}
