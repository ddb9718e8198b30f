"""`make demo`: what a person sees first must work."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.source_tree import ROOT
from tests.system.serving import wait_until_ended


def run_demo(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.demo"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path / "home"), **environment},
        timeout=110,
        check=False,
    )


def test_the_demonstration_works_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run_demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "byte for byte" in done.stdout
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
    finally:
        os.kill(int(found[1]), signal.SIGTERM)
        wait_until_ended(int(found[1]))
