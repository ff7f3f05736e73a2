"""Endpoints: runs as they are, what happened to them, and submissions with the runs of a sweep."""

import base64
import binascii
import io
import re
from collections import Counter
from typing import Any

from hub_config.projects import Action
from hub_config.reports.changes import comparison_text
from hub_config.reports.database.history import RunFilter, events_of, find_batch
from hub_config.reports.definitions import Problem
from hub_config.reports.desk.keeping import keep_run
from hub_config.reports.desk.project_book import COMMAND_LINE
from hub_config.reports.desk.removing import remove_run
from hub_config.reports.service.api.endpoints import Call, Download, Endpoint
from hub_config.reports.service.api.refusals import nothing_here
from hub_config.reports.service.api.requests import ComparisonQuery, EventsQuery, RollUpQuery, RunsQuery
from hub_config.reports.service.api.run_documents import (
    BatchShown,
    CancelAnswer,
    ComparisonShown,
    EventList,
    EventShown,
    KeepAnswer,
    RemoveAnswer,
    RollUpShown,
    RunList,
    RunShown,
    shown_run,
)
from hub_config.reports.service.board import Run
from hub_config.reports.service.errors import ApiError
from hub_config.reports.service.reading.comparisons import Comparisons, roll_up_whole
from hub_config.reports.service.scopes import Scope

__all__ = ["RUN_ENDPOINTS", "seen_run"]

CURSOR = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/[A-Za-z0-9][A-Za-z0-9_-]{0,79}", re.ASCII)


def seen_run(call: Call, *, run_id: str | None = None) -> Run:
    """Give the run in the address.

    Parameters
    ----------
    call : Call
        The request.
    run_id : str, optional
        Another one.

    Returns
    -------
    Run
        As it is now.

    Raises
    ------
    ApiError
        404 if there is none, and just so if it is not for this person.
    """
    run = call.kit.board.find(run_id or call.path["run"], person=call.person)
    if run is None:
        raise nothing_here("run")
    return run


def _list(call: Call) -> RunList:
    query = call.query
    if query.project is not None:
        call.kit.desk.project(query.project, person=call.person, action=Action.READ)
    wanted = RunFilter(
        projects=[query.project] if query.project is not None else None,
        definition=query.definition,
        template=query.template,
        states=["running", "closing"] if query.state == "running" else [query.state] if query.state else None,
        submitted_by=query.submitted_by,
        since=query.since,
        until=query.until,
    )
    before = _decoded(query.cursor) if query.cursor is not None else None
    found = call.kit.board.newest(call.person, wanted=wanted, limit=query.limit + 1, before=before)
    shown = [shown_run(run) for run in found[: query.limit]]
    more = len(found) > query.limit
    return RunList(runs=shown, cursor=_encoded(shown[-1]) if more else None)


