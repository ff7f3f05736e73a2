"""The same runner under three spawners of JupyterHub: one account for all, an account per project, and a Slurm.

Where root or Slurm are missing the tests fail with the line that gets them. The Slurm is run apart, with ``-m slurm``.
"""

import contextlib
import os
import pwd
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import sqlalchemy as sa

from hub_config.reports.database.states import FINAL
from hub_config.reports.database.tables import runners

from . import other_accounts, slurm_cluster
from .other_accounts import let_pass, let_read, made_accounts, passable_python
from .report_house import SIMPLE_SPAWNER, House, report
from .slurm_cluster import running_slurm

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(300)]

PROJECTS = ("north", "south")
SETTINGS = {"COHORTHUB_REPORTS_MAX_RUNNING": "4", "COHORTHUB_REPORTS_RUNNER_IDLE": "4"}
LOCAL_SPAWNER = """
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
"""
SLURM_SPAWNER = """
import batchspawner
c.JupyterHub.spawner_class = "batchspawner.SlurmSpawner"
c.Spawner.env_keep = [*os.environ.get("T_KEEP", "").split(), "PATH", "PYTHONPATH", "SLURM_CONF"]
c.Spawner.start_timeout = c.Spawner.http_timeout = 60
c.BatchSpawnerBase.exec_prefix = "runuser -u {username} --"
c.BatchSpawnerBase.batchspawner_singleuser_cmd = os.environ["T_BIN"] + "/batchspawner-singleuser"
c.BatchSpawnerBase.req_partition = "reports"
c.SlurmSpawner.req_srun = ""
c.SlurmSpawner.state_exechost_exp = "127.0.0.1"
c.SlurmSpawner.batch_script = '''#!/bin/sh
#SBATCH --partition={{partition}}
#SBATCH --chdir={{homedir}}
#SBATCH --output={{homedir}}/runner-%j.log
#SBATCH --export={{keepvars}}
#SBATCH --job-name=cohorthub-runner
exec {{cmd}}
'''
"""
LOOKS = report(
    "import os, pathlib, pwd, time",
    "print('account', pwd.getpwuid(os.geteuid()).pw_name)\nprint('batch job', os.environ.get('SLURM_JOB_ID', 'none'))",
    """def look(path):
    try:
        return ','.join(sorted(os.listdir(path)))
    except OSError as refused:
        return type(refused).__name__
print('others', look(others))
print('hub secrets', look(pathlib.Path(os.environ['COHORTHUB_HOME'], 'secrets')))""",
    "time.sleep(pause)",
    parameters="pause: float = 0.0  # seconds\nothers: str = ''  # a folder",
)


@contextlib.contextmanager
def one_account() -> Iterator[House]:
    house = House(Path(tempfile.mkdtemp(prefix="rh-")), environment=SETTINGS, spawner=SIMPLE_SPAWNER)
    try:
        house.build(dict.fromkeys(PROJECTS, "max_running = 2"))
        yield house
    finally:
        house.stop()
        shutil.rmtree(house.folder)


@contextlib.contextmanager
def an_account_per_project(*, spawner: str = LOCAL_SPAWNER) -> Iterator[House]:
    if missing := other_accounts.missing():
        pytest.fail(f"{other_accounts.ROOT_ALONE}; missing: {', '.join(missing)}", pytrace=False)
    house = House(Path(tempfile.mkdtemp(prefix="rh-")), environment=SETTINGS, spawner=spawner)
    with passable_python() as view, made_accounts(house.folder, n=len(PROJECTS)) as accounts:
        try:
            house.enter = view.enter
            house.hub_environment = {"T_BIN": str(Path(sys.executable).parent)}
            house.build(dict.fromkeys(PROJECTS, "max_running = 2"), accounts=dict(zip(PROJECTS, accounts, strict=True)))
            # As docs/how-to/operate.md has it: accounts pass through, and read no more than the kernel's description.
            let_pass(house.folder, house.home, house.home / "projects")
            let_read(house.home / "jupyter")
            for name in PROJECTS:
                let_pass(house.home / "projects" / name)
            (house.folder / "tmp").chmod(0o1777)
            yield house
        finally:
            house.stop()
            shutil.rmtree(house.folder)


