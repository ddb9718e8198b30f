"""The checksum of contents that pass through, entry by entry."""

from librarian.checksums import DEFAULT_ALGORITHM, Hasher, new_hasher, parse_checksum
from librarian.manifests import ManifestEntry, format_manifest, manifest_checksum


class Tally:
    """Makes the checksum of a file from its entries, in the algorithm of a known checksum.

    A directory's entries are hashed by BLAKE3, for its manifest; only `md5:` of a directory,
    which is the predecessors', is made of the entries' own MD5.
    """

    def __init__(self, is_directory: bool, known_checksum: str = "") -> None:
        known = parse_checksum(known_checksum) if known_checksum else None
        self._algorithm = known.algorithm if known else DEFAULT_ALGORITHM
        self._is_directory = is_directory
        self._is_manifest = is_directory and self._algorithm != "md5"
        self._entries: list[ManifestEntry] = []

    def new_hasher(self) -> Hasher:
        """Return the hasher for one entry."""
        return new_hasher(self._entry_algorithm)

    def add(self, path: str, size_bytes: int, hasher: Hasher) -> None:
        """Take in an entry that has been hashed."""
        checksum = f"{self._entry_algorithm}:{hasher.hexdigest()}"
        self._entries.append(ManifestEntry(path, size_bytes, checksum))

    def add_empty_directory(self, path: str) -> None:
        """Take in a directory without entries; its path ends in `/`."""
        self._entries.append(ManifestEntry(path, 0, ""))

    def checksum(self) -> str:
        """Return the checksum of all."""
        if not self._is_directory:
            return self._entries[0].checksum
        if self._is_manifest:
            return manifest_checksum(format_manifest(self._entries), self._algorithm)
        files = sorted((e for e in self._entries if e.checksum), key=lambda e: e.path.encode())
        whole = new_hasher("md5")
        for entry in files:
            whole.update(f"{entry.checksum[4:]}  ./{entry.path}\n".encode())
        return f"md5:{whole.hexdigest()}"

    @property
    def _entry_algorithm(self) -> str:
        return DEFAULT_ALGORITHM if self._is_manifest else self._algorithm
