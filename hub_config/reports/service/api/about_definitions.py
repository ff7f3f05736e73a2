"""Endpoints: report definitions, from the first draft to the approval, and the times they are due."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hub_config.projects import Action
from hub_config.reports.calendar import Slot
from hub_config.reports.changes import diff_notebooks, notebook_diff_text
from hub_config.reports.database.connection import time_text
from hub_config.reports.database.definitions import find_definitions, slots_of
from hub_config.reports.definitions import Definition, DefinitionError, Problem, diff_definitions
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.checking import Draft, check_definition, next_times
from hub_config.reports.desk.defining import (
    approve_draft,
    discard_draft,
    draft_of,
    find_definition,
    pause_definition,
    remove,
    save_definition,
)
from hub_config.reports.desk.errors import DefinitionUnknownError
from hub_config.reports.desk.kept_sweeps import sweep_change
from hub_config.reports.desk.versions import saved_version
from hub_config.reports.service.api.documents import (
    DecidedSlot,
    DefinitionChange,
    DefinitionDifference,
    DefinitionList,
    DefinitionShown,
    DefinitionSummary,
    DraftChecked,
    DueTime,
    DueTimes,
    ProblemShown,
)
from hub_config.reports.service.api.endpoints import Call, Endpoint, Made, Versioned
from hub_config.reports.service.api.refusals import lacks_scope
from hub_config.reports.service.api.requests import Approval, SlotsQuery, WriteQuery
from hub_config.reports.service.api.run_documents import Queued
from hub_config.reports.service.api.submitting import of_batch, queued
from hub_config.reports.service.scopes import Scope

__all__ = ["DEFINITION_ENDPOINTS"]

EXAMPLE = {
    "name": "monthly-quality",
    "title": "Monthly quality of all wards",
    "template": "quality_indicator",
    "parameters": {"first_date": "{year:-1.start}", "last_date": "{month:-1.end}"},
    "schedule": ["first weekday of the month at 07:00"],
}


def _list(call: Call) -> DefinitionList:
    found = call.kit.desk.project(call.path["project"], person=call.person, action=Action.READ)
    with call.kit.desk.database.reading() as connection:
        rows = find_definitions(connection, projects=[found.name])
    return DefinitionList(definitions=[DefinitionSummary(**_summary(row)) for row in rows])


def _summary(row: Any) -> dict[str, Any]:
    return {
        "project": row.project,
        "name": row.name,
        "title": (row.document or row.draft or {}).get("title", row.name),
        "is_approved": row.document is not None,
        "has_draft": row.draft is not None,
        "enabled": row.enabled,
        "next_slot": row.next_slot,
        "broken": row.broken,
    }


def _row(call: Call) -> Any:
    return find_definition(call.kit.desk, call.path["definition"], project=call.path["project"], person=call.person)


def _shown(row: Any) -> DefinitionShown:
    names = ("document", "document_sha256", "template_sha256", "approved_by", "approved_at", "draft", "draft_sha256",
             "draft_template_sha256", "drafted_by", "drafted_at")  # fmt: skip
    shown = {name: getattr(row, name) for name in names}
    return DefinitionShown(**_summary(row), version=saved_version(row), **shown)


def _show(call: Call) -> Versioned:
    shown = _shown(_row(call))
    return Versioned(shown, shown.version)


def _put(call: Call) -> DraftChecked | Versioned:
    name, project = call.path["definition"], call.path["project"]
    definition = parse_definition(call.body)
    if definition.name != name:
        raise DefinitionError([Problem("name", "other-name", "must be the name in the address")])
    if call.query.approve and not call.may(Scope.APPROVE):
        raise lacks_scope(Scope.APPROVE)
    common: dict[str, Any] = {"project": project, "person": call.person, "now": call.now}
    row = _row_or_none(call)
    before = parse_definition(row.document) if row is not None and row.document is not None else None
    if call.query.dry_run:
        call.kit.desk.project(project, person=call.person, action=Action.DEFINE)
        draft = check_definition(call.kit.desk, definition, **common)
        if draft.problems or draft.template is None:
            raise DefinitionError(draft.problems)
        call.condition.check(row)
        draft = replace(draft, version=saved_version(row) if row is not None else None)
    else:
        draft = save_definition(
            call.kit.desk, definition, approve_too=call.query.approve, condition=call.condition, **common
        )
    checked = _checked(draft, call=call, before=before)
    return Versioned(checked, draft.version) if draft.version is not None else checked


def _row_or_none(call: Call) -> Any:
    try:
        return _row(call)
    except DefinitionUnknownError:
        return None


def _checked(draft: Draft, *, call: Call, before: Definition | None) -> DraftChecked:
    written = not call.query.dry_run
    return DraftChecked(
        project=call.path["project"],
        name=draft.definition.name,
        written=written,
        approved=written and call.query.approve,
        document_sha256=draft.sha256,
        template_sha256=draft.template.sha256 if draft.template is not None else "",
        version=draft.version,
        problems=[ProblemShown(**problem.to_dict()) for problem in draft.problems],
        next=_times(draft.slots),
        changes=_changes(before, draft.definition) if before is not None else [],
        is_first=before is None,
    )


def _times(slots: Sequence[Slot]) -> list[DueTime]:
    return [DueTime(at=time_text(slot.at), local=slot.local.isoformat(), zone=slot.zone) for slot in slots]


def _changes(before: Definition, after: Definition) -> list[DefinitionChange]:
    return [DefinitionChange(**change.to_dict()) for change in diff_definitions(before, after)]


def _delete(call: Call) -> DefinitionShown:
    row = _row(call)
    remove(call.kit.desk, row.name, project=row.project, person=call.person, condition=call.condition)
    return _shown(row)


def _discard(call: Call) -> DefinitionShown:
    row = _row(call)
    discard_draft(
        call.kit.desk, row.name, project=row.project, person=call.person, now=call.now, condition=call.condition
    )
    return _shown(row)


def _approve(call: Call) -> Versioned:
    approve_draft(
        call.kit.desk,
        call.path["definition"],
        project=call.path["project"],
        hashes=(call.body.document_sha256, call.body.template_sha256),
        person=call.person,
        now=call.now,
        comment=call.body.comment,
        condition=call.condition,
    )
    return _show(call)


def _pause(call: Call) -> Versioned:
    return _set_enabled(call, enabled=False)


def _resume(call: Call) -> Versioned:
    return _set_enabled(call, enabled=True)


def _set_enabled(call: Call, *, enabled: bool) -> Versioned:
    pause_definition(
        call.kit.desk,
        call.path["definition"],
        project=call.path["project"],
        enabled=enabled,
        person=call.person,
        now=call.now,
        condition=call.condition,
    )
    return _show(call)


def _diff(call: Call) -> DefinitionDifference:
    row = _row(call)
    old, new = draft_of(call.kit.desk, row)
    notebook, text = None, ""
    if old is not None and new is not None:
        found = diff_notebooks(old, new)
        notebook, text = (found.to_dict(), notebook_diff_text(found)) if found.is_changed else (None, "")
    both = row.document is not None and row.draft is not None
    with call.kit.desk.database.reading() as connection:
        sweep = sweep_change(connection, row) if both else None
    fields = _changes(parse_definition(row.document), parse_definition(row.draft)) if both else []
    return DefinitionDifference(
        fields=[*fields, *([DefinitionChange(**sweep.to_dict())] if sweep is not None else [])],
        notebook=notebook,
        text=text,
        document_sha256=row.draft_sha256,
        template_sha256=row.draft_template_sha256,
        is_first=row.document is None,
    )


def _slots(call: Call) -> DueTimes:
    row = _row(call)
    found = call.kit.desk.project(call.path["project"], person=call.person, action=Action.READ)
    with call.kit.desk.database.reading() as connection:
        decided = slots_of(connection, project=row.project, name=row.name)
    document = row.document or row.draft
    times = next_times(parse_definition(document), project=found, now=call.now, n=call.query.n) if document else []
    return DueTimes(
        enabled=row.enabled and row.document is not None,
        broken=row.broken,
        next=_times(times),
        decided=[
            DecidedSlot(
                slot=one.slot,
                until=one.until,
                n=one.n,
                decision=one.decision,
                reason=one.reason,
                decided_at=one.decided_at,
                batch=one.batch_id,
            )
            for one in decided
        ],
    )


def _run(call: Call) -> Made:
    batch = call.kit.desk.run_definition(
        call.path["definition"],
        project=call.path["project"],
        person=call.person,
        now=call.now,
        idempotency_key=call.idempotency_key,
    )
    return queued(of_batch(batch))


ROOT = "projects/{project}/definitions"
ONE = ROOT + "/{definition}"
DEFINITION_ENDPOINTS = (
    Endpoint(
        method="GET", path=ROOT, name="listDefinitions", summary="List the report definitions of a project.",
        scope=Scope.READ, do=_list, answer=DefinitionList, refusals=(404,),
    ),
    Endpoint(
        method="GET", path=ONE, name="showDefinition", summary="Show a report definition and its draft.",
        scope=Scope.READ, do=_show, answer=DefinitionShown, refusals=(404,), gives_version=True,
    ),
    Endpoint(
        method="PUT", path=ONE, name="writeDefinition",
        summary="Write a draft of a report definition; what is approved goes on until a lead approves the draft.",
        scope=Scope.DEFINE, do=_put, answer=DraftChecked, query=WriteQuery, body=Definition, parses_body=False,
        refusals=(404, 409, 412, 413, 415, 422), example=EXAMPLE,
        gives_version=True, takes_version=True, takes_new=True,
    ),
    Endpoint(
        method="DELETE", path=ONE, name="deleteDefinition", summary="Take a report definition away; its runs stay.",
        scope=Scope.APPROVE, do=_delete, answer=DefinitionShown, refusals=(404, 412), takes_version=True,
    ),
    Endpoint(
        method="DELETE", path=ONE + "/draft", name="discardDraft", summary="Throw the draft of a definition away.",
        scope=Scope.DEFINE, do=_discard, answer=DefinitionShown, refusals=(404, 412), takes_version=True,
    ),
    Endpoint(
        method="POST", path=ONE + "/approval", name="approveDefinition",
        summary="Approve the draft that one has looked at, by its hashes.",
        scope=Scope.APPROVE, do=_approve, answer=DefinitionShown, body=Approval,
        refusals=(404, 409, 412, 413, 415, 422), gives_version=True, takes_version=True,
        example={"document_sha256": "0" * 64, "template_sha256": "0" * 64, "comment": "Checked with ward 3."},
    ),
    Endpoint(
        method="POST", path=ONE + "/pause", name="pauseDefinition", summary="Stop following the schedule.",
        scope=Scope.DEFINE, do=_pause, answer=DefinitionShown, refusals=(404, 412),
        gives_version=True, takes_version=True,
    ),
    Endpoint(
        method="POST", path=ONE + "/resume", name="resumeDefinition", summary="Follow the schedule again.",
        scope=Scope.DEFINE, do=_resume, answer=DefinitionShown, refusals=(404, 412),
        gives_version=True, takes_version=True,
    ),
    Endpoint(
        method="GET", path=ONE + "/diff", name="diffDefinition",
        summary="Compare the draft with what is approved: fields, and the notebook cell by cell.",
        scope=Scope.READ, do=_diff, answer=DefinitionDifference, refusals=(404, 422),
    ),
    Endpoint(
        method="GET", path=ONE + "/slots", name="listSlots", summary="List the next times it is due, and past ones.",
        scope=Scope.READ, do=_slots, answer=DueTimes, query=SlotsQuery, refusals=(404, 422),
    ),
    Endpoint(
        method="POST", path=ONE + "/runs", name="runDefinition",
        summary="Run what was approved now, whatever the schedule says.",
        scope=Scope.RUN, do=_run, answer=Queued, statuses=(201, 200), is_idempotent=True,
        refusals=(404, 409, 422),
    ),
)  # fmt: skip
