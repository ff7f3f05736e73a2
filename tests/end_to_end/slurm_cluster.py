"""A Slurm of one node, of the tests' own: configuration, ports, keys and state in a temporary folder."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

START_LIMIT_S = 40
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "srun", "sinfo", "munge")
HOW_TO_GET_IT = (
    "No Slurm was found, and this test starts one of its own. Install it with: "
    "apt-get install slurmctld slurmd slurm-client munge  (as root), and run the test as root."
)
CONFIGURATION = """
ClusterName=cohorthub-test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
PlugStackConfig={folder}/plugstack.conf
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
InactiveLimit=0
KillWait=3
MinJobAge=30
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,sched_interval=1
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=1000 State=UNKNOWN
PartitionName=reports Nodes={host} Default=YES MaxTime=INFINITE OverSubscribe=FORCE:8 State=UP
"""


@dataclass
class Slurm:
    """A running Slurm."""

    folder: Path
    started: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What Slurm's commands need to find it."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def ask(self, *words: str) -> str:
        """Run one of its commands."""
        done = subprocess.run(
            words, env=os.environ | self.environment, capture_output=True, text=True, check=False, timeout=30
        )
        return done.stdout.strip()

    def log(self) -> str:
        """What the daemons have said last."""
        logs = (self.folder / name for name in ("munged.out", "slurmctld.log", "slurmd.log"))
        return "\n".join(log.read_text(errors="replace")[-1500:] for log in logs if log.exists())


def missing() -> list[str]:
    """Name what is not there."""
    found = [name for name in PROGRAMS if _find(name) is None]
    return found + (["root"] if os.geteuid() != 0 else [])


def _find(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def _ports(n: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(n)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@contextlib.contextmanager
def running_slurm(
    folder: Path, *, cores: int, enter: Callable[..., list[str]] = lambda *words: list(words)
) -> Iterator[Slurm]:
    """Start munged, slurmctld and slurmd in the foreground, as processes of the test; end them by their ids."""
    host = socket.gethostname().partition(".")[0]
    for name in ("state", "spool"):
        (folder / name).mkdir(mode=0o755)
    # munged wants every folder above its socket and its key to be closed to other writers; the key is this test's own.
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    (folder / "plugstack.conf").write_text("")
    text = CONFIGURATION.format(host=host, ports=_ports(2), folder=folder, cores=cores)
    (folder / "slurm.conf").write_text(text)
    slurm = Slurm(folder)
    daemons = {
        "munged": ["--foreground", "--force", f"--socket={folder}/munge.socket", f"--key-file={key}",
                   f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log",
                   f"--seed-file={folder}/munged.seed"],
        "slurmctld": ["-D", "-c", "-f", f"{folder}/slurm.conf"],
        "slurmd": ["-D", "-f", f"{folder}/slurm.conf", "-N", host],
    }  # fmt: skip
    try:
        for name, words in daemons.items():
            with (folder / f"{name}.out").open("wb") as log:
                slurm.started[name] = subprocess.Popen(
                    enter("env", "-C", str(folder), str(_find(name)), *words),
                    env=os.environ | slurm.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=folder,
                    start_new_session=True,
                )
            _wait_for(slurm, name)
        yield slurm
    finally:
        slurm.ask("scancel", "--full", "--state=RUNNING")
        slurm.ask("scancel", "--state=PENDING")
        end = time.monotonic() + 10
        while slurm.ask("squeue", "-h") and time.monotonic() < end:
            time.sleep(0.2)
        for process in reversed(slurm.started.values()):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(slurm: Slurm, name: str) -> None:
    until = time.monotonic() + START_LIMIT_S
    is_up = {
        "munged": (slurm.folder / "munge.socket").exists,
        "slurmctld": lambda: slurm.ask("sinfo", "-h") != "",
        "slurmd": lambda: slurm.ask("sinfo", "-h", "-o", "%T") in {"idle", "mixed", "allocated"},
    }[name]
    while not is_up():
        said = (slurm.folder / f"{name}.out").read_text(errors="replace")
        assert slurm.started[name].poll() is None, f"{name} ended: {said[-1500:]}\n{slurm.log()}"
        assert time.monotonic() < until, f"{name} did not come up: {said[-1500:]}\n{slurm.log()}"
        time.sleep(0.2)
