"""What the hub is told of a runner before any spawner starts it."""

import pytest
from batchspawner import SlurmSpawner
from jupyterhub import orm
from tornado.web import HTTPError

from hub_config.reports.runners.names import new_runner_name
from hub_config.reports.runners.spawning import PrepareRunner, runner_command

PREPARE = PrepareRunner({"COHORTHUB_HOME": "/srv/home"})


def slurm(name: str, **settings: str) -> SlurmSpawner:
    return SlurmSpawner(orm_spawner=orm.Spawner(name=name), **settings)


def test_a_job_of_slurm_is_not_started_a_second_time() -> None:
    spawner = slurm(new_runner_name())
    before = spawner.batch_script
    PREPARE(spawner)
    PREPARE(spawner)
    first, second, *rest = spawner.batch_script.split("\n")
    assert first.startswith("#!")
    assert second == "#SBATCH --no-requeue"
    assert [first, *rest] == before.split("\n")
    assert spawner.cmd == runner_command()


@pytest.mark.parametrize("settings", [{"req_options": "--requeue"}, {"batch_script": "#!/bin/sh\n#SBATCH --requeue\n"}])
def test_an_operator_who_says_something_else_of_it_is_heard(settings: dict[str, str]) -> None:
    spawner = slurm(new_runner_name(), **settings)
    before = spawner.batch_script
    PREPARE(spawner)
    assert spawner.batch_script == before


def test_other_named_servers_are_refused_and_people_are_left_alone() -> None:
    with pytest.raises(HTTPError):
        PREPARE(slurm("notebook-2"))
    own = slurm("")
    before = own.batch_script
    PREPARE(own)
    assert own.batch_script == before
