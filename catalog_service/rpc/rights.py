"""Who may call what: one table for every RPC that the catalogue serves."""

from collections.abc import Mapping
from typing import Literal

from catalog_service.accounts import AGENT, MACHINES, TRANSFER_SERVICE, WEB_FRONTEND
from catalog_service.roles import Role
from catalog_service.token_checks import TokenChecks
from catalog_service.tokens import Holder
from librarian.errors import NotAllowedError, NotSignedInError
from librarian.service.calls import STRANGER, Caller, is_reflection

# The least role that may make a call; only the accounts of agents, or of transfer services; or
# anyone, without a token.
Right = Role | Literal["agent", "transfer service", "anyone"]

# A method that is not here is refused to everyone.
RIGHTS: Mapping[str, Right] = {
    "Accounts/SignIn": "anyone",
    "Accounts/CreateAccount": Role.ADMIN,
    "Accounts/ListAccounts": Role.ADMIN,
    "Accounts/UpdateAccount": Role.ADMIN,
    "Accounts/DeleteAccount": Role.ADMIN,
    # These: for oneself; the servicer lets only administrators name another account.
    "Accounts/SetPassword": Role.READONLY,
    "Accounts/CreateToken": Role.READONLY,
    "Accounts/ListTokens": Role.READONLY,
    "Accounts/RevokeToken": Role.READONLY,
    "Accounts/CreateSignInLink": Role.READONLY,
    "Agents/AnnounceAgent": "agent",
    "Agents/ListAgents": Role.READONLY,
    "Audit/ListAuditEntries": Role.ADMIN,
    "Files/GetFile": Role.READONLY,
    "Files/ListFileEvents": Role.READONLY,
    "Files/CreateFileEvent": Role.READAPPEND,
    "Files/UpdateMetadata": Role.READWRITE,
    "Files/ListMetadataKeys": Role.READONLY,
    # Of one's own account only.
    "Incoming/OfferFiles": Role.READAPPEND,
    "Incoming/FinishFiles": Role.READAPPEND,
    "Incoming/WatchBatch": Role.READAPPEND,
    "Incoming/RenewBatch": Role.READAPPEND,
    "Incoming/WithdrawFiles": Role.READAPPEND,
    "Incoming/ListHeldFiles": Role.READAPPEND,
    "Instances/ListInstances": Role.READONLY,
    "Instances/ListSuspectInstances": Role.READONLY,
    "Instances/OpenFile": Role.READONLY,
    "Instances/VerifyFile": Role.READWRITE,
    "Instances/RegisterInstances": Role.READAPPEND,
    "Jobs/GetJob": Role.READONLY,
    "Jobs/ListJobs": Role.READONLY,
    "Jobs/ListJobErrors": Role.READONLY,
    "Jobs/WatchJob": Role.READONLY,
    # One's own; administrators may cancel any.
    "Jobs/CancelJob": Role.READONLY,
    "Librarians/AddLibrarian": Role.ADMIN,
    "Librarians/GetLibrarian": Role.READONLY,
    "Librarians/ListLibrarians": Role.READONLY,
    # It calls out.
    "Librarians/PingLibrarian": Role.READWRITE,
    "Librarians/UpdateLibrarian": Role.ADMIN,
    "Librarians/RemoveLibrarian": Role.ADMIN,
    "Librarians/ListRemoteInstances": Role.READONLY,
    "Librarians/StartReconciliation": Role.READWRITE,
    "Librarians/GetReconciliation": Role.READONLY,
    "Observations/GetObservation": Role.READONLY,
    "Observations/CountFileTypes": Role.READONLY,
    "Observations/AssignSessions": Role.READWRITE,
    # One's own; administrators may delete any.
    "SavedSearches/SaveSearch": Role.READONLY,
    "SavedSearches/ListSavedSearches": Role.READONLY,
    "SavedSearches/DeleteSavedSearch": Role.READONLY,
    "Search/SearchFiles": Role.READONLY,
    "Search/SearchObservations": Role.READONLY,
    "Search/SearchSessions": Role.READONLY,
    "Search/SearchInstances": Role.READONLY,
    "Search/CountMatches": Role.READONLY,
    "Search/ExplainSearch": Role.READONLY,
    "Site/Ping": Role.NONE,
    "Staging/StartStaging": Role.READONLY,
    "Staging/PreviewStaging": Role.READONLY,
    # One's own; administrators may retry any.
    "Staging/RetryStaging": Role.READONLY,
    "StandingOrders/CreateStandingOrder": Role.READWRITE,
    "StandingOrders/GetStandingOrder": Role.READONLY,
    "StandingOrders/ListStandingOrders": Role.READONLY,
    "StandingOrders/UpdateStandingOrder": Role.READWRITE,
    "StandingOrders/DeleteStandingOrder": Role.READWRITE,
    "StandingOrders/PreviewStandingOrder": Role.READONLY,
    "Statistics/GetTotals": Role.READONLY,
    "Statistics/ListArrivals": Role.READONLY,
    "Statistics/GetCoverage": Role.READONLY,
    "Statistics/ListStoreUsage": Role.READONLY,
    "Statistics/ListThroughput": Role.READONLY,
    "Stores/CreateStore": Role.ADMIN,
    "Stores/GetStore": Role.READONLY,
    "Stores/ListStores": Role.READONLY,
    "Stores/UpdateStore": Role.ADMIN,
    "TransferRecords/ClaimBatch": "transfer service",
    "TransferRecords/RenewBatchLease": "transfer service",
    "TransferRecords/RecordTransfers": "transfer service",
    "TransferRecords/EndBatch": "transfer service",
    "TransferRecords/ClaimConfirmations": "transfer service",
    "TransferRecords/RecordConfirmations": "transfer service",
    "TransferRecords/ClaimReconciliation": "transfer service",
    "TransferRecords/ReconcilePage": "transfer service",
    "TransferRecords/PostponeReconciliation": "transfer service",
    "Transfers/QueueTransfers": Role.READWRITE,
    "Transfers/GetTransfer": Role.READONLY,
    "Transfers/ListTransfers": Role.READONLY,
    "Transfers/CancelTransfers": Role.READWRITE,
    "Transfers/RetryTransfers": Role.READWRITE,
    # Only for the account that the neighbour's record names.
    "Transfers/ConfirmTransfers": Role.CALLBACK,
    "Transfers/ExplainFile": Role.READONLY,
    # One's own uploads.
    "Uploads/StartUploads": Role.READAPPEND,
    "Uploads/CompleteUploads": Role.READAPPEND,
    "Uploads/GetUpload": Role.READAPPEND,
    "Uploads/RenewUploads": Role.READAPPEND,
    "Uploads/CancelUpload": Role.READAPPEND,
}

