"""Endpoints: the secrets of a project. They are set and taken away; a value goes in, and never out."""

from hub_config.projects import Action, ProjectError
from hub_config.projects.secrets import LARGEST, SHORTEST, check_secret
from hub_config.reports.definitions import Problem
from hub_config.reports.desk.project_secrets import ProjectSecret, remove_secret, secrets_of, set_secret
from hub_config.reports.service.api.documents import SecretList, SecretRemoved, SecretSet, SecretShown
from hub_config.reports.service.api.endpoints import Call, Endpoint
from hub_config.reports.service.api.refusals import nothing_here
from hub_config.reports.service.api.requests import SecretValue
from hub_config.reports.service.errors import ApiError
from hub_config.reports.service.scopes import Scope

__all__ = ["SECRET_ENDPOINTS"]


def _list(call: Call) -> SecretList:
    found = secrets_of(call.kit.desk, call.path["project"], person=call.person, now=call.now)
    return SecretList(secrets=[_shown(one) for one in found.secrets], unread=list(found.unread))


def _shown(one: ProjectSecret) -> SecretShown:
    return SecretShown(
        name=one.name,
        set_at=one.set_at,
        is_usable=one.is_usable,
        definitions=list(one.definitions),
        targets=list(one.targets),
    )


def _put(call: Call) -> SecretSet:
    project, name = call.path["project"], call.path["secret"]
    value = call.body.value.get_secret_value()
    call.kit.desk.project(project, person=call.person, action=Action.SET_SECRET)
    try:
        check_secret(value)
    except ProjectError as refused:
        problem = Problem("body.value", "secret", str(refused))
        raise ApiError(
            str(refused), status=422, code=refused.code, exit_code=refused.exit_code, problems=[problem]
        ) from refused
    replaced = set_secret(call.kit.desk, name, project=project, value=value, person=call.person, now=call.now)
    return SecretSet(project=project, name=name, replaced=replaced)


def _delete(call: Call) -> SecretRemoved:
    desk, project, name = call.kit.desk, call.path["project"], call.path["secret"]
    needed = secrets_of(desk, project, person=call.person, now=call.now).named(name)
    if not remove_secret(desk, name, project=project, person=call.person, now=call.now):
        raise nothing_here("secret")
    return SecretRemoved(
        project=project,
        name=name,
        definitions=list(needed.definitions) if needed is not None else [],
        targets=list(needed.targets) if needed is not None else [],
    )


ROOT = "projects/{project}/secrets"
ONE = ROOT + "/{secret}"
SECRET_ENDPOINTS = (
    Endpoint(
        method="GET", path=ROOT, name="listSecrets",
        summary="List the names of a project's secrets, when each was set, and what needs it; never a value.",
        scope=Scope.READ, do=_list, answer=SecretList, refusals=(404, 422),
    ),
    Endpoint(
        method="PUT", path=ONE, name="setSecret",
        summary=f"Set or replace a secret: {SHORTEST} characters or more, at most {LARGEST} bytes.",
        scope=Scope.SECRETS, do=_put, answer=SecretSet, body=SecretValue, refusals=(404, 413, 415, 422),
        example={"value": "correct-horse-battery-staple"},
    ),
    Endpoint(
        method="DELETE", path=ONE, name="removeSecret",
        summary="Take a secret away, and say what named it.",
        scope=Scope.SECRETS, do=_delete, answer=SecretRemoved, refusals=(404, 422),
    ),
)  # fmt: skip
