import os
from pathlib import Path

import pytest

from analysis_lib.compute.machine import memory_per_bucket, usable_cores, usable_memory


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    """Lay a small cgroup tree, `{path: text}`, and name the group of this process."""
    monkeypatch.delenv("CPU_LIMIT", raising=False)
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))

    def lay(own: str, files: dict[str, str]) -> dict[str, Path]:
        (tmp_path / "own").write_text(own)
        for name, text in files.items():
            (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "tree" / name).write_text(text)
        return {"cgroups": tmp_path / "tree", "own": tmp_path / "own"}

    return lay


def test_without_limits_the_whole_machine_is_usable(cgroup):
    nothing = cgroup("0::/\n", {"memory.max": "max\n", "cpu.max": "max 100000\n"})
    assert usable_cores(**nothing) == 8
    assert usable_memory(**nothing) == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_a_limit_on_any_group_above_the_process_counts_in_cgroups_v2(cgroup):
    tree = cgroup(
        "0::/hub/user-1/kernel\n",
        {"hub/memory.max": "900000000", "hub/user-1/memory.max": "500000000", "hub/user-1/cpu.max": "150000 100000"},
    )
    assert usable_memory(**tree) == 500_000_000
    assert usable_cores(**tree) == 2  # one and a half cores, rounded up


def test_the_limits_of_cgroups_v1_are_read_from_their_own_trees(cgroup):
    tree = cgroup(
        "7:cpu,cpuacct:/hub\n3:memory:/hub/user-1\n",
        {
            "memory/hub/user-1/memory.limit_in_bytes": "300000000",
            "memory/memory.limit_in_bytes": "9223372036854771712",
            "cpu,cpuacct/hub/cpu.cfs_quota_us": "300000",
            "cpu,cpuacct/hub/cpu.cfs_period_us": "100000",
            "cpu,cpuacct/cpu.cfs_quota_us": "-1",
            "cpu,cpuacct/cpu.cfs_period_us": "100000",
        },
    )
    assert usable_memory(**tree) == 300_000_000
    assert usable_cores(**tree) == 3


def test_the_limits_that_jupyterhub_announces_count(cgroup, monkeypatch):
    tree = cgroup("0::/\n", {})
    monkeypatch.setenv("MEM_LIMIT", "1000000000")
    monkeypatch.setenv("CPU_LIMIT", "0.5")
    assert usable_memory(**tree) == 1_000_000_000
    assert usable_cores(**tree) == 1


def test_a_machine_without_control_groups_has_limits_too(tmp_path, monkeypatch):
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    assert usable_memory(cgroups=tmp_path / "no", own=tmp_path / "none") > 0
    assert usable_cores(cgroups=tmp_path / "no", own=tmp_path / "none") >= 1


def test_the_buckets_of_all_cores_together_fit_into_the_usable_memory(monkeypatch):
    monkeypatch.setenv("CPU_LIMIT", "2")
    monkeypatch.setenv("MEM_LIMIT", str(1 << 30))
    assert memory_per_bucket() * usable_cores() < 1 << 30
    monkeypatch.setenv("MEM_LIMIT", "1000")
    assert memory_per_bucket() == 128 << 20
