import os
import subprocess
import sys

import psutil
import pytest

from analysis_lib.compute import cluster, map_buckets, mapping_place
from analysis_lib.errors import (
    BucketFailedError,
    ClusterStartError,
    WorkerLostError,
)


def test_importing_the_room_imports_neither_dask_nor_anything_heavy():
    code = (
        "import sys, analysis_lib.compute; "
        "print([m for m in ('dask', 'distributed', 'bokeh', 'tornado', 'cryptography', 'pandas') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.strip() == "[]"


def test_the_workers_do_the_work_in_order(open_cluster):
    results = map_buckets(lambda bucket: (bucket, os.getpid()), range(20), on=open_cluster)
    assert [bucket for bucket, _ in results] == list(range(20))
    assert os.getpid() not in {pid for _, pid in results}
    assert len({pid for _, pid in results}) == 2


def test_an_open_cluster_is_used_without_being_named(open_cluster):
    assert map_buckets(lambda _: os.getpid(), [0])[0] != os.getpid()
    assert mapping_place() == open_cluster.place == "2 Dask workers, 1 thread and 0.5 GiB each"


def test_dask_uses_the_open_cluster_for_its_own_collections(open_cluster):
    import dask

    assert dask.delayed(os.getpid)().compute() != os.getpid()


def test_an_error_on_a_worker_is_reworded_without_its_text(open_cluster, capfd):
    def work(bucket):
        if bucket == 2:
            raise KeyError("MARKED-PERSON-4711")

    with pytest.raises(BucketFailedError, match=r"item 3 of 4 failed; found KeyError in work") as caught:
        map_buckets(work, range(4), on=open_cluster)
    assert "MARKED" not in str(caught.value)
    assert "MARKED" not in "".join(capfd.readouterr()), "Dask's log of the failed task reached a terminal"


def test_an_error_of_the_library_comes_back_from_a_worker_unchanged(open_cluster):
    def work(_bucket):
        raise ClusterStartError("a thing is wrong; found another. Do a third.")

    with pytest.raises(ClusterStartError, match="a thing is wrong"):
        map_buckets(work, range(4), on=open_cluster)


def test_a_worker_that_dies_again_and_again_is_told_as_such(open_cluster):
    with pytest.raises(WorkerLostError, match=r"died \d+ times under item 1 of 1; found a limit of 0.5 GiB"):
        map_buckets(os._exit, [3], on=open_cluster)
    open_cluster.client.wait_for_workers(2, timeout=30)
    assert map_buckets(abs, [-1], on=open_cluster) == [1], "the nannies have started new workers"


def test_a_notebook_shows_the_cluster_with_a_new_link_each_time(open_cluster):
    first, second = open_cluster._repr_html_(), open_cluster._repr_html_()
    assert "2 Dask workers" in first
    assert "Open its dashboard" in first
    assert first != second
    assert repr(open_cluster) == "Cluster(2 Dask workers, 1 thread and 0.5 GiB each)"


def test_inside_a_hub_the_link_leads_through_the_users_own_server(open_cluster, monkeypatch):
    assert open_cluster.dashboard_link.startswith("http://127.0.0.1:")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/hub-base/user/researcher-1/")
    assert open_cluster.dashboard_link.startswith("/hub-base/user/researcher-1/proxy/")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/services/reports/")
    assert open_cluster.dashboard_link.startswith("http://127.0.0.1:"), "a service forwards no ports"


@pytest.mark.parametrize(
    "settings",
    [
        {"workers": 0},
        {"threads_per_worker": 0},
        {"idle_minutes": 0},
        {"idle_minutes": float("nan")},
        {"memory_limit": "plenty"},
        {"memory_limit": "10 MB"},
        {"workers": 2, "memory_limit": "900 TB"},
    ],
)
def test_settings_that_do_not_fit_are_refused_before_anything_starts(settings):
    before = psutil.Process().children(recursive=True)
    with pytest.raises(ClusterStartError, match=r"; found .*\. "):
        cluster(**settings)
    assert psutil.Process().children(recursive=True) == before
