"""A run's notebook as a page that a person reads: title, parameters, results, provenance; the code folded away."""

from hub_config.reports.html.page import render_page

__all__ = ["render_page"]
