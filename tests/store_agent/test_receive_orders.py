"""What a neighbour may ask for over SSH, and all that it may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.errors import LibrarianError, NotAllowedError
from store_agent.receive_orders import find_batch, parse_command

PEER = "site-a"
WORDS = [
    "rsync",
    "--server",
    "-tre.i",
    "--sender",
    "--inplace",
    "--timeout=1",
    "-K",
    ".",
    "/x",
    "'",
]
OPTIONS = "-trRe.iLsfxCIvu --timeout=120 --fsync --inplace"


def refused(command: str) -> bool:
    try:
        parse_command(command)
    except NotAllowedError:
        return True
    return False


@pytest.mark.parametrize(
    "options",
    [
        "--sender -trRe.iLsfxCIvu",
        "-trRe.iLsfxCIvu --sender",
        "-trRe.iLsfxCIvu --delete",
        "-trRe.iLsfxCIvu --del",
        "-trRe.iLsfxCIvu --delete-before",
        "-trRe.iLsfxCIvu --remove-source-files",
        "-trRe.iLsfxCIvu --append",
        "-trRe.iLsfxCIvu --append-verify",
        "-trRe.iLsfxCIvu --log-file=/tmp/x",
        "-trRe.iLsfxCIvu --log-format=X",
        "-trRe.iLsfxCIvu --partial-dir=/tmp",
        "-trRe.iLsfxCIvu --temp-dir=/tmp",
        "-trRe.iLsfxCIvu --temp-dir /tmp",
        "-trRe.iLsfxCIvu --backup-dir=/tmp",
        "-trRe.iLsfxCIvu --link-dest=/etc",
        "-trRe.iLsfxCIvu --copy-dest=/etc",
        "-trRe.iLsfxCIvu --files-from=/etc/passwd",
        "-trRe.iLsfxCIvu --write-devices",
        "-trRe.iLsfxCIvu --insecure-links",
        "-trRe.iLsfxCIvu --daemon",
        "-trRe.iLsfxCIvu --config=/tmp/x",
        "-trRe.iLsfxCIvu --fake-super",
        "-trRe.iLsfxCIvu --super",
        "-trRe.iLsfxCIvu --iconv=utf8",
        "-trRe.iLsfxCIvu --secluded-args",
        "-trRe.iLsfxCIvu --protect-args",
        "-trRe.iLsfxCIvu --timeout=0",
        "-trRe.iLsfxCIvu --inplace=x",
        "-trRe.iLsfxCIvu -K",
        "-strRe.iLsfxCIvu",
        "-trlRe.iLsfxCIvu",
        "-tLrRe.iLsfxCIvu",
        "-kRe.iLsfxCIvu",
        "-KRe.iLsfxCIvu",
        "-trDRe.iLsfxCIvu",
        "-pRe.iLsfxCIvu",
        "-trR",
        "-trRe.iLsfxCIvu/../x",
        "--inplace -trRe.iLsfxCIvu",
        "-trRe.iLsfxCIvu --",
        "-trRe.iLsfxCIvu --inplace .",
        "-trRe.iLsfxCIvu --inplac",
        "-trRe.iLsfxCIvu --timeout=120,--sender",
        "-trRe.iLsfxCIvu '--fsync\n--sender'",
    ],
)
def test_no_other_options_are_allowed(options: str) -> None:
    assert refused(f"rsync --server {options} . /s/.librarian/incoming/site-a/00ff/data/")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "sh",
        "rsync",
        "rsync --server",
        "rsync --daemon",
        "/usr/bin/rsync --server -tre.i . /x",
        "librarian-receive",
        "librarian-receive check",
        "librarian-receive check /x /y",
        "librarian-receive check /x; id",
        "librarian-receive check '/x",
        "librarian-receive  check /x\nid",
        "scp -t /x",
        "internal-sftp",
        f"rsync --server {OPTIONS} . /x /y",
        f"rsync --server {OPTIONS} /x .. /y",
        f"rsync --server {OPTIONS} . /x; touch /tmp/y",
        f"rsync --server {OPTIONS} . /x\x00",
        f"rsync --server {OPTIONS} . /{'x' * 9000}",
    ],
)
def test_no_other_commands_are_allowed(command: str) -> None:
    assert refused(command)


@given(st.text(max_size=300) | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_whatever_is_asked_for_is_understood_or_refused(command: str) -> None:
    try:
        order = parse_command(command)
    except NotAllowedError:
        return
    assert order.options is None or {o.split("=")[0] for o in order.options[1:]} <= {
        *("--inplace", "--fsync", "--timeout", "--bwlimit")
    }


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/stores/s1",
        "/stores/s1/.librarian/incoming/site-a/00ff",
        "/stores/s1/.librarian/incoming/site-a/00ff/data/x",
        "/stores/s1/.librarian/incoming/site-a/00ff/data//",
        "/stores/s1/.librarian/incoming/site-a/00ff/data/..",
        "/stores/s1/.librarian/incoming/site-a/../data",
        "/stores/s1/.librarian/incoming/site-a/00FF/data",
        "/stores/s1/.librarian/incoming/site-b/00ff/data",
        "/stores/s1/.librarian/incoming/site-b/../site-a/00ff/data",
        "/stores/s1/../s1/.librarian/incoming/site-a/00ff/data",
        "/stores/s1//.librarian/incoming/site-a/00ff/data",
        "/stores/s1/set/.librarian/incoming/site-a/00ff/data",
        "/stores/s2/.librarian/incoming/site-a/00ff/data",
        "stores/s1/.librarian/incoming/site-a/00ff/data",
        "/.librarian/incoming/site-a/00ff/data",
        "",
    ],
)
def test_only_a_batch_of_its_own_is_written_to(path: str) -> None:
    with pytest.raises(LibrarianError):
        find_batch(path, PEER, ["/stores/s1"])


def test_its_own_batch_is_found() -> None:
    path = "/stores/s1/.librarian/incoming/site-a/00ff/data/"
    root, batch = find_batch(path, PEER, ["/other", "/stores/s1"])
    assert (root, batch.batch_id) == ("/stores/s1", "00ff")
