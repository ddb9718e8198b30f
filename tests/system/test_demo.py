"""`make demo` and `make demo-sites`: what a person sees first must work."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from pathlib import Path

import pytest
from rich.table import Table

from deploy.demo.flow import shown
from tests.polling import wait_until
from tests.source_tree import ROOT
from tests.system.following import follow
from tests.system.serving import wait_until_ended

THREE_SITES = "deploy.demo.three_sites"
DEADLINE_SECONDS = 300.0

Demonstration = subprocess.Popen[str]
Done = subprocess.CompletedProcess[str]
pytestmark = pytest.mark.timeout(DEADLINE_SECONDS + 60)


def environment_of(tmp_path: Path, **environment: str) -> dict[str, str]:
    home = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path / "home")}
    unset = {"KEEP": "", "SSH": ""}
    return {**os.environ, **unset, **home, **environment}


@contextmanager
def demonstration(tmp_path: Path, module: str, **environment: str) -> Iterator[Demonstration]:
    """Run a demonstration; one that is given up is told so, and takes its sites with it."""
    # A shell has what it starts in the background ignore Ctrl-C, and that is inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    demo = subprocess.Popen(
        [sys.executable, "-m", module],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment_of(tmp_path, **environment),
    )
    try:
        yield demo
    finally:
        signal.signal(signal.SIGINT, before)
        if demo.poll() is None:
            demo.terminate()
            demo.communicate()


def run_demo(tmp_path: Path, module: str = "deploy.demo", **environment: str) -> Done:
    with demonstration(tmp_path, module, **environment) as demo:
        printed, told = demo.communicate(timeout=DEADLINE_SECONDS)
    return Done(demo.args, demo.returncode, printed, told)


def processes_of(directory: Path) -> list[str]:
    """Return the command lines of the processes that were started with paths in a directory."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        # A process may end while it is looked at.
        with suppress(OSError):
            lines.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if str(directory) in line]


def wait_until_nothing_is_left(tmp_path: Path) -> None:
    """Wait: what a killed site started follows it by itself, and nobody waits for that."""
    wait_until(
        lambda: not processes_of(tmp_path), what="the end of what was started", timeout_seconds=60
    )
    assert list(tmp_path.iterdir()) == []


def test_the_demonstration_works_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run_demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "byte for byte" in done.stdout
    assert re.search(r"http://127\.0\.0\.1:\d+/$", done.stdout.rstrip())
    assert list(tmp_path.iterdir()) == []


def test_the_demonstration_can_leave_its_site_running(tmp_path: Path) -> None:
    done = run_demo(tmp_path, KEEP="1")
    found = re.search(r"kill (\d+);", done.stdout)
    assert found, done.stdout + done.stderr
    try:
        config = re.search(r"export (LIBRARIAN_CLIENT_CONFIG)=(\S+)", done.stdout)
        assert config
        checked = subprocess.run(
            [sys.executable, "-m", "librarian.cli", "check-connections"],
            env={**os.environ, config[1]: config[2]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout
        assert "Sign out" in follow(done.stdout.split()[-1])
    finally:
        os.kill(int(found[1]), signal.SIGTERM)
        wait_until_ended(int(found[1]))


@pytest.mark.parametrize("ssh", ["", "1"], ids=["stream", "ssh"])
def test_three_sites_push_two_nights_onward_though_one_is_killed(tmp_path: Path, ssh: str) -> None:
    done = run_demo(tmp_path, THREE_SITES, SSH=ssh)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("rsync over SSH" if ssh else "the agents' streams") in done.stdout
    assert "byte for byte" in done.stdout
    killed = re.search(r"The centre had (\d+) files; then every process", done.stdout)
    # In the middle of the second night: it had all of the first, and not all of the second.
    assert killed, done.stdout
    assert 62 < int(killed[1]) < 124
    assert "unreachable since" in done.stdout
    assert "All 124 files are at all 3 sites" in done.stdout
    assert "Compared 124 files with centre:\n  0 missing" in done.stdout
    wait_until_nothing_is_left(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["deploy.demo", THREE_SITES])
def test_a_demonstration_that_is_broken_off_leaves_nothing_behind(
    tmp_path: Path, module: str, number: signal.Signals
) -> None:
    with demonstration(tmp_path, module) as demo:
        wait_until(
            lambda: bool(processes_of(tmp_path)), what="a site that starts", timeout_seconds=60
        )
        demo.send_signal(number)
        _, told = demo.communicate(timeout=DEADLINE_SECONDS)
    assert demo.returncode == 130, told
    assert "Traceback" not in told
    assert "broken off" in told
    wait_until_nothing_is_left(tmp_path)


def test_what_is_no_terminal_gets_the_table_of_the_flow_twice_and_nothing_that_moves() -> None:
    with redirect_stdout(StringIO()) as printed, shown(table_of("1")) as show:
        for count in range(100):
            show(table_of(str(count)))
    assert "\x1b" not in printed.getvalue()
    assert re.findall(r"telescope +(\d+)", printed.getvalue()) == ["1", "99"]


def table_of(count: str) -> Table:
    table = Table("Site", "Files", box=None)
    table.add_row("telescope", count)
    return table
