"""Which ticket each method needs, and what a ticket is good for."""

from librarian.errors import NotAllowedError, NotSignedInError
from librarian.names import show_name
from librarian.service.calls import Authenticate, Caller, current_caller, is_reflection
from librarian.service.tickets import Action, read_ticket

SERVICE = "librarian.v1.StoreAgent"

NEEDED_ACTIONS: dict[str, Action] = {
    "OpenStore": "manage",
    "PrepareUploads": "manage",
    "ListArrivedEntries": "write",
    "WriteContents": "write",
    "VerifyUploads": "manage",
    "PlaceUploads": "manage",
    "DiscardUploads": "manage",
    "InspectFiles": "manage",
    "CopyFile": "manage",
    "DeleteFiles": "manage",
    "ListEntries": "read",
    "ReadContents": "read",
    "CheckDestination": "manage",
    "BeginStaging": "manage",
    "StageFiles": "manage",
    "EndStaging": "manage",
    "PushFiles": "push",
    "CheckInstances": "push",
    "PrepareBatch": "manage",
    "AdoptBatch": "manage",
    "DiscardBatch": "manage",
}

# The catalogue has instances checked, too.
_ALSO_MANAGED = ("CheckInstances",)


def authenticator(key: bytes) -> Authenticate:
    """Return what lets bearers of tickets in that were signed with the agent's key."""

    def authenticate(method: str, token: str | None) -> Caller:
        if token is None:
            raise NotSignedInError("The store agent needs a ticket: ask the catalogue for one.")
        ticket = read_ticket(key, token)
        service, _, name = method.strip("/").partition("/")
        needed = NEEDED_ACTIONS.get(name) if service == SERVICE else None
        is_managed = ticket.action == "manage" and name in _ALSO_MANAGED and needed is not None
        if ticket.action != needed and not is_managed and not is_reflection(method):
            raise NotAllowedError(f"A ticket to {ticket.action} does not allow {name}.")
        return Caller(f"ticket:{ticket.action}", ticket=ticket)

    return authenticate


def check_upload(upload_id: str) -> None:
    """Raise NotAllowedError when the caller's ticket is for other uploads."""
    batch, _, number = upload_id.rpartition("-")
    if not (number and batch and batch == _subject()):
        raise NotAllowedError(f"The ticket is not for upload {show_name(upload_id)}.")


def check_instance(store_name: str, path: str) -> None:
    """Raise NotAllowedError when the caller's ticket is for another instance."""
    if _subject() != f"{store_name}\n{path}":
        raise NotAllowedError(f"The ticket is not for {show_name(path)}.")


def check_push(batch_id: str) -> None:
    """Raise NotAllowedError when the caller's ticket is for another batch of transfers."""
    ticket = current_caller().ticket
    if ticket is None or (ticket.action != "manage" and ticket.subject != batch_id):
        raise NotAllowedError(f"The ticket is not for the batch {show_name(batch_id)}.")


def _subject() -> str:
    ticket = current_caller().ticket
    return ticket.subject if ticket is not None else ""
