"""Copying one file from one store to another: verified, durable, replacing nothing."""

import os
import uuid
from dataclasses import dataclass

from librarian.errors import ConflictError, CorruptContentsError
from librarian.manifests import Contents, describe_contents
from librarian.names import show_name
from store_agent.comparing import algorithms_for, compare
from store_agent.copying import Target, copy_contents
from store_agent.faults import explained
from store_agent.instances import check_instance_path
from store_agent.kept_manifests import keep_manifest
from store_agent.paths import DIRECTORY_FLAGS, FILE_FLAGS, make_directories, open_beneath
from store_agent.place_making import place_maker
from store_agent.placing import Placement, Placer
from store_agent.reading import Reader, open_instance
from store_agent.staging_places import DATA, opened_place
from store_agent.stores import STAGING, Store
from store_agent.verifying import settle_tree


@dataclass(frozen=True)
class CopyOrder:
    """A file to copy, and what it must be."""

    from_store: Store
    from_path: str
    to_store: Store
    to_path: str
    size_bytes: int
    checksum: str


def copy_between_stores(order: CopyOrder, reader: Reader) -> int:
    """Copy a file, and return the bytes that were copied: none when the copy was there.

    Raises ConflictError when something else is there, CorruptContentsError when the source is
    not what is on record.
    """
    check_instance_path(order.from_path)
    check_instance_path(order.to_path)
    with order.from_store.opened() as from_root_fd:
        fd = open_instance(from_root_fd, order.from_path)
        try:
            if order.to_store is order.from_store:
                return _copy_to(order, fd, from_root_fd, reader)
            with order.to_store.opened() as to_root_fd:
                return _copy_to(order, fd, to_root_fd, reader)
        finally:
            os.close(fd)


def _copy_to(order: CopyOrder, fd: int, root_fd: int, reader: Reader) -> int:
    if _is_there(order, root_fd, reader):
        return 0
    copy_id = f"copy-{uuid.uuid4().hex}"
    place = make_directories(root_fd, f"{STAGING}/{copy_id}", durable=False, mode=0o700)
    try:
        algorithms = algorithms_for(order.checksum)
        contents = copy_contents(fd, algorithms, Target(place, durable=True), DATA, reader)
        compare(contents, order.size_bytes, order.checksum)
        _settle(root_fd, place, contents)
        _place(order, root_fd, copy_id)
        return contents.size_bytes
    finally:
        os.close(place)
        with place_maker(order.to_store, root_fd) as maker:
            maker.discard(copy_id)


def _settle(root_fd: int, place: int, contents: Contents) -> None:
    if contents.manifest is not None:
        tree_fd = open_beneath(place, DATA, DIRECTORY_FLAGS)
        try:
            settle_tree(tree_fd)
        finally:
            os.close(tree_fd)
        keep_manifest(root_fd, contents)


def _place(order: CopyOrder, root_fd: int, copy_id: str) -> None:
    parent_dirs, _, name = order.to_path.rpartition("/")
    with opened_place(root_fd, copy_id) as place_fd:
        inode = os.stat(DATA, dir_fd=place_fd, follow_symlinks=False).st_ino
    placement = Placement(copy_id, parent_dirs, name, inode)
    for error in Placer(order.to_store, root_fd).place([placement]):
        if error is not None:
            raise error


def _is_there(order: CopyOrder, root_fd: int, reader: Reader) -> bool:
    try:
        fd = open_beneath(root_fd, order.to_path, FILE_FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        with explained(f"The store {show_name(order.to_store.name)}"):
            algorithms = algorithms_for(order.checksum)
            contents = describe_contents(fd, algorithms, reader.read_file)
            compare(contents, order.size_bytes, order.checksum)
    except CorruptContentsError as error:
        raise ConflictError(
            f"Something else lies at {show_name(order.to_path)} on store"
            f" {show_name(order.to_store.name)}, and stays as it is."
        ) from error
    finally:
        os.close(fd)
    return True
