"""The Site service."""

from importlib.metadata import version
from typing import Protocol

import grpc
from sqlalchemy import select

from catalog_service.config import CatalogConfig
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.tables import Site
from librarian.service.calls import current_caller
from librarian.v1 import accounts_pb2 as pb
from librarian.v1 import accounts_pb2_grpc


class SiteParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def config(self) -> CatalogConfig:
        """What the catalogue was told."""
        ...

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class SiteServicer(accounts_pb2_grpc.SiteServicer):
    """Serves librarian.v1.Site."""

    def __init__(self, catalog: SiteParts) -> None:
        self._database = catalog.database
        self._web_url = catalog.config.web_url
        self._version = version("librarian")

    def Ping(self, request: pb.PingRequest, context: grpc.ServicerContext) -> pb.PingResponse:
        """Say what this site is, and who asked."""
        caller = current_caller()
        site = run_transaction(
            self._database.readings, lambda db: db.execute(select(Site.name, Site.site_id)).one()
        )
        return pb.PingResponse(
            site_name=site.name,
            site_id=site.site_id,
            version=self._version,
            account_name=caller.name,
            role=pb.Role.Name(caller.role),
            web_url=self._web_url,
        )