_PREFIX = "/librarian.v1."
# The right that each kind of account has that is no person's or neighbour's; a web front end has
# none of its own, for it calls with the tokens of those who use it.
_MACHINES: Mapping[str, Right] = {AGENT: "agent", TRANSFER_SERVICE: "transfer service"}


class Rights:
    """Signs callers in, and holds them to the table."""

    def __init__(self, checks: TokenChecks) -> None:
        self._checks = checks

    def authenticate(self, method: str, token: str | None) -> Caller:
        """Return who calls; raise NotSignedInError or NotAllowedError."""
        right = Role.NONE if is_reflection(method) else RIGHTS.get(method.removeprefix(_PREFIX))
        if right == "anyone":
            return STRANGER
        holder = self._checks.holder_of(token)
        if right is None or not _may(holder, right):
            raise NotAllowedError(_refusal(holder, method.removeprefix(_PREFIX), right))
        return Caller(holder.account_name, int(holder.role), token_id=holder.token_id)

    def is_front_end(self, token: str) -> bool:
        """Tell whether a token is a web front end's, which is believed where its callers are."""
        try:
            return self._checks.holder_of(token).kind == WEB_FRONTEND
        except NotSignedInError:
            return False


def _may(holder: Holder, right: Right) -> bool:
    if holder.kind in MACHINES:
        return right in (_MACHINES.get(holder.kind), Role.NONE)
    return isinstance(right, Role) and holder.role >= right


def _refusal(holder: Holder, method: str, right: Right | None) -> str:
    if isinstance(right, Role) and holder.kind not in MACHINES:
        return (
            f"{method} needs the role {right.name}; this token of {holder.account_name!r} has"
            f" {holder.role.name}."
        )
    return f"{method} is not for the account {holder.account_name!r}."
