"""What a report may be told: typed parameters, read by parsing, and the strict way from text to their values."""

from hub_config.reports.parameters.assignments import (
    check_values,
    read_assignments,
    read_parameters_file,
    resolve_parameters,
)
from hub_config.reports.parameters.declarations import Parameter, read_parameters, why_no_name
from hub_config.reports.parameters.values import ParameterType, from_text, is_date, why_not

__all__ = [
    "Parameter",
    "ParameterType",
    "check_values",
    "from_text",
    "is_date",
    "read_assignments",
    "read_parameters",
    "read_parameters_file",
    "resolve_parameters",
    "why_no_name",
    "why_not",
]
