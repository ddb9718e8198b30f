"""Servicers whose calls leave what they change in the audit log."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

from catalog_service.audit import Change, auditing
from catalog_service.rpc.audited import AUDITED
from librarian.service.calls import current_caller

# Without a name these are about the caller's own account.
_OWN = {"Accounts/SetPassword", "Accounts/CreateToken", "Accounts/CreateSignInLink"}
# The others answer with one message.
_STREAMING = {"Instances/RegisterInstances", "Transfers/QueueTransfers"}


class AuditedServicer:
    """A servicer whose calls leave what they change in the audit log."""

    def __init__(self, service: str, servicer: Any) -> None:
        self._service = service
        self._servicer = servicer

    def __getattr__(self, name: str) -> Any:
        """Return a method of the servicer's, wrapped where the table has it."""
        method, action = getattr(self._servicer, name), f"{self._service}/{name}"
        if action not in AUDITED:
            return method
        wrap = _stream if action in _STREAMING else _unary
        return wrap(action, method)


def _unary(action: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def handle(request: Any, context: Any) -> Any:
        change = _change_of(action)
        _describe(change, request)
        with auditing(change):
            return method(request, context)

    return handle


def _stream(action: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def handle(request: Any, context: Any) -> Iterator[Any]:
        change = _change_of(action)
        if hasattr(request, "DESCRIPTOR"):
            _describe(change, request)
        else:
            request = _each(request, change)
        with auditing(change):
            yield from method(request, context)

    return handle


def _each(messages: Iterator[Any], change: Change) -> Iterator[Any]:
    """Yield the messages of a stream; the first describes the call."""
    for number, message in enumerate(messages):
        if number == 0:
            _describe(change, message)
        yield message


def _change_of(action: str) -> Change:
    caller = current_caller()
    return Change(caller.name, action, address=caller.address, token_id=caller.token_id)


def _describe(change: Change, request: Any) -> None:
    description = AUDITED[change.action](request)
    own = change.account_name if change.action in _OWN else ""
    change.subject = description.subject or own
    change.details = description.details
