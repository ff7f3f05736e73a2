"""Putting runs into the queue: once, however often the same request comes."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.connection import time_text
from hub_config.reports.database.errors import IdempotencyError, QueueFullError
from hub_config.reports.database.states import ACTIVE
from hub_config.reports.database.tables import batches, events, runs, templates
from hub_config.reports.folders.run_folders import new_run_id

__all__ = ["BY_SCHEDULE", "Batch", "NewRun", "Submission", "keep_template", "note_event", "repeat", "submit"]

_NOTE = sa.insert(events)

BY_SCHEDULE = "~schedule"  # who asked for a run that no person asked for; no account begins with this sign


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """One run to be put into the queue; all of it is checked already.

    Parameters
    ----------
    template_name, template_sha256, title : str
        What runs; its content is kept with `keep_template` before.
    title_ko : str or None
        The title in Korean, where its definition has one.
    parameters : mapping
        The value of every parameter.
    written : mapping
        The same as it was written, where that differs: relative dates.
    given : sequence of str
        Names of those whose value is not the template's own.
    label : str
        What tells it from the others of its sweep.
    releases : mapping of str to str
        Data set to release, where pinned.
    limits : mapping
        ``cell_s`` and ``run_s``.
    retry : mapping
        ``left``, ``delay_s`` and ``states``: which ends may be tried again. Empty: none.
    priority : int
        Higher first.
    not_before : datetime or None
        When it may begin.
    late_at : datetime or None
        When it is late if it has not ended.
    attempt : int
        1 for the first.
    retry_of, rerun_of : str or None
        The run that it repeats.
    """

    template_name: str
    template_sha256: str
    title: str
    parameters: Mapping[str, Any]
    title_ko: str | None = None
    written: Mapping[str, Any] = field(default_factory=dict)
    given: Sequence[str] = ()
    label: str = ""
    releases: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    retry: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0
    not_before: dt.datetime | None = None
    late_at: dt.datetime | None = None
    attempt: int = 1
    retry_of: str | None = None
    rerun_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One request: one run, or all of a sweep.

    Parameters
    ----------
    project, account : str
        Whose it is, and as whom it runs.
    submitted_by : str
        Person, or `BY_SCHEDULE`.
    runs : sequence of NewRun
        At least one.
    definition : str or None
        The report definition it comes from.
    slot : datetime or None
        The slot it is for.
    idempotency_key : str or None
        The sender's name for this request.
    most_queued : int
        How many runs of the project may wait or run.
    state : str
        ``queued``, or ``skipped`` for a slot that is only recorded.
    state_reason : str or None
        Why it was skipped.
    """

    project: str
    account: str
    submitted_by: str
    runs: Sequence[NewRun]
    definition: str | None = None
    slot: dt.datetime | None = None
    idempotency_key: str | None = None
    most_queued: int = 500
    state: str = "queued"
    state_reason: str | None = None

    @property
    def sha256(self) -> str:
        """What tells this request from another with the same key."""
        # As it was written: dates and newest releases may be others when the same request comes again.
        asked = [[one.template_sha256, {**one.parameters, **one.written}] for one in self.runs]
        text = json.dumps([self.definition, asked], sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Batch:
    """What became of a submission.

    Parameters
    ----------
    batch_id : str
        Its id.
    run_ids : tuple of str
        In the order given.
    is_new : bool
        False if the same request had come before.
    """

    batch_id: str
    run_ids: tuple[str, ...]
    is_new: bool


def keep_template(tx: Connection, *, sha256: str, name: str, content: bytes, now: dt.datetime) -> None:
    """Keep the content of a template, unless it is kept already.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    sha256, name : str
        Its hash, and its name for people.
    content : bytes
        The file.
    now : datetime
        With a zone.
    """
    known = tx.execute(sa.select(templates.c.sha256).where(templates.c.sha256 == sha256)).first()
    if known is None:
        tx.execute(sa.insert(templates).values(sha256=sha256, name=name, content=content, kept_at=time_text(now)))


def submit(tx: Connection, submission: Submission, *, now: dt.datetime) -> Batch:
    """Put the runs of a submission into the queue, all or none.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    submission : Submission
        Checked.
    now : datetime
        With a zone.

    Returns
    -------
    Batch
        The one made before, if the same request with the same key had come.

    Raises
    ------
    IdempotencyError
        If the key belongs to another request.
    QueueFullError
        If too many runs of the project wait.
    """
    earlier = _earlier(tx, submission)
    if earlier is not None:
        return earlier
    if submission.state == "queued":
        _check_room(tx, submission)
    batch_id = f"b-{new_run_id()}"
    tx.execute(
        sa.insert(batches).values(
            id=batch_id,
            project=submission.project,
            definition=submission.definition,
            slot=time_text(submission.slot) if submission.slot else None,
            idempotency_key=submission.idempotency_key,
            request_sha256=submission.sha256,
            submitted_by=submission.submitted_by,
            submitted_at=time_text(now),
            n_runs=len(submission.runs),
        )
    )
    run_ids = _insert(tx, submission, batch_id=batch_id, now=now)
    return Batch(batch_id, run_ids, is_new=True)


def repeat(tx: Connection, run: Row[Any], *, again: NewRun, submitted_by: str, now: dt.datetime) -> str:
    """Queue a run that repeats another, in the batch of that, however full the queue is.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    run : Row
        The run that is repeated.
    again : NewRun
        How.
    submitted_by : str
        Who wants it.
    now : datetime
        With a zone.

    Returns
    -------
    str
        The new run's id.
    """
    submission = Submission(
        project=run.project,
        account=run.account,
        submitted_by=submitted_by,
        runs=[again],
        definition=run.definition,
        slot=dt.datetime.fromisoformat(run.slot) if run.slot else None,
    )
    (run_id,) = _insert(tx, submission, batch_id=run.batch_id, now=now, first_index=run.batch_index)
    note_event(tx, run.id, kind="retry", who=submitted_by, now=now, text=run_id)
    return run_id


def _insert(
    tx: Connection, submission: Submission, *, batch_id: str, now: dt.datetime, first_index: int = 0
) -> tuple[str, ...]:
    run_id = new_run_id()
    run_ids = (run_id,) if len(submission.runs) == 1 else tuple(f"{run_id}-{n}" for n in range(len(submission.runs)))
    rows = [
        _row(one, submission, run_id=run_id, index=index, batch_id=batch_id, now=now)
        for index, (run_id, one) in enumerate(zip(run_ids, submission.runs, strict=True), start=first_index)
    ]
    tx.execute(sa.insert(runs), rows)
    for run_id in run_ids:
        note_event(tx, run_id, kind=submission.state, who=submission.submitted_by, now=now)
    return run_ids


def _earlier(tx: Connection, submission: Submission) -> Batch | None:
    if submission.idempotency_key is None:
        return None
    found = tx.execute(
        sa.select(batches.c.id, batches.c.request_sha256).where(
            batches.c.project == submission.project, batches.c.idempotency_key == submission.idempotency_key
        )
    ).first()
    if found is None:
        return None
    if found.request_sha256 != submission.sha256:
        raise IdempotencyError(
            "The idempotency key was used before; found another request under it. Send this one with a key of its own."
        )
    rows = tx.execute(
        sa.select(runs.c.id)
        .where(runs.c.batch_id == found.id, runs.c.retry_of.is_(None))
        .order_by(runs.c.batch_index, runs.c.attempt)
    )
    return Batch(found.id, tuple(row.id for row in rows), is_new=False)


def _check_room(tx: Connection, submission: Submission) -> None:
    waiting = tx.execute(
        sa.select(sa.func.count())
        .select_from(runs)
        .where(runs.c.project == submission.project, runs.c.state.in_(ACTIVE))
    ).scalar_one()
    if waiting + len(submission.runs) > submission.most_queued:
        raise QueueFullError(
            f"The project's queue is full; {waiting} runs wait or run, {len(submission.runs)} more were asked for, and "
            f"the limit is {submission.most_queued}. Wait until some have ended, or cancel some."
        )


def _row(
    one: NewRun, submission: Submission, *, run_id: str, index: int, batch_id: str, now: dt.datetime
) -> dict[str, Any]:
    is_over = submission.state != "queued"
    return {
        "id": run_id,
        "project": submission.project,
        "account": submission.account,
        "batch_id": batch_id,
        "batch_index": index,
        "label": one.label,
        "definition": submission.definition,
        "slot": time_text(submission.slot) if submission.slot else None,
        "template_name": one.template_name,
        "template_sha256": one.template_sha256,
        "title": one.title,
        "title_ko": one.title_ko,
        "parameters": dict(one.parameters),
        "written": dict(one.written),
        "given": list(one.given),
        "releases": dict(one.releases),
        "limits": dict(one.limits),
        "retry": dict(one.retry),
        "attempt": one.attempt,
        "retry_of": one.retry_of,
        "rerun_of": one.rerun_of,
        "priority": one.priority,
        "submitted_by": submission.submitted_by,
        "queued_at": time_text(now),
        "not_before": time_text(one.not_before or now),
        "late_at": time_text(one.late_at) if one.late_at is not None else None,
        "state": submission.state,
        "state_reason": submission.state_reason,
        "ended_at": time_text(now) if is_over else None,
        "heard": 0,
        "cell_title": "",
        "facts": {},
        "is_kept": False,
        "is_late": False,
        "is_settled": False,
    }


def note_event(
    tx: Connection, run_id: str, *, kind: str, now: dt.datetime, who: str | None = None, text: str = ""
) -> None:
    """Write down what happened to a run, for its page and for whoever asks later.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    run_id : str
        Which.
    kind : str
        A state, or ``cell``, ``stop``, ``lost``, ``late``, ``retry``.
    now : datetime
        With a zone.
    who : str, optional
        The person or runner that did it.
    text : str, optional
        A line without data.
    """
    tx.execute(_NOTE, {"run_id": run_id, "at": time_text(now), "kind": kind, "who": who, "text": text[:300]})
