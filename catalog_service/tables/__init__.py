"""The tables of the catalogue, a module per noun."""

from catalog_service.tables.accounts import Account, Token
from catalog_service.tables.base import Base
from catalog_service.tables.files import File, FileEvent, Instance, MetadataKey
from catalog_service.tables.jobs import Job, StagingFile
from catalog_service.tables.observations import Observation, ObservingSession
from catalog_service.tables.saved_searches import SavedSearch
from catalog_service.tables.site import Site
from catalog_service.tables.stores import Agent, Store
from catalog_service.tables.uploads import Upload

__all__ = [
    "Account",
    "Agent",
    "Base",
    "File",
    "FileEvent",
    "Instance",
    "Job",
    "MetadataKey",
    "Observation",
    "ObservingSession",
    "SavedSearch",
    "Site",
    "StagingFile",
    "Store",
    "Token",
    "Upload",
]
