"""The tables of the catalogue, a module per noun."""

from catalog_service.tables.accounts import Account, SignInAddress, SignInCode, Token
from catalog_service.tables.audit import AuditEntry
from catalog_service.tables.base import Base
from catalog_service.tables.files import File, FileEvent, Instance, MetadataKey
from catalog_service.tables.incoming import IncomingBatch
from catalog_service.tables.jobs import Job, StagingFile
from catalog_service.tables.librarians import Librarian, Reconciliation, RemoteInstance
from catalog_service.tables.observations import Observation, ObservingSession
from catalog_service.tables.saved_searches import SavedSearch
from catalog_service.tables.site import Site
from catalog_service.tables.standing_orders import FileNews, StandingOrder
from catalog_service.tables.statistics import Arrival, LinkHour, StoreUsage
from catalog_service.tables.stores import Agent, Store
from catalog_service.tables.transfers import Transfer, TransferBatch
from catalog_service.tables.uploads import Upload

__all__ = [
    "Account",
    "Agent",
    "Arrival",
    "AuditEntry",
    "Base",
    "File",
    "FileEvent",
    "FileNews",
    "IncomingBatch",
    "Instance",
    "Job",
    "Librarian",
    "LinkHour",
    "MetadataKey",
    "Observation",
    "ObservingSession",
    "Reconciliation",
    "RemoteInstance",
    "SavedSearch",
    "SignInAddress",
    "SignInCode",
    "Site",
    "StagingFile",
    "StandingOrder",
    "Store",
    "StoreUsage",
    "Token",
    "Transfer",
    "TransferBatch",
    "Upload",
]