@contextlib.contextmanager
def a_slurm() -> Iterator[House]:
    if missing := slurm_cluster.missing():
        pytest.fail(f"{slurm_cluster.HOW_TO_GET_IT} Missing: {', '.join(missing)}", pytrace=False)
    folder = Path(tempfile.mkdtemp(prefix="sl-"))
    folder.chmod(0o755)
    try:
        with (
            an_account_per_project(spawner=SLURM_SPAWNER) as house,
            running_slurm(folder, cores=2, enter=house.enter) as slurm,
        ):
            house.hub_environment = {**house.hub_environment, **slurm.environment}
            yield house
            house.stop()  # before the Slurm that its runners are in
    finally:
        shutil.rmtree(folder)


SPAWNERS = {"one account": one_account, "an account per project": an_account_per_project, "slurm": a_slurm}


@pytest.fixture(params=["one account", "an account per project", pytest.param("slurm", marks=pytest.mark.slurm)])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def printed(house: House, run_id: str) -> dict[str, str]:
    run = house.row(run_id)
    book = nbformat.read(house.home / run.folder / "report.ipynb", as_version=4)
    text = "".join(output.text for cell in book.cells for output in cell.get("outputs", []) if "text" in output)
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if " " in line)


def servers(house: House) -> list[str]:
    with house.database.reading() as connection:
        return [row.state for row in connection.execute(sa.select(runners))]


def test_runs_are_carried_out_cancelled_and_killed_alike(kind: str) -> None:
    with SPAWNERS[kind]() as house:
        for name in ("proxy", "service", "hub"):
            house.start(name)
        root = {name: house.home / "projects" / name / "runs" for name in PROJECTS}
        looking = {
            name: house.submit(LOOKS, project=name, n=3, values=[{"others": str(root[other])}])
            for name, other in zip(PROJECTS, reversed(PROJECTS), strict=True)
        }
        begin = time.monotonic()
        house.wait_until_done(within=150)
        print(f"{kind}: 6 runs after {time.monotonic() - begin:.1f} s")
        for name, run_ids in looking.items():
            for run_id in run_ids:
                run = house.row(run_id)
                assert run.state == "succeeded", (run.error, house.log("hub")[-2000:])
                check_one(house, printed(house, run_id), kind=kind, account=run.account)
                if kind != "one account":
                    owner = (house.home / run.folder).stat().st_uid
                    assert pwd.getpwuid(owner).pw_name == run.account, f"{name}: the folder is the account's"
        check_cancel_and_kill(house)
        house.wait(lambda: not house.roles()["runner"] and not house.left(), within=60, what=f"quiet {house.left()}")
        assert set(servers(house)) == {"gone"}


def check_one(house: House, said: dict[str, str], *, kind: str, account: str) -> None:
    if kind == "one account":
        assert said["account"] == pwd.getpwuid(os.getuid()).pw_name
        return
    assert said["account"] == account
    assert said["others"] == "PermissionError", "another project's runs cannot even be listed"
    assert said["hub secrets"] == "PermissionError"
    assert (said["batch job"] != "none") == (kind == "slurm")


def check_cancel_and_kill(house: House) -> None:
    cancelled, killed = house.submit(LOOKS, project="north", n=2, values=[{"pause": 200.0}])
    for run_id in (cancelled, killed):
        house.wait(lambda one=run_id: (house.row(one).cell or 0) >= 4, within=90, what="it waits in its last cell")
    house.cancel(cancelled)
    house.wait(lambda: house.row(cancelled).state == "cancelled", within=15, what="it is cancelled")
    for runner in house.roles()["runner"]:
        runner.kill()
    house.wait(lambda: house.row(killed).state in FINAL, within=15, what="it is interrupted")
    assert house.row(killed).state == "interrupted"
    for run_id in (cancelled, killed):
        house.wait(lambda one=run_id: house.row(one).folder, within=90, what="its folder is closed")
        folder = house.home / house.row(run_id).folder
        assert f'"status": "{house.row(run_id).state}"' in (folder / "run.json").read_text()
