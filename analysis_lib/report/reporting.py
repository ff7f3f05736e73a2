"""The report: what a notebook declares, writes and says about its own making."""

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from analysis_lib.errors import OutputError
from analysis_lib.report.declared import ReportedNumber, ReportedTable, plain_number
from analysis_lib.report.manifest import (
    FILE_NAME,
    CohortEntry,
    DataRelease,
    Kind,
    OutputManifest,
    OutputRecord,
    check_id,
    check_persons,
    check_title,
)
from analysis_lib.report.provenance import Provenance, installed_version
from analysis_lib.tables import format_estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Report"]

RUN_DIR_VARIABLE = "COHORTHUB_RUN_DIR"
_FOLDER = "outputs"


class ReleaseLike(Protocol):
    """What a report needs to know of a data release."""

    @property
    def name(self) -> str:
        """Name in the catalog."""

    @property
    def release(self) -> str:
        """Release in the catalog."""

    @property
    def path(self) -> Path:
        """Folder with ``manifest.json``."""


class CohortLike(Protocol):
    """What a report needs to know of a cohort."""

    @property
    def name(self) -> str:
        """The definition's name."""

    @property
    def definition_sha256(self) -> str:
        """Hash of what the definition means."""

    @property
    def n_persons(self) -> int:
        """Distinct persons."""

    @property
    def dataset(self) -> ReleaseLike:
        """The data release that the persons come from."""


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
            If the id is taken or no name for a file, there are no counts, or `table` is no table.
        """
        frame = table if isinstance(table, pd.DataFrame) else _framed(table, output=output_id)
        # A frame knows nothing of itself: its `n` would be a column of that name.
        own = None if isinstance(table, pd.DataFrame) else table
        source = own if of is None else of
        self._check(output_id, title=title, persons=persons, source=source)
        files = self._save_table(output_id, frame)
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
        check_persons(_persons_of(persons, source), output=output_id)

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
            persons=dict(_persons_of(persons, source)),
            method=method or getattr(source, "method", None),
            value=value,
            file=files[0] if files else None,
            files=files,
            n=getattr(source, "n", None),
            events=getattr(source, "events", None),
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


def _persons_of(persons: Mapping[str, Any] | None, source: Any) -> Mapping[str, Any]:
    if persons is None:
        found = getattr(source, "persons", None)
        return found if isinstance(found, Mapping) else {}
    # What is no number stays as it is, for check_persons to refuse.
    return {label: count if plain_number(count) is None else plain_number(count) for label, count in persons.items()}


def _framed(table: Any, *, output: str) -> pd.DataFrame:
    make = getattr(table, "to_frame", None)
    frame = make() if callable(make) else None
    if not isinstance(frame, pd.DataFrame):
        raise OutputError(
            f"output '{output}' must be a DataFrame or have to_frame(); found {type(table).__name__}. Convert it first."
        )
    return frame
