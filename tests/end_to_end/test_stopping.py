"""What starts with `cohorthub up` ends with `cohorthub down`: nothing stays behind."""

import json

import psutil
import pytest

from .live_hub import cohorthub, processes_naming, running_hub
from .person import Person

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(600)]

WORK = """\
from analysis_lib.compute import cluster

dask = cluster()
print(dask.dashboard_link)
"""


def test_down_ends_servers_kernels_and_clusters_and_leaves_no_process(tmp_path, new_page):
    with running_hub(tmp_path / "home", "--no-demo") as hub:
        operator = Person("operator", new_page(), hub)
        operator.open_lab()
        assert "proxy" in operator.run_in_new_notebook(WORK)
        before = hub.processes()
        assert len(before) > 5, "launcher, proxy, reports, hub, server, kernel and cluster"

        done = cohorthub("down", "--json", home=hub.home)
        assert (done.returncode, json.loads(done.stdout)["stopped"]) == (0, True), done.stderr
        assert hub.process.wait(timeout=5) == 0

        _gone, alive = psutil.wait_procs(before.values(), timeout=2)
        assert [process.name() for process in alive] == []
        assert processes_naming(hub.home) == []


def test_down_with_nothing_running_says_so(tmp_path):
    done = cohorthub("down", "--json", home=tmp_path / "home")
    assert (done.returncode, json.loads(done.stdout)["stopped"]) == (0, False)


def test_a_second_up_says_where_the_first_one_runs_and_leaves_it_alone(hub):
    done = cohorthub("up", "--port", "0", "--json", home=hub.home)
    assert done.returncode == 32
    message = json.loads(done.stdout)["error"]["message"]
    assert str(hub.pid) in message
    assert hub.url in message
    assert psutil.pid_exists(hub.pid)
    assert hub.process.poll() is None
