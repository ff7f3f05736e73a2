"""The report: what a notebook declares, writes and says about its own making."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis_lib.catalog.reading import read_so_far, watch
from analysis_lib.errors import OutputError
from analysis_lib.report.declared import (
    ReportedNumber,
    ReportedTable,
    ShownAs,
    frame_of,
    persons_of,
    plain_number,
    refuse_persons,
    shown_number,
    title_of,
)
from analysis_lib.report.manifest import (
    CohortEntry,
    CohortLike,
    OutputManifest,
    ReleaseLike,
)
from analysis_lib.report.output_records import record_of
from analysis_lib.report.provenance import Provenance, installed_version
from analysis_lib.report.rules import Better, check_better, check_id, check_persons, check_title, tolerance_of
from analysis_lib.report.saving import RUN_DIR_VARIABLE, checked_run_dir, save_figure, save_table
from analysis_lib.report.stages.of_report import StagesOfReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis_lib.report.stages import Stage

__all__ = ["Report"]


class Report:
    """Collects the outputs of one report and keeps ``outputs.json`` up to date.

    In a report run the runner says by the environment variable ``COHORTHUB_RUN_DIR`` where files belong. Where it is
    not set, as in Lab, everything is checked and shown but nothing is written.

    Parameters
    ----------
    title : str
        Title of the report.
    run_dir : Path, optional
        The run folder; taken from the environment when left out.

    Raises
    ------
    OutputError
        If the run folder does not exist, or another Report has written to it.
    """

    def __init__(self, *, title: str, run_dir: str | Path | None = None) -> None:
        if not title.strip():
            raise OutputError("a report needs a title; found none. Say what question it answers.")
        self.title = title
        self.started = datetime.now(UTC)
        self.run_dir = checked_run_dir(run_dir)
        self.manifest = OutputManifest(library_version=installed_version("cohorthub"))
        self._write()
        self._stages = StagesOfReport(
            self,
            manifest=self.manifest,
            run_dir=self.run_dir,
            write=self._write,
            note_release=self._note_release,
        )
        if os.environ.get(RUN_DIR_VARIABLE):  # a process of its own: all that it reads, the report has read
            for dataset in read_so_far():
                self._note_release(dataset)
            watch(self._note_release)

    def stage(self, name: str, *, inputs: Mapping[str, Any], code: str | None = None) -> "Stage":
        """Begin a part of the report whose results are kept, and found again by a run in which nothing has changed.

        Use it as ``with report.stage("cohort", inputs={...}) as stage:``; under ``if stage.is_new:`` compute, and call
        ``stage.keep(NAME=VALUE)``; after the block read ``stage["NAME"]``. Results are computed anew if anything
        differs of: the inputs, the block's code, what it reads by name, functions of the notebook, this library, what
        is installed. What the block reads in other ways (files, the clock, the environment) must be given as inputs.

        Parameters
        ----------
        name : str
            Lower-case letters, digits, single hyphens.
        inputs : mapping of str to object
            What it is made from, told by content: numbers, texts, dates, arrays, frames, data sets, cohorts, stages.
        code : str, optional
            Stands for the code, and for what that reads by name: you change it whenever one of them changes. When left
            out, the code itself is read.

        Returns
        -------
        Stage
            For ``with``.

        Raises
        ------
        OutputError
            If the name is none; and inside ``with`` if an input cannot be told by its content.
        """
        return self._stages.stage(check_id(name), inputs=inputs, code=code)

    def add_dataset(self, dataset: ReleaseLike) -> None:
        """Say which data release the report reads.

        Parameters
        ----------
        dataset : Dataset
            From the catalog; naming it twice does nothing more.
        """
        self._stages.refuse_open("a data set is added")
        self._note_release(dataset)

    def add_cohort(self, cohort: CohortLike) -> None:
        """Say which cohort the report uses, and by it which data release.

        Parameters
        ----------
        cohort : Cohort
            Naming it twice does nothing more.
        """
        self._stages.refuse_open("a cohort is added")
        self._note_release(cohort.dataset)
        entry = CohortEntry(cohort.name, cohort.definition_sha256, int(cohort.n_persons))
        if entry not in self.manifest.cohorts:
            self.manifest.cohorts.append(entry)
            self._write()

    def add(
        self,
        output_id: str,
        result: Any,
        *,
        title: str | None = None,
        figure: bool = False,
        method: str | None = None,
        tolerance: float | str | None = None,
    ) -> ReportedTable:
        """Declare a result: its estimates, method, rows, events, exclusions, and the persons behind it.

        Every result of this library can be declared so: models, curves, rates, tables.

        Parameters
        ----------
        output_id : str
            Its name: lower-case letters, digits, single hyphens.
        result : object with ``to_frame`` and ``persons``
            Such as what `cox`, `kaplan_meier` or `table_one` return; its table is written as CSV, its estimates go into
            ``outputs.json``.
        title : str, optional
            What it shows; what the result says of itself when left out.
        figure : bool, default False
            Whether to declare its figure too, as ``OUTPUT_ID-figure``.
        method : str, optional
            How it was made, where the result does not know it.
        tolerance : float or str, optional
            How far its numbers may lie from the last run's and count as unchanged: a number, or a text: ``"10 %"``.

        Returns
        -------
        ReportedTable
            Shows the result.

        Raises
        ------
        OutputError
            If the id is taken or no name for a file, the result does not know its persons, or has no table or figure.
        """
        named = title_of(result, output=output_id) if title is None else title
        draw = getattr(result, "plot", None) if figure else None
        if figure and not callable(draw):
            raise OutputError(
                f"output '{output_id}' has no figure; found {type(result).__name__} without plot(). Leave figure out."
            )
        if draw is not None:
            self._check(f"{output_id}-figure", title=named, persons=None, source=result)
        shown = self.table(output_id, result, title=named, method=method, tolerance=tolerance)
        if draw is not None:
            self.figure(f"{output_id}-figure", draw(), title=named, of=result, method=method)
        return shown

    def number(
        self,
        output_id: str,
        value: float,
        *,
        title: str,
        of: Any = None,
        persons: Mapping[str, int] | None = None,
        method: str | None = None,
        digits: int = 2,
        shown_as: ShownAs = "number",
        tolerance: float | str | None = None,
        better: Better | None = None,
    ) -> ReportedNumber:
        """Declare a number.

        Parameters
        ----------
        output_id : str
            Its name: lower-case letters, digits, single hyphens.
        value : float
            Finite.
        title : str
            What it is.
        of : object, optional
            The result it comes from, whose ``persons``, ``method``, ``n`` and ``events`` are declared with it.
        persons : mapping of str to int, optional
            Distinct persons behind it by group, where `of` does not know them.
        method : str, optional
            How it was made, where `of` does not know it.
        digits : int, default 2
            Decimals shown; the value declared is not rounded.
        shown_as : {"number", "percent", "points"}, default "number"
            How it is shown: a share in percent, a difference of shares in percentage points. The value declared stays
            the share.
        tolerance : float or str, optional
            How far its numbers may lie from the last run's and count as unchanged: a number, or a text: ``"10 %"``.
        better : {"higher", "lower"}, optional
            Which direction is good news.

        Returns
        -------
        ReportedNumber
            Shows itself.

        Raises
        ------
        OutputError
            If the id is taken or no name for a file, there are no counts, or the value is no finite number.
        """
        plain = plain_number(value)
        if plain is None:
            raise OutputError(
                f"output '{output_id}' must be a number; found {type(value).__name__}. Use table or figure."
            )
        check_better(better, output=output_id)
        allowed = tolerance_of(tolerance, output=output_id)
        self._check(output_id, title=title, persons=persons, source=of)
        self._declare(
            output_id,
            kind="number",
            title=title,
            source=of,
            persons=persons,
            method=method,
            value=plain,
            tolerance=allowed,
            better=better,
        )
        return ReportedNumber(title, plain, shown_number(plain, digits=digits, shown_as=shown_as))

    def table(
        self,
        output_id: str,
        table: Any,
        *,
        title: str,
        of: Any = None,
        persons: Mapping[str, int] | None = None,
        method: str | None = None,
        tolerance: float | str | None = None,
    ) -> ReportedTable:
        """Declare a table, and write it as CSV.

        Parameters
        ----------
        output_id : str
            Its name: lower-case letters, digits, single hyphens.
        table : DataFrame or object with ``to_frame``
            Such as `TableOne`, `AttritionTable` or a model's result.
        title : str
            What it shows.
        of : object, optional
            The result it comes from; `table` itself when left out.
        persons : mapping of str to int, optional
            Distinct persons behind it by group, where neither `table` nor `of` knows them.
        method : str, optional
            How it was made, where neither `table` nor `of` knows it.
        tolerance : float or str, optional
            How far its numbers may lie from the last run's and count as unchanged: a number, or a text: ``"10 %"``.

        Returns
        -------
        ReportedTable
            Shows itself with its title.

        Raises
        ------
        OutputError
            If the id is taken or no name for a file, there are no counts, or `table` is no table, or one that has a
            column with ids of persons.
        """
        frame = table if isinstance(table, pd.DataFrame) else frame_of(table, output=output_id)
        # A frame knows nothing of itself: its `n` would be a column of that name.
        own = None if isinstance(table, pd.DataFrame) else table
        source = own if of is None else of
        self._check(output_id, title=title, persons=persons, source=source)
        allowed = tolerance_of(tolerance, output=output_id)
        files = save_table(self.run_dir, output_id, frame=refuse_persons(frame, output=output_id))
        self._declare(
            output_id,
            kind="table",
            title=title,
            source=source,
            persons=persons,
            method=method,
            files=files,
            tolerance=allowed,
        )
        return ReportedTable(title, table)

    def figure(
        self,
        output_id: str,
        figure: "Figure",
        *,
        title: str,
        of: Any = None,
        persons: Mapping[str, int] | None = None,
        method: str | None = None,
    ) -> "Figure":
        """Declare a figure, and write it as SVG, PDF and PNG, with the data behind it as CSV.

        Parameters
        ----------
        output_id : str
            Its name: lower-case letters, digits, single hyphens.
        figure : Figure
            From a result's ``plot``, or any matplotlib figure.
        title : str
            What it shows.
        of : object, optional
            The result it draws, whose ``persons``, ``method``, ``n`` and ``events`` are declared with it.
        persons : mapping of str to int, optional
            Distinct persons behind it by group, where `of` does not know them.
        method : str, optional
            How it was made, where `of` does not know it.

        Returns
        -------
        Figure
            The same figure, to be shown.

        Raises
        ------
        OutputError
            If the id is taken or no name for a file, there are no counts, or `figure` is no figure.
        """
        from matplotlib.figure import Figure

        if not isinstance(figure, Figure):
            raise OutputError(
                f"output '{output_id}' must be a matplotlib figure; found {type(figure).__name__}. Pass "
                "result.plot() or axes.figure."
            )
        self._check(output_id, title=title, persons=persons, source=of)
        files = save_figure(self.run_dir, output_id, figure=figure)
        self._declare(output_id, kind="figure", title=title, source=of, persons=persons, method=method, files=files)
        return figure

    def provenance(self) -> Provenance:
        """Say how the report was made: data, cohorts, versions, outputs.

        Returns
        -------
        Provenance
            Shows itself as tables; put it into the last cell.
        """
        return Provenance(self.title, self.manifest, self.started)

    def _check(self, output_id: str, *, title: str, persons: Mapping[str, int] | None, source: Any) -> None:
        """Refuse before a file is written."""
        self._stages.refuse_open(f"output '{output_id}' is declared")
        self.manifest.refuse_known(check_id(output_id))
        check_title(title, output=output_id)
        check_persons(persons_of(persons, source), output=output_id)

    def _declare(self, output_id: str, *, persons: Mapping[str, int] | None, source: Any, **told: Any) -> None:
        self.manifest.add(record_of(output_id, persons=persons, source=source, **told))
        self._write()

    def _note_release(self, dataset: ReleaseLike) -> None:
        if self.manifest.note_release(dataset):
            self._write()

    def _write(self) -> None:
        if self.run_dir is not None:
            self.manifest.write(self.run_dir)
