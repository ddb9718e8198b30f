"""Which calls leave an entry in the audit log: a table of every RPC that the catalogue serves."""

from collections.abc import Mapping

from catalog_service.rpc import described
from catalog_service.rpc.described import Describe, fields
from catalog_service.sign_in import SIGN_IN, SIGN_IN_REFUSED

# What changes something by a person, a script, or an administrator.
AUDITED: Mapping[str, Describe] = {
    "Accounts/CreateAccount": fields("name", "role", "kind"),
    "Accounts/UpdateAccount": fields("name", "role"),
    "Accounts/DeleteAccount": fields("name"),
    "Accounts/SetPassword": fields("account_name"),
    "Accounts/CreateToken": fields("account_name", "name", "role", "lifetime_seconds"),
    "Accounts/CreateSignInLink": fields("account_name"),
    "Accounts/RevokeToken": described.token,
    "Files/CreateFileEvent": fields("file_name", "type"),
    "Files/UpdateMetadata": fields("file_name", "set", "remove"),
    "Instances/RegisterInstances": fields("store_name", "paths", "recursive", "metadata"),
    "Instances/VerifyFile": fields("file_name"),
    "Jobs/CancelJob": fields("id"),
    "Librarians/AddLibrarian": fields(
        "librarian.name", "librarian.url", "librarian.account_name", "skip_check"
    ),
    "Librarians/UpdateLibrarian": fields(
        "name",
        *("url", "tls", "account_name", "transfers_enabled", "callback_account", "batches"),
        *("skip_check", "agent_url", "ssh_url", "ways"),
        changed=("secret", "ca_pem", "ssh_host_key"),
    ),
    "Librarians/RemoveLibrarian": fields("name", "cancel_transfers"),
    "Librarians/StartReconciliation": fields("librarian_name", "queue_missing"),
    "Observations/AssignSessions": fields("", "min_start_time_jd", "max_start_time_jd"),
    "SavedSearches/SaveSearch": fields("name", "search", "item_kind", "shared"),
    "SavedSearches/DeleteSavedSearch": fields("name", "owner"),
    "Staging/StartStaging": fields("destination", "search", "user", "snapshot"),
    "Staging/RetryStaging": fields("job_id"),
    "StandingOrders/CreateStandingOrder": fields(
        "order.name",
        *("order.librarian_name", "order.search", "order.priority", "order.hours"),
        *("order.timezone", "order.bandwidth_bytes_per_second", "order.enabled"),
    ),
    "StandingOrders/UpdateStandingOrder": fields(
        "name",
        *("search", "priority", "hours", "timezone", "bandwidth_bytes_per_second", "enabled"),
    ),
    "StandingOrders/DeleteStandingOrder": fields("name"),
    "Stores/CreateStore": fields("name", "agent_name", "root", "no_ingest"),
    "Stores/UpdateStore": fields("name", "enabled", "ingestible"),
    "Transfers/QueueTransfers": fields("librarian_name", "search", "priority"),
    "Transfers/CancelTransfers": fields("ids", "ids", "librarian_name", "order_name"),
    "Transfers/RetryTransfers": fields("ids", "ids", "librarian_name", "order_name"),
    "Uploads/StartUploads": described.uploads,
    "Uploads/CompleteUploads": described.completions,
    "Uploads/CancelUpload": fields("id"),
}

_READS = "It changes nothing."
_MACHINE = (
    "Machines repeat it all day, and what came of it is on record with files and transfers: the"
    " log would be of nothing else."
)
# All others, and why.
NOT_AUDITED: Mapping[str, str] = {
    "Accounts/SignIn": "It writes its entry itself: only there is it known who signed in.",
    "Librarians/PingLibrarian": "It changes nothing but what is known of a link.",
    "Uploads/RenewUploads": "It only prolongs what is on record.",
    **dict.fromkeys(
        [
            "Agents/AnnounceAgent",
            "Incoming/FinishFiles",
            "Incoming/OfferFiles",
            "Incoming/RenewBatch",
            "Incoming/WithdrawFiles",
            "TransferRecords/ClaimBatch",
            "TransferRecords/ClaimConfirmations",
            "TransferRecords/ClaimReconciliation",
            "TransferRecords/EndBatch",
            "TransferRecords/PostponeReconciliation",
            "TransferRecords/ReconcilePage",
            "TransferRecords/RecordConfirmations",
            "TransferRecords/RecordTransfers",
            "TransferRecords/RenewBatchLease",
            "Transfers/ConfirmTransfers",
        ],
        _MACHINE,
    ),
    **dict.fromkeys(
        [
            "Accounts/ListAccounts",
            "Accounts/ListTokens",
            "Agents/ListAgents",
            "Audit/ListAuditEntries",
            "Files/GetFile",
            "Files/ListFileEvents",
            "Files/ListMetadataKeys",
            "Incoming/ListHeldFiles",
            "Incoming/WatchBatch",
            "Instances/ListInstances",
            "Instances/ListSuspectInstances",
            "Instances/OpenFile",
            "Jobs/GetJob",
            "Jobs/ListJobErrors",
            "Jobs/ListJobs",
            "Jobs/WatchJob",
            "Librarians/GetLibrarian",
            "Librarians/GetReconciliation",
            "Librarians/ListLibrarians",
            "Librarians/ListRemoteInstances",
            "Observations/CountFileTypes",
            "Observations/GetObservation",
            "SavedSearches/ListSavedSearches",
            "Search/CountMatches",
            "Search/ExplainSearch",
            "Search/SearchFiles",
            "Search/SearchInstances",
            "Search/SearchObservations",
            "Search/SearchSessions",
            "Site/Ping",
            "Staging/PreviewStaging",
            "StandingOrders/GetStandingOrder",
            "StandingOrders/ListStandingOrders",
            "StandingOrders/PreviewStandingOrder",
            "Statistics/GetCoverage",
            "Statistics/GetTotals",
            "Statistics/ListArrivals",
            "Statistics/ListStoreUsage",
            "Statistics/ListThroughput",
            "Stores/GetStore",
            "Stores/ListStores",
            "Transfers/ExplainFile",
            "Transfers/GetTransfer",
            "Transfers/ListTransfers",
            "Uploads/GetUpload",
        ],
        _READS,
    ),
}


def actions_beginning(text: str) -> tuple[str, ...]:
    """Return the actions that begin so, of all that there can be in the log."""
    return tuple(sorted(a for a in (*AUDITED, SIGN_IN, SIGN_IN_REFUSED) if a.startswith(text)))
