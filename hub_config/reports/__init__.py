"""Reports: notebooks with typed parameters, run to one final state in a folder of their own."""

from hub_config.reports.parameters.assignments import check_values, resolve_parameters
from hub_config.reports.parameters.declarations import Parameter
from hub_config.reports.parameters.values import ParameterType
from hub_config.reports.templates.templates import Template, find_template, inspect_template, shipped_templates

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
