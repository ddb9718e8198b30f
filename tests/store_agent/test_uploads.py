from pathlib import Path

from librarian.checksums import checksum_of
from tests.store_agent.running_agent import Agent


def test_a_streamed_file_is_verified_and_placed(agent: Agent, root: Path) -> None:
    data = b"x" * 3_000_000
    agent.prepare("s1", "b1-0")
    agent.stream("s1", "b1-0", ("", 0, data[:2_000_000]), ("", 2_000_000, data[2_000_000:]))
    verified = agent.verify("s1", "b1-0", len(data), checksum_of(data))
    assert verified.failure.message == ""
    placed = agent.place("s1", "b1-0", "2458043/zen.uvh5", verified.inode)
    assert placed.failure.message == ""
    there = root / "2458043" / "zen.uvh5"
    assert (there.read_bytes(), there.stat().st_mode & 0o222) == (data, 0)
