"""The manifests of datasets, kept beside them: what a catalogue could be rebuilt from."""

import os

from librarian.checksums import DEFAULT_ALGORITHM, parse_checksum
from librarian.manifests import Contents
from store_agent.paths import find_status, make_directories
from store_agent.stores import MANIFESTS
from store_agent.writing import put_durable


def keep_manifest(root_fd: int, contents: Contents) -> None:
    """Keep the manifest of a dataset on disk, named by its BLAKE3 checksum."""
    if contents.manifest is None:
        return
    digest = parse_checksum(contents.checksums[DEFAULT_ALGORITHM]).hex
    fd = make_directories(root_fd, f"{MANIFESTS}/{digest[:2]}", durable=True, mode=0o700)
    try:
        kept = find_status(fd, digest)
        if kept is None or kept.st_size != len(contents.manifest):
            put_durable(fd, digest, contents.manifest, 0o444)
    finally:
        os.close(fd)
