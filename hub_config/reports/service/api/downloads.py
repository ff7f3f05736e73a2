"""Endpoints: what a run left behind, file by file."""

from typing import BinaryIO

from hub_config.projects import Action
from hub_config.reports.exports import declared_tables, spreadsheet_lines
from hub_config.reports.exports.tables import open_table
from hub_config.reports.folders.archive import open_inside
from hub_config.reports.service.api.about_runs import seen_run
from hub_config.reports.service.api.endpoints import Call, Download, Endpoint
from hub_config.reports.service.api.refusals import nothing_here
from hub_config.reports.service.api.run_documents import TableList, TableShown
from hub_config.reports.service.board import REPORT, Run
from hub_config.reports.service.scopes import Scope
from hub_config.reports.service.security import REPORT_HEADERS

__all__ = ["DOWNLOAD_ENDPOINTS"]

NOTEBOOK = "report.ipynb"
OUTPUTS = "outputs.json"
HTML, JSON, CSV = "text/html", "application/json", "text/csv"
NOTEBOOK_TYPE = "application/x-ipynb+json"


def _ended(call: Call, *, holds_output: bool) -> Run:
    """Give the run; what one that failed printed has passed no check, and is for those who may see logs."""
    run = seen_run(call)
    if holds_output and not call.kit.board.may_open(run, person=call.person):
        call.kit.desk.project(run.project, person=call.person, action=Action.READ_LOG)  # refuses, with the reason
    return run


def _open(run: Run, *, name: str) -> BinaryIO:
    file = open_inside(run.folder, name=name) if run.folder is not None else None
    if file is None:
        raise nothing_here("file")
    return file


def _report(call: Call) -> Download:
    run = _ended(call, holds_output=True)
    return Download(_open(run, name=REPORT), f"{run.run_id}.html", REPORT_HEADERS)


def _notebook(call: Call) -> Download:
    run = _ended(call, holds_output=True)
    return Download(_open(run, name=NOTEBOOK), f"{run.run_id}.ipynb", {"Content-Type": NOTEBOOK_TYPE})


def _outputs(call: Call) -> Download:
    run = _ended(call, holds_output=False)
    return Download(_open(run, name=OUTPUTS), f"{run.run_id}-outputs.json", {"Content-Type": JSON})


def _tables(call: Call) -> TableList:
    run = _ended(call, holds_output=False)
    found = declared_tables(run.folder) if run.folder is not None else ()
    return TableList(tables=[TableShown(id=one.id, title=one.title, is_figure=one.figure) for one in found])


def _table(call: Call) -> Download:
    run = _ended(call, holds_output=False)
    found = declared_tables(run.folder) if run.folder is not None else ()
    declared = next((one for one in found if one.id == call.path["output"]), None)
    file = open_table(run.folder, file=declared.file) if declared is not None and run.folder is not None else None
    if file is None or declared is None:
        raise nothing_here("table")
    return Download(
        file, f"{run.run_id}-{declared.id}.csv", {"Content-Type": f"{CSV}; charset=utf-8"}, convert=spreadsheet_lines
    )


DOWNLOAD_ENDPOINTS = (
    Endpoint(
        method="GET", path="runs/{run}/report.html", name="downloadReport",
        summary="Download the page that the run wrote. It is a notebook's work: show it without scripts.",
        scope=Scope.READ, do=_report, answer=HTML, refusals=(404,),
    ),
    Endpoint(
        method="GET", path="runs/{run}/report.ipynb", name="downloadNotebook", summary="Download the notebook as run.",
        scope=Scope.READ, do=_notebook, answer=NOTEBOOK_TYPE, refusals=(404,),
    ),
    Endpoint(
        method="GET", path="runs/{run}/outputs.json", name="downloadOutputs",
        summary="Download the outputs that the run declared: numbers, tables, figures.",
        scope=Scope.READ, do=_outputs, answer=JSON, refusals=(404,),
    ),
    Endpoint(
        method="GET", path="runs/{run}/tables", name="listTables", summary="List the tables that the run declared.",
        scope=Scope.READ, do=_tables, answer=TableList, refusals=(404,),
    ),
    Endpoint(
        method="GET", path="runs/{run}/tables/{output}.csv", name="downloadTable",
        summary="Download a table so that a spreadsheet shows every cell and runs none.",
        scope=Scope.READ, do=_table, answer=CSV, refusals=(404,),
    ),
)  # fmt: skip
