"""Endpoints: the service, the projects, the templates."""

from importlib.metadata import version

from hub_config.projects import Action, Project
from hub_config.reports.database.connection import time_text
from hub_config.reports.database.history import queue_figures
from hub_config.reports.parameters import json_schema
from hub_config.reports.service.api.documents import (
    ProjectList,
    ProjectShown,
    ServiceState,
    TemplateList,
    TemplateShown,
    TemplateSummary,
)
from hub_config.reports.service.api.endpoints import Call, Endpoint
from hub_config.reports.service.api.refusals import nothing_here
from hub_config.reports.service.api.requests import TemplateQuery
from hub_config.reports.service.scopes import Scope
from hub_config.reports.templates.templates import inspect_template

__all__ = ["PROJECT_ENDPOINTS"]


def _state(call: Call) -> ServiceState:
    seen = call.kit.board.seen_by(call.person)
    with call.kit.desk.database.reading() as connection:
        figures = queue_figures(connection, now=call.now)
    runs: dict[str, dict[str, int]] = {}
    for (project, state), n in figures["states"].items():
        if seen is None or project in seen:
            runs.setdefault(project, {})[state] = n
    return ServiceState(
        version=version("cohorthub"),
        time=time_text(call.now),
        began=time_text(call.kit.began),
        runs=runs,
        runners=dict(figures["runners"]),
    )


def _projects(call: Call) -> ProjectList:
    book = call.kit.desk.book
    found = book.of(call.person.name)
    if call.person.is_operator:
        known = {project.name for project in found}
        found += [project for project in book.everything() if project.name not in known]
    return ProjectList(projects=[_shown(project, call=call) for project in found])


def _project(call: Call) -> ProjectShown:
    return _shown(call.kit.desk.project(call.path["project"], person=call.person, action=Action.READ), call=call)


def _shown(project: Project, *, call: Call) -> ProjectShown:
    role = project.members.get(call.person.name)
    return ProjectShown(
        name=project.name,
        title=project.title,
        role=role.value if role is not None else None,
        actions=[action.value for action in Action if call.person.may(project, action)],
        timezone=project.timezone,
        expires=project.expires.isoformat() if project.expires is not None else None,
        datasets=list(project.datasets),
        targets=list(project.notify),
        limits=project.limits.model_dump(),
    )


def _templates(call: Call) -> TemplateList:
    return TemplateList(
        templates=[
            TemplateSummary(name=one.name, title=one.title, description=one.description, broken=one.broken)
            for one in call.kit.shelf.offers()
        ]
    )


def _template(call: Call) -> TemplateShown:
    offer = call.kit.shelf.get(call.path["template"])
    if offer is None:
        raise nothing_here("template")
    found = inspect_template(offer.path)
    choices = None
    if call.query.project is not None:
        desk = call.kit.desk
        choices = desk.known_names(desk.project(call.query.project, person=call.person, action=Action.READ))
    return TemplateShown(
        name=found.name,
        title=found.title,
        description=found.description,
        sha256=found.sha256,
        n_cells=found.n_cells,
        parameters=json_schema(found.parameters, today=call.now.date(), choices=choices),
    )


PROJECT_ENDPOINTS = (
    Endpoint(
        method="GET", path="state", name="showService", summary="Show the service, and what waits for it.",
        scope=Scope.READ, do=_state, answer=ServiceState,
    ),
    Endpoint(
        method="GET", path="projects", name="listProjects", summary="List the projects of the person.",
        scope=Scope.READ, do=_projects, answer=ProjectList,
    ),
    Endpoint(
        method="GET", path="projects/{project}", name="showProject", summary="Show a project and one's rights in it.",
        scope=Scope.READ, do=_project, answer=ProjectShown, refusals=(404,),
    ),
    Endpoint(
        method="GET", path="templates", name="listTemplates", summary="List the reports that ship with CohortHub.",
        scope=Scope.READ, do=_templates, answer=TemplateList,
    ),
    Endpoint(
        method="GET", path="templates/{template}", name="showTemplate",
        summary="Show a template with its parameters as JSON Schema.",
        scope=Scope.READ, do=_template, answer=TemplateShown, query=TemplateQuery, refusals=(404, 422),
    ),
)  # fmt: skip
