"""Report definitions: the document that a project lead writes, and the runs that it means."""

from hub_config.reports.definitions.differences import diff_definitions
from hub_config.reports.definitions.document import Definition
from hub_config.reports.definitions.errors import DefinitionError, DefinitionUnreadableError, Problem
from hub_config.reports.definitions.reading import document_sha256, read_definition
from hub_config.reports.definitions.sweeps import ParameterSet, check_against_template, expand
from hub_config.reports.definitions.template_paths import locate_template
from hub_config.reports.definitions.toml_text import to_toml

__all__ = [
    "Definition",
    "DefinitionError",
    "DefinitionUnreadableError",
    "ParameterSet",
    "Problem",
    "check_against_template",
    "diff_definitions",
    "document_sha256",
    "expand",
    "locate_template",
    "read_definition",
    "to_toml",
]
