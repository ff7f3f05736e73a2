"""Report definitions: the document that a project lead writes, and the runs that it means."""

from hub_config.reports.definitions.differences import diff_definitions
from hub_config.reports.definitions.document import Definition
from hub_config.reports.definitions.errors import DefinitionError
from hub_config.reports.definitions.in_project import check_in_project, schedules_of
from hub_config.reports.definitions.problems import Problem
from hub_config.reports.definitions.reading import document_sha256, read_definition
from hub_config.reports.definitions.sweeps import ParameterSet, check_against_template, expand
from hub_config.reports.definitions.toml_text import to_toml

__all__ = [
    "Definition",
    "DefinitionError",
    "ParameterSet",
    "Problem",
    "check_against_template",
    "check_in_project",
    "diff_definitions",
    "document_sha256",
    "expand",
    "read_definition",
    "schedules_of",
    "to_toml",
]
