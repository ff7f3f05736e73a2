"""How a cluster ends: closed, replaced, idle, killed, hanging. Each test opens its own, which closes any other."""

import logging
import os
import signal
import tempfile
import threading
import time
import warnings
from pathlib import Path

import pytest

from analysis_lib.compute import cluster, map_buckets, mapping_place
from analysis_lib.compute.buckets import open_clusters
from analysis_lib.errors import ClusterStartError, ClusterStoppedError


def test_after_closing_nothing_is_left_and_work_is_refused(wait_until, are_gone, started):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with cluster(workers=1, memory_limit="512 MiB") as opened:
            processes = started()
            folder = opened._process.folder
            assert len(processes) >= 2
        opened.close()
    assert are_gone(processes)
    assert not Path(folder).exists()
    assert opened not in open_clusters
    assert "stopped" in repr(opened)
    assert "stopped" in opened._repr_html_()
    with pytest.raises(ClusterStoppedError, match="it has been closed"):
        map_buckets(abs, [1], on=opened)
    wait_until(lambda: not [t for t in threading.enumerate() if t.name == "cluster"], "the watching thread has ended")


def test_a_second_cluster_closes_the_first(caplog):
    with caplog.at_level(logging.INFO, logger="analysis_lib.compute.local"):
        first = cluster(workers=1, memory_limit="512 MiB")
        with cluster(workers=1, memory_limit="512 MiB") as second:
            assert not first.is_open
            assert second.is_open
    assert "one at a time" in caplog.text


def test_an_idle_cluster_stops_itself_and_says_so(wait_until, are_gone, capfd, started):
    opened = cluster(workers=1, memory_limit="512 MiB", idle_minutes=1 / 60)
    processes = started()
    wait_until(lambda: not opened.is_open, "the cluster has noticed that it is idle")
    wait_until(lambda: are_gone(processes), "its processes are gone")
    with pytest.raises(ClusterStoppedError, match=r"idle for 0\.01\d* minutes and stopped itself"):
        map_buckets(abs, [1], on=opened)
    assert mapping_place().endswith("(no cluster is open)")
    assert capfd.readouterr().err == "", "the client complained about its lost scheduler"


def test_work_that_lasts_longer_than_the_idle_time_is_not_idle():
    with cluster(workers=1, memory_limit="512 MiB", idle_minutes=1 / 60):
        assert map_buckets(time.sleep, [3]) == [None]


def test_a_cluster_that_dasks_own_client_shuts_down_is_told_as_such(wait_until, are_gone, started):
    opened = cluster(workers=1, memory_limit="512 MiB")
    processes = started()
    opened.client.shutdown()
    wait_until(lambda: not opened.is_open, "the cluster knows that it has been shut down")
    wait_until(lambda: are_gone(processes), "its processes are gone")
    with pytest.raises(ClusterStoppedError, match="it has been shut down"):
        map_buckets(abs, [1], on=opened)


def test_a_cluster_whose_process_is_killed_under_the_work_is_told_as_such(wait_until, are_gone, started):
    opened = cluster(workers=1, memory_limit="512 MiB")
    processes = started()
    threading.Timer(1.0, opened._process._process.kill).start()
    with pytest.raises(ClusterStoppedError, match="its process has died"):
        map_buckets(time.sleep, [30], on=opened)
    wait_until(lambda: are_gone(processes), "the workers have died with it")


def test_a_cluster_that_hangs_is_ended_all_the_same(monkeypatch, wait_until, are_gone, started):
    monkeypatch.setattr("analysis_lib.compute.cluster_owner.STOP_SECONDS", 1.0)
    opened = cluster(workers=1, memory_limit="512 MiB")
    processes = started()
    os.kill(opened._process.pid, signal.SIGSTOP)
    opened.close()
    wait_until(lambda: are_gone(processes), "everything has been killed")
    assert not Path(opened._process.folder).exists()


def test_a_cluster_that_cannot_start_says_so_and_leaves_nothing(monkeypatch, started):
    before = set(Path(tempfile.gettempdir()).glob("cohorthub-cluster-*"))
    monkeypatch.setattr("analysis_lib.compute.cluster_owner.START_CODE", "raise SystemExit(3)")
    with pytest.raises(ClusterStartError, match="found no answer from its process"):
        cluster(workers=1)
    assert started() == []
    assert not set(Path(tempfile.gettempdir()).glob("cohorthub-cluster-*")) - before