def _encoded(run: RunShown) -> str:
    return base64.urlsafe_b64encode(f"{run.queued_at}/{run.id}".encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        place = ""
    if CURSOR.fullmatch(place) is None:
        raise ApiError(
            "The cursor is not one that a page of runs gave; found other text. List from the beginning.",
            status=422,
            problems=[Problem("query.cursor", "cursor", "is not one that a page of runs gave")],
        )
    return place


def _show(call: Call) -> RunShown:
    return shown_run(seen_run(call))


def _cancel(call: Call) -> CancelAnswer:
    seen_run(call)
    asked = call.kit.desk.cancel(call.path["run"], person=call.person, now=call.now)
    return CancelAnswer(run=call.path["run"], asked=asked, state=shown_run(seen_run(call)).state)


def _keep(call: Call) -> KeepAnswer:
    return _kept(call, is_kept=True)


def _let_go(call: Call) -> KeepAnswer:
    return _kept(call, is_kept=False)


def _kept(call: Call, *, is_kept: bool) -> KeepAnswer:
    run = seen_run(call)
    changed = keep_run(call.kit.desk, run.run_id, is_kept=is_kept, person=call.person, now=call.now)
    return KeepAnswer(run=run.run_id, is_kept=is_kept, changed=changed)


def _remove(call: Call) -> RemoveAnswer:
    run = seen_run(call)
    removal = remove_run(call.kit.desk, run.run_id, person=call.person, now=call.now)
    return RemoveAnswer(run=run.run_id, is_gone=removal.is_gone, changed=removal.changed)


def _events(call: Call) -> EventList:
    run = seen_run(call)
    with call.kit.desk.database.reading() as connection:
        found = events_of(connection, run.run_id, after=call.query.after)
    events = [EventShown(id=one.id, at=one.at, kind=one.kind, who=one.who, text=one.text) for one in found]
    return EventList(events=events, state=shown_run(run).state)


def _compare(call: Call) -> ComparisonShown:
    before, after = seen_run(call), seen_run(call, run_id=call.query.other)
    comparisons = Comparisons(call.kit.desk.database)
    found, exact = comparisons.compare(before, after), comparisons.compare_exactly(before, after)
    if found is None or exact is None:
        raise ApiError(
            "The runs cannot be compared; found one without a folder. Compare runs that have ended and are there.",
            status=409,
        )
    return ComparisonShown(
        before=before.run_id,
        after=after.run_id,
        comparison=found.to_dict(),
        exact=exact.to_document(),
        text=f"{comparison_text(found).rstrip()}\n{exact.sentence}\n",
    )


def _batch_row(call: Call) -> Any:
    with call.kit.desk.database.reading() as connection:
        row = find_batch(connection, call.path["batch"])
    if row is None or not _may_see(call, row.project):
        raise nothing_here("batch")
    return row


def _may_see(call: Call, name: str) -> bool:
    """Whether the person may see what belongs to a project; runs of the command line belong to none."""
    if name == COMMAND_LINE:
        return call.person.is_operator
    project = call.kit.desk.book.get(name)
    return project is not None and call.person.may(project, Action.READ)


def _batch(call: Call) -> BatchShown:
    row = _batch_row(call)
    shown = [shown_run(run) for run in call.kit.board.of_batch(row.id)]
    return BatchShown(
        id=row.id,
        project=row.project,
        definition=row.definition,
        slot=row.slot,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        n_runs=row.n_runs,
        states=dict(Counter(run.state for run in shown)),
        runs=shown,
    )


def _roll_up(call: Call) -> RollUpShown | Download:
    row = _batch_row(call)
    found = roll_up_whole([run.folder for run in call.kit.board.of_batch(row.id)])
    if call.query.format == "csv":
        content = io.BytesIO(found.to_csv().encode("utf-8-sig"))
        return Download(content, f"{row.id}.csv", {"Content-Type": "text/csv; charset=utf-8"})
    return RollUpShown(batch=row.id, **found.to_dict())


RUN_ENDPOINTS = (
    Endpoint(
        method="GET", path="runs", name="listRuns", summary="List the runs that the person may see, the newest first.",
        scope=Scope.READ, do=_list, answer=RunList, query=RunsQuery, refusals=(404, 422),
    ),
    Endpoint(
        method="GET", path="runs/{run}", name="showRun", summary="Show a run.",
        scope=Scope.READ, do=_show, answer=RunShown, refusals=(404,),
    ),
    Endpoint(
        method="POST", path="runs/{run}/cancel", name="cancelRun", summary="Stop a run and all that it has started.",
        scope=Scope.RUN, do=_cancel, answer=CancelAnswer, refusals=(404,),
    ),
    Endpoint(
        method="POST", path="runs/{run}/keep", name="keepRun", summary="Keep a run however old it gets.",
        scope=Scope.RUN, do=_keep, answer=KeepAnswer, refusals=(404, 409),
    ),
    Endpoint(
        method="POST", path="runs/{run}/let-go", name="letRunGo",
        summary="Keep a run no longer than the project keeps others.",
        scope=Scope.RUN, do=_let_go, answer=KeepAnswer, refusals=(404,),
    ),
    Endpoint(
        method="DELETE", path="runs/{run}", name="removeRun",
        summary="Remove a run that has ended: what it wrote goes for good; what ran, when and for whom stays known.",
        scope=Scope.REMOVE, do=_remove, answer=RemoveAnswer, refusals=(404, 409),
    ),
    Endpoint(
        method="GET", path="runs/{run}/events", name="listEvents", summary="List what happened to a run.",
        scope=Scope.READ, do=_events, answer=EventList, query=EventsQuery, refusals=(404,),
    ),
    Endpoint(
        method="GET", path="runs/{run}/comparison", name="compareRuns",
        summary="Compare a run with a later one, number by number.",
        scope=Scope.READ, do=_compare, answer=ComparisonShown, query=ComparisonQuery, refusals=(404, 409, 422),
    ),
    Endpoint(
        method="GET", path="batches/{batch}", name="showBatch", summary="Show a submission with all its runs.",
        scope=Scope.READ, do=_batch, answer=BatchShown, refusals=(404,),
    ),
    Endpoint(
        method="GET", path="batches/{batch}/roll-up", name="rollUpBatch",
        summary="Put the numbers of a submission's runs side by side.",
        scope=Scope.READ, do=_roll_up, answer=RollUpShown, query=RollUpQuery, refusals=(404,),
    ),
)  # fmt: skip
