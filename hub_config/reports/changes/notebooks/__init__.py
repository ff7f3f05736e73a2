"""What an edit of a template changed: cells, lines, words, parameters."""

from hub_config.reports.changes.notebooks.comparing import NotebookDiff, diff_notebooks
from hub_config.reports.changes.notebooks.printing import notebook_diff_text

__all__ = ["NotebookDiff", "diff_notebooks", "notebook_diff_text"]
