"""Submissions over the API: seen by those who see them on their pages."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from hub_config.reports.database.tables import runs
from hub_config.reports.desk import Person
from hub_config.reports.service.api.about_runs import RUN_ENDPOINTS
from hub_config.reports.service.errors import ApiError

from ..planted import write_runs


def test_an_operator_reads_a_submission_of_the_command_line_as_on_its_page(read):
    (run_id,) = write_runs(read, 1, day=1, project="~", definition=None)
    with read.database.reading() as connection:
        batch = connection.execute(sa.select(runs.c.batch_id).where(runs.c.id == run_id)).scalar_one()
    (show,) = (one for one in RUN_ENDPOINTS if (one.method, one.path) == ("GET", "batches/{batch}"))
    desk = SimpleNamespace(database=read.database, book=read.board.book)

    def shown(person: Person):
        kit = SimpleNamespace(desk=desk, board=read.board)
        return show.do(SimpleNamespace(kit=kit, path={"batch": batch}, person=person))

    assert [run.id for run in shown(Person("operator", is_operator=True)).runs] == [run_id]
    with pytest.raises(ApiError) as refused:
        shown(Person("researcher-2"))
    assert refused.value.status == 404
