"""``ro-crate-metadata.json``: what a run was, which files it left, and their hashes, as other tools read it.

RO-Crate 1.1 [1]_ with the profiles Process Run Crate 0.5 [2]_ and, where the template lies in the folder, Workflow Run
Crate 0.5 [3]_, which is written in the terms of RO-Crate 1.1. The file names no person but who asked for the run, and
no counts of persons; of a secret it knows the name.

References
----------
.. [1] RO-Crate Metadata Specification 1.1, https://w3id.org/ro/crate/1.1
.. [2] Process Run Crate 0.5, https://w3id.org/ro/wfrun/process/0.5
.. [3] Workflow Run Crate 0.5, https://w3id.org/ro/wfrun/workflow/0.5
"""

import mimetypes
import os
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from hub_config.reports.folders.contents import Contents, StoredFile
from hub_config.reports.folders.crate_terms import (
    action_error,
    action_status,
    action_status_text,
    action_time,
    file_id,
    hash_id,
    property_value,
    text_of,
)

__all__ = [
    "CRATE",
    "ENVIRONMENT",
    "RUN_ACTION",
    "TEMPLATE",
    "crate_document",
]

CRATE = "ro-crate-metadata.json"
TEMPLATE = "template.ipynb"
ENVIRONMENT = "environment.txt"
RUN_ACTION = "#run"
CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
BASE = "https://w3id.org/ro/crate/1.1"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
TERMS = (
    "No licence is given. Whoever may read the project of this run may read this folder; what leaves the project goes "
    "through its disclosure check."
)
DESCRIPTIONS = {
    TEMPLATE: "The template that ran, as it was when the run began",
    ENVIRONMENT: "What was installed where the kernel ran: sorted lines name==version",
    "report.ipynb": "The executed notebook",
    "report.html": "The page for readers",
    "outputs.json": "Every declared table, figure and number, with the counts of persons behind it",
    "run.json": "The record of the run",
    "log.txt": "What happened, and when",
}
# What the runner writes about a run, rather than what the run was made for.
TRACES = (ENVIRONMENT, "run.json", "log.txt")
TYPES = {"int": "Integer", "float": "Float", "bool": "Boolean", "date": "Date", "datetime": "DateTime"}
MEDIA = {".ipynb": "application/x-ipynb+json", ".parquet": "application/vnd.apache.parquet", ".csv": "text/csv"}

Entity = dict[str, Any]


