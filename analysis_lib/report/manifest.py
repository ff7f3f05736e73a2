"""``outputs.json``: every number, table and figure that a report gives out, each with the persons behind it.

A later disclosure check reads this file instead of running the report again, so an output without counts is refused
here, where its author can still mend it.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from analysis_lib.catalog.pins import pinned_release
from analysis_lib.errors import OutputError
from analysis_lib.report.rules import Better, check_id, check_persons, check_title
from analysis_lib.whole_files import write_whole

__all__ = ["CohortEntry", "CohortLike", "DataRelease", "OutputManifest", "OutputRecord", "ReleaseLike", "StageEntry"]

SCHEMA = "cohorthub.outputs/1"
FILE_NAME = "outputs.json"
Kind = Literal["number", "table", "figure"]


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


@dataclass(frozen=True)
class DataRelease:
    """A data release that the report read.

    Attributes
    ----------
    name, release : str
        As in the catalog.
    manifest_sha256 : str
        Hash of the release's manifest, which holds the hashes of all its files.
    pinned : str or None
        The release that the run was pinned to, where the notebook asked for another by its name.
    """

    name: str
    release: str
    manifest_sha256: str
    pinned: str | None = None


@dataclass(frozen=True)
class CohortEntry:
    """A cohort that the report used.

    Attributes
    ----------
    name : str
        The definition's.
    definition_sha256 : str
        Hash of what the definition means.
    persons : int
        Distinct persons.
    """

    name: str
    definition_sha256: str
    persons: int


@dataclass(frozen=True, kw_only=True)
class StageEntry:
    """A stage of the report.

    Attributes
    ----------
    name : str
        Lower-case letters, digits and single hyphens.
    key : str
        Hash of all that it was made from.
    reused : bool
        Whether its results are those of an earlier run.
    seconds : float
        How long it took in this run.
    bytes : int
        What was kept of it on the disk.
    computed_at : str
        When its results were computed, UTC, ISO 8601.
    """

    name: str
    key: str
    reused: bool
    seconds: float
    bytes: int
    computed_at: str


@dataclass(frozen=True, kw_only=True)
class OutputRecord:
    """One output of a report.

    Attributes
    ----------
    id : str
        Lower-case letters, digits and single hyphens; the name of its files.
    kind : {"number", "table", "figure"}
        What it is.
    title : str
        What it shows.
    method : str or None
        How it was made.
    value : int, float or None
        The number itself, for numbers.
    file : str or None
        Its main file, relative to the run folder.
    files : tuple of str
        All its files: the data behind a figure leave the house with it.
    persons : dict of str to int
        Distinct persons behind it, by group.
    n, events : int or None
        Rows and events of the analysis.
    exclusions : dict of str to int
        Rows left out of it, by reason.
    estimates : tuple of dict
        The unrounded numbers of a result, one per row of its table; empty for what is no result, or has more rows than
        a document should hold (its file has them all).
    tolerance : dict of str to float, or None
        By how much its numbers may differ from those of another run and still count as unchanged: ``absolute``, or
        ``relative`` as a share of the larger of the two.
    better : {"higher", "lower"} or None
        Which direction is good news.
    """

    id: str
    kind: Kind
    title: str
    persons: dict[str, int]
    method: str | None = None
    value: int | float | None = None
    file: str | None = None
    files: tuple[str, ...] = ()
    n: int | None = None
    events: int | None = None
    exclusions: dict[str, int] = field(default_factory=dict)
    estimates: tuple[dict[str, int | float | str | None], ...] = ()
    tolerance: dict[str, float] | None = None
    better: Better | None = None

    def __post_init__(self) -> None:
        check_id(self.id)
        check_title(self.title, output=self.id)
        check_persons(self.persons, output=self.id)
        if self.value is not None and not (isinstance(self.value, int) or math.isfinite(self.value)):
            raise OutputError(f"output '{self.id}' is no finite number. Declare what was estimated, or leave it out.")


@dataclass
class OutputManifest:
    """All that one report declares.

    Attributes
    ----------
    library_version : str
        Version of the library that made the report.
    data_releases : list of DataRelease
        Data read.
    cohorts : list of CohortEntry
        Cohorts used.
    outputs : list of OutputRecord
        In the order in which they were declared.
    stages : list of StageEntry
        In the order in which they ended.
    """

    library_version: str
    data_releases: list[DataRelease] = field(default_factory=list)
    cohorts: list[CohortEntry] = field(default_factory=list)
    outputs: list[OutputRecord] = field(default_factory=list)
    stages: list[StageEntry] = field(default_factory=list)
    _noted: set[tuple[str, str, str]] = field(default_factory=set, repr=False)

    @property
    def unchanged_since(self) -> str | None:
        """When the newest of the stages was computed, if all are those of earlier runs; else None."""
        return max(stage.computed_at for stage in self.stages) if self.all_reused else None

    @property
    def all_reused(self) -> bool:
        """Whether there are stages, and every one is that of an earlier run."""
        return bool(self.stages) and all(stage.reused for stage in self.stages)

    def note_release(self, dataset: ReleaseLike) -> bool:
        """Take notice of a data release that was read.

        Parameters
        ----------
        dataset : Dataset
            The release.

        Returns
        -------
        bool
            Whether it was not known yet.
        """
        told = (dataset.name, dataset.release, str(dataset.path))
        if told in self._noted:
            return False
        self._noted.add(told)
        content = (Path(dataset.path) / "manifest.json").read_bytes()
        pinned = pinned_release(dataset.name)
        other = pinned if pinned != dataset.release else None
        entry = DataRelease(dataset.name, dataset.release, hashlib.sha256(content).hexdigest(), other)
        is_new = entry not in self.data_releases
        self.data_releases += [entry] if is_new else []
        return is_new

    def add(self, record: OutputRecord) -> None:
        """Declare an output.

        Parameters
        ----------
        record : OutputRecord
            Checked already; its id must be new.

        Raises
        ------
        OutputError
            If another output has the same id.
        """
        self.refuse_known(record.id)
        self.outputs.append(record)

    def refuse_known(self, output_id: str) -> None:
        """Refuse an id that is taken.

        Parameters
        ----------
        output_id : str
            Of an output to come.

        Raises
        ------
        OutputError
            If another output has it.
        """
        if any(record.id == output_id for record in self.outputs):
            raise OutputError(
                f"each output needs an id of its own; '{output_id}' is declared already, among {len(self.outputs)}. "
                "Give this one another, or run the notebook again from the cell that makes the Report."
            )

    def to_document(self) -> dict[str, Any]:
        """Return the manifest as it is written.

        Returns
        -------
        dict
            Of types that JSON knows.
        """
        return {
            "schema": SCHEMA,
            "library_version": self.library_version,
            "data_releases": [_without_none(asdict(release)) for release in self.data_releases],
            "cohorts": [asdict(cohort) for cohort in self.cohorts],
            "outputs": [_listed(asdict(record)) for record in self.outputs],
            "stages": [asdict(stage) for stage in self.stages],
            "unchanged_since": self.unchanged_since,
        }

    def write(self, run_dir: Path) -> Path:
        """Write ``outputs.json``, whole or not at all.

        Parameters
        ----------
        run_dir : Path
            The run folder.

        Returns
        -------
        Path
            The file.
        """
        target = run_dir / FILE_NAME
        text = json.dumps(self.to_document(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_whole(target, text, mode=0o644)  # the runner's group reads it, whatever the umask
        return target


def _without_none(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if value is not None}


def _listed(record: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in record.items()}
