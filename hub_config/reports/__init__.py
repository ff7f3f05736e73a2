"""Reports: notebooks with typed parameters, run to one final state in a folder of their own."""

from hub_config.reports.assignments import check_values, resolve_parameters
from hub_config.reports.parameters import Parameter
from hub_config.reports.templates import Template, find_template, inspect_template, shipped_templates
from hub_config.reports.values import ParameterType

__all__ = [
    "Parameter",
    "ParameterType",
    "Template",
    "check_values",
    "find_template",
    "inspect_template",
    "resolve_parameters",
    "shipped_templates",
]
