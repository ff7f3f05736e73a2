"""The API compares two runs as the pages do: with the tolerances of the later one's definition."""

import datetime as dt

import pytest

from hub_config.reports.desk import Desk, ProjectBook
from hub_config.reports.service.api import Kit
from hub_config.reports.service.api.about_runs import RUN_ENDPOINTS
from hub_config.reports.service.api.endpoints import Call
from hub_config.reports.service.api.rate_limits import RateLimit
from hub_config.reports.service.api.requests import ComparisonQuery
from hub_config.reports.service.shelf import Shelf

from ..planted import DOCUMENT, write_definition, write_runs


@pytest.mark.parametrize(("tolerance", "is_changed"), [(5.0, False), (1.0, True)])
def test_two_runs_are_compared_with_the_tolerances_of_their_definition(read, tolerance, is_changed):
    write_definition(read, document=DOCUMENT | {"compare": {"falls": {"absolute": tolerance, "exact_integers": False}}})
    (before,), (after,) = write_runs(read, 10, day=1), write_runs(read, 12, day=2)
    desk = Desk(database=read.database, book=ProjectBook(read.home), data=read.home / "data")
    kit = Kit(desk=desk, board=read.board, shelf=Shelf(read.home), prefix="/", limit=RateLimit(9, 9))
    (compare,) = (one for one in RUN_ENDPOINTS if one.name == "compareRuns")
    call = Call(
        kit=kit,
        person=read.person,
        now=dt.datetime.now(dt.UTC),
        path={"run": before},
        may=lambda _: True,
        query=ComparisonQuery.model_validate({"with": after}),
    )
    answer = compare.do(call)
    kit.threads.shutdown()
    assert answer.comparison["changes"]["is_changed"] is is_changed
    assert answer.exact["differences"] == [{"output": "falls", "what": "value", "file": ""}], "whatever the tolerance"
    assert answer.text.endswith("not the same; found differences in falls.\n")
