"""What a report may be told: typed parameters, read by parsing, and the strict way from text to their values."""

from hub_config.reports.parameters.assignments import (
    check_values,
    read_assignments,
    read_parameters_file,
    resolve_parameters,
)
from hub_config.reports.parameters.choices import Choices, KnownNames
from hub_config.reports.parameters.declarations import Parameter, read_parameters
from hub_config.reports.parameters.json_schemas import json_schema
from hub_config.reports.parameters.typed_text import from_text
from hub_config.reports.parameters.values import ParameterType, why_not

__all__ = [
    "Choices",
    "KnownNames",
    "Parameter",
    "ParameterType",
    "check_values",
    "from_text",
    "json_schema",
    "read_assignments",
    "read_parameters",
    "read_parameters_file",
    "resolve_parameters",
    "why_not",
]
