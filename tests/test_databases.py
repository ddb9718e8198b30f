"""The tests' own PostgreSQL cluster keeps its promises."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

from tests import postgres_cluster
from tests.polling import wait_until
from tests.postgres_cluster import SUPERUSER, PostgresCluster

STARTS_A_CLUSTER_AND_DIES = """
import os, signal
from tests.postgres_cluster import running_cluster
with running_cluster() as cluster:
    pid = (cluster.directory / "data/postmaster.pid").read_text().split()[0]
    print(cluster.directory, pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
ROOT = Path(__file__).parent.parent


def _ask(cluster: PostgresCluster, question: str) -> object:
    connection = psycopg2.connect(host=str(cluster.directory), user=SUPERUSER, dbname="postgres")
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            row = cursor.fetchone()
            return row and row[0]
    finally:
        connection.close()


def test_the_server_does_not_run_as_root(postgres_cluster: PostgresCluster) -> None:
    pid = int((postgres_cluster.directory / "data/postmaster.pid").read_text().split()[0])
    assert os.stat(f"/proc/{pid}").st_uid != 0


def test_the_server_listens_on_no_port(postgres_cluster: PostgresCluster) -> None:
    assert _ask(postgres_cluster, "SHOW listen_addresses") == ""


def test_names_sort_as_at_a_site_not_as_bytes(postgres_cluster: PostgresCluster) -> None:
    assert _ask(postgres_cluster, "SELECT 'a' < 'B'") is True


def test_a_database_is_a_copy_of_its_template_and_can_be_dropped(
    postgres_cluster: PostgresCluster,
) -> None:
    postgres_cluster.create_database("original")
    postgres_cluster.create_database("copied", template="original")
    for name in ("original", "copied"):
        postgres_cluster.drop_database(name)
    left = "SELECT count(*) FROM pg_database WHERE datname IN ('original', 'copied')"
    assert _ask(postgres_cluster, left) == 0


def test_the_cluster_ends_with_the_process_that_started_it() -> None:
    killed = subprocess.run(
        [sys.executable, "-c", STARTS_A_CLUSTER_AND_DIES], capture_output=True, text=True, cwd=ROOT
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    directory, pid = killed.stdout.split()
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="the end of the orphaned server")
    shutil.rmtree(directory)


def test_a_missing_server_is_named_by_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres_cluster, "DEBIAN_SERVERS", tmp_path)
    with pytest.raises(AssertionError, match="`postgresql`"):
        postgres_cluster.find_binaries()


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(AssertionError, match="in vain for Godot"):
        wait_until(lambda: False, what="Godot", timeout_seconds=0.02)
