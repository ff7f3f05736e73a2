"""Endpoints: running a template without a definition, and running an old run again."""

from collections.abc import Mapping
from typing import Any

from hub_config.projects import Action
from hub_config.reports.database.submissions import Batch
from hub_config.reports.definitions import Problem
from hub_config.reports.definitions.template_paths import locate_template
from hub_config.reports.desk.rerunning import differences_of, rerun
from hub_config.reports.parameters import from_text
from hub_config.reports.service.api.endpoints import Call, Endpoint, Made
from hub_config.reports.service.api.requests import TemplateRun
from hub_config.reports.service.api.run_documents import DifferenceShown, Queued, RerunAnswer, RerunDifferences
from hub_config.reports.service.errors import ApiError
from hub_config.reports.service.scopes import Scope
from hub_config.reports.templates.templates import Template, inspect_template

__all__ = ["SUBMITTING_ENDPOINTS", "of_batch", "queued"]


def of_batch(batch: Batch) -> Queued:
    """Write down what became of a submission.

    Parameters
    ----------
    batch : Batch
        From the desk.

    Returns
    -------
    Queued
        The answer.
    """
    return Queued(batch=batch.batch_id, runs=list(batch.run_ids), is_new=batch.is_new)


def queued(document: Queued) -> Made:
    """Say where the run, or the batch of a sweep, is found.

    Parameters
    ----------
    document : Queued
        What was taken.

    Returns
    -------
    Made
        With 200 for what had been taken before.
    """
    address = f"runs/{document.runs[0]}" if len(document.runs) == 1 else f"batches/{document.batch}"
    return Made(document, address, status=201 if document.is_new else 200)


def _run_template(call: Call) -> Made:
    desk, project = call.kit.desk, call.path["project"]
    found = desk.project(project, person=call.person, action=Action.RUN)
    template = inspect_template(locate_template(call.body.template, folder=desk.book.folder(found.name)))
    batch = desk.run_template(
        template,
        project=project,
        values={**call.body.parameters, **_typed(template, call.body.texts)},
        person=call.person,
        now=call.now,
        idempotency_key=call.idempotency_key,
    )
    return queued(of_batch(batch))


def _typed(template: Template, texts: Mapping[str, str]) -> dict[str, Any]:
    """Read what a person typed; unknown names stay as they are, for the desk to refuse with the known ones."""
    types = {one.name: one.type for one in template.parameters}
    values: dict[str, Any] = dict(texts)
    problems = []
    for name in types.keys() & texts.keys():
        try:
            values[name] = from_text(types[name], texts[name])
        except ValueError as refused:
            problems.append(Problem(f"texts.{name}", "value", str(refused)))
    if problems:
        said = "; ".join(str(one) for one in problems)
        raise ApiError(f"The values do not fit; {said}. See the template's parameters.", status=422, problems=problems)
    return values


def _differences(call: Call) -> RerunDifferences:
    found = differences_of(call.kit.desk, call.path["run"], person=call.person)
    return RerunDifferences(run=call.path["run"], differences=[DifferenceShown(**vars(one)) for one in found])


def _rerun(call: Call) -> Made:
    made = rerun(call.kit.desk, call.path["run"], person=call.person, now=call.now)
    taken = of_batch(made.batch)
    differences = [DifferenceShown(**vars(one)) for one in made.differences]
    return queued(RerunAnswer(**taken.model_dump(), differences=differences))


SUBMITTING_ENDPOINTS = (
    Endpoint(
        method="POST", path="projects/{project}/runs", name="runTemplate",
        summary="Run a template once, without a definition.",
        scope=Scope.RUN, do=_run_template, answer=Queued, statuses=(201, 200), body=TemplateRun, is_idempotent=True,
        refusals=(404, 409, 413, 415, 422), example={"template": "quality_indicator", "parameters": {}},
    ),
    Endpoint(
        method="GET", path="runs/{run}/rerun", name="listRerunDifferences",
        summary="Say what would differ if the run were repeated now.",
        scope=Scope.READ, do=_differences, answer=RerunDifferences, refusals=(404, 422),
    ),
    Endpoint(
        method="POST", path="runs/{run}/rerun", name="rerun",
        summary="Repeat a run with its notebook, values and data, and say what differs all the same.",
        scope=Scope.RUN, do=_rerun, answer=RerunAnswer, statuses=(201,), refusals=(404, 409, 422),
    ),
)  # fmt: skip