def crate_document(contents: Contents, record: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a run's folder.

    Parameters
    ----------
    contents : Contents
        The folder as it will stay, without the crate itself.
    record : mapping
        The last record, as ``run.json`` holds it; keys that an older runner did not write are left out.

    Returns
    -------
    dict
        JSON-LD, flattened, the same for the same folder and record.
    """
    paths = {file.path for file in contents.files}
    workflow = TEMPLATE in paths
    parameters, formal = _parameters(record)
    inputs = _inputs(record)
    software = _software(record)
    profiles = [uri for uri in PROFILES if workflow or "process" in uri]
    files = [_file(file) for file in contents.files]
    root = _root(record, files=files, profiles=profiles, workflow=workflow)
    tool = _tool(record, formal=formal, software=software, workflow=workflow)
    if workflow:
        files = [file | tool if file["@id"] == TEMPLATE else file for file in files]
    else:
        files.append(tool)
    graph = [
        _descriptor(workflow),
        root,
        _action(record, objects=[*inputs, *parameters], files=contents.files, tool=tool["@id"]),
        *files,
        *parameters,
        *formal,
        *inputs,
        *software,
        *_context(record, profiles=profiles),
    ]
    return {"@context": CONTEXT, "@graph": list({entity["@id"]: entity for entity in reversed(graph)}.values())[::-1]}


def _descriptor(workflow: bool) -> Entity:
    conforms = [BASE, *([uri for uri in PROFILES if "workflow-ro-crate" in uri] if workflow else [])]
    return {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": _refer(conforms)}


def _root(record: Mapping[str, Any], *, files: list[Entity], profiles: list[str], workflow: bool) -> Entity:
    title = text_of(record.get("title")) or text_of(record.get("template")) or "Report"
    entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{title}: run {text_of(record.get('run_id'))}",
        "description": f"One run of the report {title}, with all that it left: {action_status_text(record)}.",
        "identifier": text_of(record.get("run_id")),
        "datePublished": text_of(record.get("ended_at")) or text_of(record.get("started_at")) or "1970-01-01",
        "author": {"@id": "#agent"},
        "license": {"@id": "#terms"},
        "conformsTo": _refer(profiles),
        "hasPart": _refer(file["@id"] for file in files),
        "mentions": {"@id": RUN_ACTION},
    }
    return entity | ({"mainEntity": {"@id": TEMPLATE}} if workflow else {})


def _action(record: Mapping[str, Any], *, objects: list[Entity], files: Iterable[StoredFile], tool: str) -> Entity:
    result = [file.path for file in files if file.path not in (*TRACES, TEMPLATE)]
    entity: Entity = {
        "@id": RUN_ACTION,
        "@type": "CreateAction",
        "name": f"Run {text_of(record.get('run_id'))}",
        "description": f"The template {text_of(record.get('template'))} was run: {action_status_text(record)}.",
        "identifier": text_of(record.get("run_id")),
        "instrument": {"@id": tool},
        "agent": {"@id": "#agent"},
        "actionStatus": action_status(record),
        "object": _refer(entity["@id"] for entity in objects),
        "result": _refer(file_id(path) for path in result),
    }
    times = {"startTime": action_time(record.get("started_at")), "endTime": action_time(record.get("ended_at"))}
    error = action_error(record)
    return entity | {key: time for key, time in times.items() if time} | ({"error": error} if error else {})


def _tool(record: Mapping[str, Any], *, formal: list[Entity], software: list[Entity], workflow: bool) -> Entity:
    digest = text_of(record.get("template_sha256"))
    entity = {
        "@id": TEMPLATE if workflow else "#template",
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"] if workflow else "SoftwareSourceCode",
        "name": text_of(record.get("title")) or text_of(record.get("template")) or "Report",
        "alternateName": text_of(record.get("template")),
        "programmingLanguage": {"@id": "#python"},
        "softwareRequirements": _refer(entity["@id"] for entity in software),
        "version": f"sha256:{digest}",
    }
    if workflow:
        return entity | {"input": _refer(parameter["@id"] for parameter in formal)}
    return entity | {"sha256": digest}


def _file(file: StoredFile) -> Entity:
    name = os.fsencode(file.path).decode("utf-8", "replace")
    suffix = PurePosixPath(name).suffix.lower()
    entity: Entity = {
        "@id": file_id(file.path),
        "@type": "File",
        "name": name,
        "contentSize": str(file.size),
        "sha256": file.sha256,
        "encodingFormat": MEDIA.get(suffix) or mimetypes.guess_type(f"x{suffix}")[0] or "application/octet-stream",
    }
    if file.path in DESCRIPTIONS:
        entity["description"] = DESCRIPTIONS[file.path]
    if file.path in TRACES:
        entity["about"] = {"@id": RUN_ACTION}
    return entity


def _parameters(record: Mapping[str, Any]) -> tuple[list[Entity], list[Entity]]:
    """Give the value of every parameter, and what the template declares about it."""
    values = record.get("parameters")
    declared = {text_of(row.get("name")): row for row in _rows(record.get("declared"))}
    found, formal = [], []
    for name, value in (values if isinstance(values, Mapping) else {}).items():
        row = declared.get(name, {})
        kind = text_of(row.get("type")).removesuffix("| None").strip()
        key = quote(name, safe="", errors="replace")
        property_ = {"@id": f"#value-{key}", "@type": "PropertyValue", "name": name, "value": property_value(value)}
        found.append(property_ | {"exampleOfWork": {"@id": f"#parameter-{key}"}})
        entity = {
            "@id": f"#parameter-{key}",
            "@type": "FormalParameter",
            "name": name,
            "additionalType": TYPES.get(kind, "Text"),
            "workExample": {"@id": f"#value-{key}"},
        }
        formal.append(entity | ({"description": text_of(row.get("help"))} if row.get("help") else {}))
    return found, formal


def _inputs(record: Mapping[str, Any]) -> list[Entity]:
    """Give the data releases and cohorts that the notebook declared, by hash."""
    found: list[Entity] = []
    for number, row in enumerate(_rows(record.get("data_releases")), start=1):
        digest = text_of(row.get("manifest_sha256"))
        found.append(
            {
                "@id": hash_id(digest) or f"#release-{number}",
                "@type": "CreativeWork",
                "additionalType": "Dataset",
                "name": f"{text_of(row.get('name'))}, release {text_of(row.get('release'))}",
                "version": text_of(row.get("release")),
                "description": "A data release that the report read; the hash is that of its manifest.",
                "sha256": digest,
            }
        )
    for number, row in enumerate(_rows(record.get("cohorts")), start=1):
        digest = text_of(row.get("definition_sha256"))
        found.append(
            {
                "@id": hash_id(digest) or f"#cohort-{number}",
                "@type": "CreativeWork",
                "name": text_of(row.get("name")),
                "description": "The definition of a cohort that the report used; the hash is that of its meaning.",
                "sha256": digest,
            }
        )
    return found


def _software(record: Mapping[str, Any]) -> list[Entity]:
    rows = [
        ("#cohorthub", "CohortHub", record.get("cohorthub_version"), "What executed the template"),
        ("#library", "analysis_lib", record.get("library_version"), "The analysis library, as the notebook says"),
        ("#kernel", text_of(record.get("kernel")), record.get("python_version"), "The kernel that the template ran in"),
    ]
    entities: list[Entity] = [
        {"@id": name, "@type": "SoftwareApplication", "name": title, "softwareVersion": version, "description": about}
        for name, title, version, about in rows
        if title and isinstance(version, str)
    ]
    digest = text_of(record.get("environment_sha256"))
    if digest:
        entities.append(
            {
                "@id": hash_id(digest) or "#environment",
                "@type": "SoftwareApplication",
                "name": f"{record.get('environment_packages')} packages",
                "softwareVersion": f"sha256:{digest}",
                "description": f"What was installed where the kernel ran; the hash is that of {ENVIRONMENT}.",
            }
        )
    return entities


def _context(record: Mapping[str, Any], *, profiles: list[str]) -> list[Entity]:
    python = {"@id": "#python", "@type": "ComputerLanguage", "name": "Python", "url": "https://www.python.org/"}
    version = text_of(record.get("python_version"))
    agent = text_of(record.get("started_by")) or "not recorded"
    return [
        {"@id": "#agent", "@type": "Person", "name": agent},
        python | ({"version": version} if version else {}),
        {"@id": "#terms", "@type": "CreativeWork", "name": "Terms of use", "description": TERMS},
        *(
            {"@id": uri, "@type": "CreativeWork", "name": PROFILES[uri][0], "version": PROFILES[uri][1]}
            for uri in profiles
        ),
    ]


def _refer(identifiers: Iterable[str]) -> list[dict[str, str]]:
    return [{"@id": identifier} for identifier in dict.fromkeys(identifiers)]


def _rows(found: Any) -> list[Mapping[str, Any]]:
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
