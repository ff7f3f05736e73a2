"""Small report templates for these tests; none of them needs the library or data."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

KERNEL = {"kernelspec": {"name": "cohort-analysis", "display_name": "Cohort analysis", "language": "python"}}

STEADY = """
from typing import Literal

words: str = "good morning"  # printed by the report
count: int = 3  # how often it is printed
share: float = 0.5  # between 0 and 1
ties: Literal["breslow", "efron"] = "breslow"  # how ties are treated
begin: str = "2015-01-01"  # first day, ISO 8601
concept_ids: list[int] = [1118084, 1124300]  # OMOP concept ids
limit: int | None = None  # at most this many persons
pause: float = 0.0  # seconds to wait in the middle
loud: bool = False  # whether to print in capitals
"""


def write_templates(folder: Path) -> None:
    """Write all templates of these tests into `folder`."""
    steady = [
        new_markdown_cell("# A steady report\n\nIt prints a few words, and waits if asked to."),
        new_code_cell(STEADY.strip(), metadata={"tags": ["parameters"]}),
        new_markdown_cell("## Words"),
        new_code_cell("import time\nprint(((words.upper() if loud else words) + ' ') * count)"),
        new_markdown_cell("## Waiting"),
        new_code_cell("time.sleep(pause)"),
        new_markdown_cell("## End"),
        new_code_cell("print(sorted(concept_ids), limit, begin, ties, share)"),
    ]
    failing = [
        new_markdown_cell("# A failing report\n\nIts second half looks for what is not there."),
        new_code_cell("dataset: str = 'gibleed'  # name of the data set", metadata={"tags": ["parameters"]}),
        new_markdown_cell("## Table of secrets"),
        new_code_cell("{}[f'person {47110000 + 815}, born {1900 + 31}-02-03']"),
    ]
    stranger = [
        new_markdown_cell("# A stranger\n\nWhat it shows comes from its parameter."),
        new_code_cell("markup: str = ''  # shown as HTML", metadata={"tags": ["parameters"]}),
        new_code_cell("from IPython.display import HTML, Javascript\nHTML(markup)"),
        new_code_cell("Javascript('document.title = \"fired\"')"),
    ]
    untagged = [new_markdown_cell("# An untagged report"), new_code_cell("x = 1")]
    for name, cells in (("steady", steady), ("failing", failing), ("stranger", stranger), ("untagged", untagged)):
        nbformat.write(new_notebook(cells=cells, metadata=KERNEL), folder / f"{name}.ipynb")
