"""The API's own description, OpenAPI 3.1, made from the declarations that requests are checked by."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from hub_config.reports.service.api.about_definitions import DEFINITION_ENDPOINTS
from hub_config.reports.service.api.about_projects import PROJECT_ENDPOINTS
from hub_config.reports.service.api.about_runs import RUN_ENDPOINTS
from hub_config.reports.service.api.about_secrets import SECRET_ENDPOINTS
from hub_config.reports.service.api.conditions import IF_MATCH, IF_NONE_MATCH
from hub_config.reports.service.api.documents import Document, ProblemShown
from hub_config.reports.service.api.downloads import DOWNLOAD_ENDPOINTS
from hub_config.reports.service.api.endpoints import IDEMPOTENCY_KEY, PATH_PARTS, Endpoint
from hub_config.reports.service.api.strict_json import LARGEST
from hub_config.reports.service.api.submitting import SUBMITTING_ENDPOINTS

__all__ = ["ENDPOINTS", "openapi_document"]

ENDPOINTS: Sequence[Endpoint] = (
    *PROJECT_ENDPOINTS,
    *DEFINITION_ENDPOINTS,
    *SECRET_ENDPOINTS,
    *SUBMITTING_ENDPOINTS,
    *RUN_ENDPOINTS,
    *DOWNLOAD_ENDPOINTS,
)
ALWAYS = (400, 401, 403, 429, 503)
MEANINGS: Mapping[int, str] = {
    200: "Done.",
    201: "Taken.",
    400: "The request cannot be read, or has fields or values that are not known.",
    401: "No token, or none that the hub knows.",
    403: "The token lacks the scope, or the person's role does not allow it.",
    404: "There is nothing of this name that the person may see.",
    409: "It does not fit what is there: another key, another draft, not approved, not ended.",
    412: "The definition is another version than `If-Match` names, or `If-None-Match: *` found one.",
    413: f"The body has more than {LARGEST} bytes.",
    415: "The body is not JSON.",
    422: "The request can be read, and what it asks for does not fit; each field at fault is named.",
    429: "Too many requests, or the project's queue is full.",
    503: "The database or the hub does not answer.",
}
SECURITY = "hubToken"


class ErrorShown(Document, frozen=True):
    """What is wrong."""

    code: str
    message: str
    problems: list[ProblemShown]


class Refusal(Document, frozen=True):
    """The one shape of all refusals."""

    error: ErrorShown


@lru_cache(maxsize=4)
def openapi_document(root: str) -> dict[str, Any]:
    """Describe the API.

    Parameters
    ----------
    root : str
        Path of the API, such as ``/services/reports/api/v1/``.

    Returns
    -------
    dict
        An OpenAPI 3.1 document.
    """
    schemas = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(f"/{endpoint.path}", {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CohortHub reports",
            "version": version("cohorthub"),
            "summary": "Report definitions, runs and their results.",
            "description": "A token of the hub is sent as `Authorization: token …`. It needs the scope of the "
            "operation, and its person a role in the project.",
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": [{"url": root.rstrip("/")}],
        "security": [{SECURITY: []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                SECURITY: {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`token` and a token from the hub's token page.",
                }
            },
        },
    }


def _schemas() -> dict[str, Any]:
    asked: dict[Any, None] = {
        (endpoint.body, "validation"): None for endpoint in ENDPOINTS if endpoint.body is not None
    }
    answers = [one.answer for one in ENDPOINTS if not isinstance(one.answer, str)]
    asked |= {(one, "serialization"): None for one in (*answers, Refusal)}
    _, found = models_json_schema(list(asked), ref_template="#/components/schemas/{model}")
    definitions: dict[str, Any] = found["$defs"]
    return {name: definitions[name] for name in sorted(definitions)}


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": f"Scope: `{endpoint.scope.value}`.",
        "tags": [endpoint.path.split("/")[0] if "definitions" not in endpoint.path else "definitions"],
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint), *_headers(endpoint)],
        "responses": dict(_responses(endpoint)),
    }
    if endpoint.body is not None:
        content: dict[str, Any] = {"schema": _reference(endpoint.body)}
        if endpoint.example is not None:
            content["example"] = dict(endpoint.example)
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described


def _path_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", endpoint.path):
        part = PATH_PARTS[name]
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": part.about,
            "schema": {"type": "string", "pattern": part.pattern},
            "example": part.example,
        }


def _query_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    if endpoint.query is None:
        return
    schema = endpoint.query.model_json_schema()
    for name, described in schema["properties"].items():
        ways = [one for one in described.get("anyOf", [described]) if one.get("type") != "null"]
        kept = {key: value for key, value in ways[0].items() if key not in {"title", "description"}}
        if described.get("default") is not None:
            kept["default"] = described["default"]
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": described.get("description", ""),
            "schema": kept,
        }


def _headers(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    if endpoint.is_idempotent:
        about = "The sender's name for this request: the same request with the same key is taken once."
        yield _header("Idempotency-Key", about=about, pattern=IDEMPOTENCY_KEY)
    if endpoint.takes_version:
        about = "The `ETag` of the version that was read: only this one is changed. `*` is any."
        yield _header("If-Match", about=about, pattern=IF_MATCH)
    if endpoint.takes_new:
        yield _header("If-None-Match", about="`*` writes only what is not there yet.", pattern=IF_NONE_MATCH)


def _header(name: str, *, about: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": False, "description": about, "schema": schema}


def _responses(endpoint: Endpoint) -> Iterable[tuple[str, dict[str, Any]]]:
    for status in endpoint.statuses:
        content = {endpoint.answer: {}} if isinstance(endpoint.answer, str) else {
            "application/json": {"schema": _reference(endpoint.answer)}
        }  # fmt: skip
        if endpoint.path.endswith("roll-up"):
            content["text/csv"] = {}
        done: dict[str, Any] = {"description": MEANINGS[status], "content": content}
        if endpoint.gives_version:
            done["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "What `If-Match` takes."}}
        yield str(status), done
    refusal = {"application/json": {"schema": _reference(Refusal)}}
    for status in sorted({*ALWAYS, *endpoint.refusals}):
        described: dict[str, Any] = {"description": MEANINGS[status], "content": refusal}
        if status in {429, 503}:
            described["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
        yield str(status), described


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
