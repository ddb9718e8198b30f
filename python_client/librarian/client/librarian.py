"""The Librarian: every call of a site's users, on one object."""

from os import PathLike
from types import TracebackType
from typing import Self

from librarian.client.accounts import AccountCalls
from librarian.client.audit import AuditCalls
from librarian.client.connections import ConnectionSettings, read_connection
from librarian.client.contents import ContentCalls
from librarian.client.downloads import DownloadCalls
from librarian.client.exports import ExportCalls
from librarian.client.files import FileCalls
from librarian.client.jobs import JobCalls
from librarian.client.librarians import LibrarianCalls
from librarian.client.metadata import MetadataCalls
from librarian.client.reconciliations import ReconciliationCalls
from librarian.client.registration import RegistrationCalls
from librarian.client.saved_searches import SavedSearchCalls
from librarian.client.searches import SearchCalls
from librarian.client.sites import SiteCalls, SiteLink
from librarian.client.staging import StagingCalls
from librarian.client.standing_orders import StandingOrderCalls
from librarian.client.statistics import StatisticsCalls
from librarian.client.stores import StoreCalls
from librarian.client.transfers import TransferCalls
from librarian.client.uploads import UploadCalls


class Librarian(
    AccountCalls,
    AuditCalls,
    ExportCalls,
    FileCalls,
    MetadataCalls,
    TransferCalls,
    LibrarianCalls,
    SearchCalls,
    SavedSearchCalls,
    UploadCalls,
    RegistrationCalls,
    ReconciliationCalls,
    StandingOrderCalls,
    StatisticsCalls,
    StoreCalls,
    DownloadCalls,
    ContentCalls,
    StagingCalls,
    JobCalls,
):
    """A site's Librarian; usable as a context manager, and from several threads.

    Errors are the classes of `librarian.errors`, and their messages are sentences for people.
    """

    def __init__(
        self,
        url: str,
        authenticator: str,
        ca_file: str | None = None,
        tls: bool | None = None,
        insecure: bool = False,
    ) -> None:
        """Address a site at `host:port`, with a token or `user:password`; nothing is sent yet.

        Beyond loopback the connection is encrypted, unless `tls` is False; a secret travels
        there unencrypted only if `insecure` is True.
        """
        super().__init__(SiteLink(ConnectionSettings(url, authenticator, ca_file, tls, insecure)))

    @classmethod
    def connect(cls, name: str, config_file: str | PathLike[str] | None = None) -> Self:
        """Address the site of a connection in the configuration file, by its name.

        The file is `~/.hl_client.cfg`, unless given or named by LIBRARIAN_CLIENT_CONFIG. Raises
        NotFoundError naming the known connections.
        """
        chosen = read_connection(name, config_file)
        return cls(chosen.url, chosen.authenticator, chosen.ca_file, chosen.tls, chosen.insecure)

    @classmethod
    def over(cls, link: SiteLink) -> Self:
        """Address a site over a link that others use too; whoever made the link closes it."""
        librarian = cls.__new__(cls)
        SiteCalls.__init__(librarian, link)
        return librarian

    def close(self) -> None:
        """End the connections to the site."""
        self._link.close()

    def __repr__(self) -> str:
        return f"Librarian({self._link.settings.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
