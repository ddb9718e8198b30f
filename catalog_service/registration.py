"""Registering files that already lie under a store: what was found there goes on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.ingest_records import find_claimed_names, take_names
from catalog_service.kin import Kin, find_kin
from catalog_service.observation_rules import (
    Evidence,
    ObservationFacts,
    needs_kin,
    resolve_observation,
)
from catalog_service.recording import NewInstance, record_instances
from catalog_service.tables import Agent, Instance, Store
from catalog_service.uploads import KnownFile, find_files, refuse_other_contents
from librarian.errors import (
    BusyError,
    FileMismatchError,
    LibrarianError,
    StoreUnusableError,
    UnknownStoreError,
)
from librarian.names import check_file_name, check_parent_dirs, show_name


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as an agent found it under a store."""

    path: str
    size_bytes: int
    checksum: str
    observation: ObservationFacts | None


@dataclass(frozen=True)
class Registration:
    """What one call registers: where, for whom, and what it says of the files."""

    store: Store
    agent: Agent
    source: str
    null_obsid: bool = False
    observation: ObservationFacts | None = None
    # Of the files that are new.
    metadata_json: str = "{}"


@dataclass
class Registered:
    """What became of one batch."""

    registered_count: int = 0
    known_count: int = 0
    registered_bytes: int = 0
    failures: list[tuple[str, LibrarianError]] = field(default_factory=list)


def find_store(db: Session, store_name: str) -> tuple[Store, Agent]:
    """Return a store on which files may be registered, and its agent.

    Raises UnknownStoreError and StoreUnusableError.
    """
    statement = select(Store, Agent).join(Agent, Agent.id == Store.agent_id)
    row = db.execute(statement.where(Store.name == store_name.replace("\0", ""))).one_or_none()
    if row is None:
        raise UnknownStoreError(f"There is no store {show_name(store_name)}: correct the name.")
    if not row[0].enabled:
        raise StoreUnusableError(f"The store {store_name} is disabled: enable it first.")
    return row[0], row[1]


def register_files(
    db: Session, registration: Registration, found: Sequence[FoundFile]
) -> Registered:
    """Put a batch on record; what cannot be is told, and holds back nothing else.

    A file that is on record at that place already is known, and nothing changes.
    """
    take_names(db)
    done = Registered()
    waiting = _with_names(found, done)
    while waiting:
        # Of files that share a name the first decides what the others are compared with.
        now: dict[str, _Named] = {}
        later = [item for item in waiting if now.setdefault(item.name, item) is not item]
        _Wave(db, registration, now, done).register()
        waiting = later
    return done


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    parent_dirs: str
    file: FoundFile


def _with_names(found: Sequence[FoundFile], done: Registered) -> list[_Named]:
    named = []
    checked_dirs: set[str] = {""}
    for file in found:
        parent_dirs, _, name = file.path.rpartition("/")
        try:
            check_file_name(name)
            if parent_dirs not in checked_dirs:
                checked_dirs.add(check_parent_dirs(parent_dirs))
        except LibrarianError as error:
            done.failures.append((file.path, error))
        else:
            named.append(_Named(name, parent_dirs, file))
    return named


class _Wave:
    """Registers files that all have different names."""

    def __init__(
        self,
        db: Session,
        registration: Registration,
        items: Mapping[str, _Named],
        done: Registered,
    ) -> None:
        self._db = db
        self._registration = registration
        self._items = items
        self._done = done
        self._files = find_files(db, list(items))
        self._places = self._known_places()
        self._claimed_names = find_claimed_names(db, items)

    def register(self) -> None:
        """Put on record what is not there yet."""
        kin = self._find_kin()
        new = []
        for item in self._items.values():
            try:
                if row := self._decide(item, kin):
                    new.append(row)
            except LibrarianError as error:
                self._done.failures.append((item.file.path, error))
        record_instances(self._db, new, {name: file.id for name, file in self._files.items()})
        self._done.registered_count += len(new)
        self._done.registered_bytes += sum(row.size_bytes for row in new)

    def _known_places(self) -> set[tuple[int, str]]:
        statement = select(Instance.file_id, Instance.parent_dirs).where(
            Instance.store_id == self._registration.store.id,
            Instance.file_id.in_([file.id for file in self._files.values()]),
            Instance.available,
        )
        return set(self._db.execute(statement)) if self._files else set()

    def _find_kin(self) -> Kin:
        if self._registration.null_obsid or self._registration.observation:
            return {}
        new = [item for name, item in self._items.items() if name not in self._files]
        evidence = [self._evidence(item) for item in new]
        asking = [item.file_name for item in evidence if needs_kin(item)]
        return find_kin(self._db, asking, evidence) if asking else {}

    def _evidence(self, item: _Named) -> Evidence:
        order = self._registration
        return Evidence(item.name, order.observation, item.file.observation, order.null_obsid)

    def _decide(self, item: _Named, kin: Kin) -> NewInstance | None:
        """Return the row to write, or None for what is known; raise why it is refused."""
        file = self._files.get(item.name)
        if file is not None:
            _compare(file, item.file)
            if (file.id, item.parent_dirs) in self._places:
                self._done.known_count += 1
                return None
        if item.name in self._claimed_names:
            raise BusyError(
                f"An upload of {show_name(item.name)} is being completed: register it again later."
            )
        observation = None if file else resolve_observation(self._evidence(item), kin)
        return self._new_instance(item, observation)

    def _new_instance(self, item: _Named, observation: ObservationFacts | None) -> NewInstance:
        return NewInstance(
            file_name=item.name,
            size_bytes=item.file.size_bytes,
            checksum=item.file.checksum,
            observation=observation,
            source=self._registration.source,
            store_id=self._registration.store.id,
            store_name=self._registration.store.name,
            parent_dirs=item.parent_dirs,
            metadata_json=self._registration.metadata_json,
        )


def _compare(file: KnownFile, found: FoundFile) -> None:
    refuse_other_contents(file, found.size_bytes, found.checksum)
    if file.checksum != found.checksum:
        raise FileMismatchError(
            f"The file {show_name(file.name)} is on record as {file.checksum}, which cannot be"
            f" compared with {found.checksum}: upload it, or choose another name."
        )
