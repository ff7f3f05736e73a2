"""The report: what a notebook declares, writes and says about its own making."""

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis_lib.errors import OutputError
from analysis_lib.printed_numbers import format_estimate
from analysis_lib.report.declared import (
    ReportedNumber,
    ReportedTable,
    estimates_of,
    exclusions_of,
    frame_of,
    persons_of,
    plain_count,
    plain_number,
    refuse_persons,
    title_of,
)
from analysis_lib.report.manifest import (
    FILE_NAME,
    CohortEntry,
    CohortLike,
    DataRelease,
    Kind,
    OutputManifest,
    OutputRecord,
    ReleaseLike,
    check_id,
    check_persons,
    check_title,
)
from analysis_lib.report.provenance import Provenance, installed_version

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Report"]

RUN_DIR_VARIABLE = "COHORTHUB_RUN_DIR"
_FOLDER = "outputs"


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
        chosen = run_dir or os.environ.get(RUN_DIR_VARIABLE)
        self.run_dir = Path(chosen) if chosen else None
        self.manifest = OutputManifest(library_version=installed_version("cohorthub"))
        if self.run_dir is not None:
            if not self.run_dir.is_dir():
                raise OutputError(
                    f"the run folder is not there; found no folder where {RUN_DIR_VARIABLE} points. "
                    "Make it, or unset it."
                )
            if (self.run_dir / FILE_NAME).exists():
                raise OutputError(
                    f"a run has one Report; found {FILE_NAME} of another in the run folder. Declare all outputs on one "
                    "Report, or run into a new folder."
                )
            self._write()

    def add_dataset(self, dataset: ReleaseLike) -> None:
        """Say which data release the report reads.

        Parameters
        ----------
        dataset : Dataset
            From the catalog; naming it twice does nothing more.
        """
        content = (Path(dataset.path) / "manifest.json").read_bytes()
        entry = DataRelease(dataset.name, dataset.release, hashlib.sha256(content).hexdigest())
        if entry not in self.manifest.data_releases:
            self.manifest.data_releases.append(entry)
            self._write()

    def add_cohort(self, cohort: CohortLike) -> None:
        """Say which cohort the report uses, and by it which data release.

        Parameters
        ----------
        cohort : Cohort
            Naming it twice does nothing more.
        """
        self.add_dataset(cohort.dataset)
        entry = CohortEntry(cohort.name, cohort.definition_sha256, int(cohort.n_persons))
        if entry not in self.manifest.cohorts:
            self.manifest.cohorts.append(entry)
            self._write()

    def add(
        self, output_id: str, result: Any, *, title: str | None = None, figure: bool = False, method: str | None = None
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
        shown = self.table(output_id, result, title=named, method=method)
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
        self._declare(output_id, kind="number", title=title, source=of, persons=persons, method=method, value=plain)
        return ReportedNumber(
            title, plain, f"{plain:,}" if isinstance(plain, int) else format_estimate(plain, digits=digits)
        )

    def table(
        self,
        output_id: str,
        table: Any,
        *,
        title: str,
        of: Any = None,
        persons: Mapping[str, int] | None = None,
        method: str | None = None,
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
        files = self._save_table(output_id, refuse_persons(frame, output=output_id))
        self._declare(output_id, kind="table", title=title, source=source, persons=persons, method=method, files=files)
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
        files = self._save_figure(output_id, figure)
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
        self.manifest.refuse_known(check_id(output_id))
        check_title(title, output=output_id)
        check_persons(persons_of(persons, source), output=output_id)

    def _declare(
        self,
        output_id: str,
        *,
        kind: Kind,
        title: str,
        source: Any,
        persons: Mapping[str, int] | None,
        method: str | None,
        value: int | float | None = None,
        files: tuple[str, ...] = (),
    ) -> None:
        record = OutputRecord(
            id=output_id,
            kind=kind,
            title=title,
            persons=dict(persons_of(persons, source)),
            method=method or getattr(source, "method", None),
            value=value,
            file=files[0] if files else None,
            files=files,
            n=plain_count(getattr(source, "n", None)),
            events=plain_count(getattr(source, "events", None)),
            exclusions=exclusions_of(source),
            estimates=estimates_of(source) if kind == "table" and source is not None else (),
        )
        self.manifest.add(record)
        self._write()

    def _save_table(self, output_id: str, frame: pd.DataFrame) -> tuple[str, ...]:
        if self.run_dir is None:
            return ()
        path = self._folder() / f"{output_id}.csv"
        frame.to_csv(path, index=not isinstance(frame.index, pd.RangeIndex))
        return (f"{_FOLDER}/{path.name}",)

    def _save_figure(self, output_id: str, figure: "Figure") -> tuple[str, ...]:
        from analysis_lib.figures import FORMATS, PRINT_DPI, StudyFigure

        if self.run_dir is None:
            return ()
        path = self._folder() / output_id
        if isinstance(figure, StudyFigure):
            written = figure.save(path)
        else:
            written = [path.with_suffix(suffix) for suffix in FORMATS]
            for target in written:
                figure.savefig(target, dpi=PRINT_DPI)
        return tuple(f"{_FOLDER}/{target.name}" for target in written)

    def _folder(self) -> Path:
        folder = Path(self.run_dir or ".") / _FOLDER
        folder.mkdir(exist_ok=True)
        return folder

    def _write(self) -> None:
        if self.run_dir is not None:
            self.manifest.write(self.run_dir)
