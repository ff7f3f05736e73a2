"""Report templates: notebook files, read with suspicion, and what they can be told."""

from hub_config.reports.templates.templates import Template, find_template, inspect_template, shipped_templates

__all__ = ["Template", "find_template", "inspect_template", "shipped_templates"]
