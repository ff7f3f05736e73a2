"""``outputs.json``: every number, table and figure that a report gives out, each with the persons behind it.

A later disclosure check reads this file instead of running the report again, so an output without counts is refused
here, where its author can still mend it.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from analysis_lib.errors import OutputError
from analysis_lib.whole_files import write_whole

__all__ = ["CohortEntry", "CohortLike", "DataRelease", "OutputManifest", "OutputRecord", "ReleaseLike"]

SCHEMA = "cohorthub.outputs/1"
FILE_NAME = "outputs.json"
Kind = Literal["number", "table", "figure"]

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_ID = 64


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
    """

    name: str
    release: str
    manifest_sha256: str


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
    """

    library_version: str
    data_releases: list[DataRelease] = field(default_factory=list)
    cohorts: list[CohortEntry] = field(default_factory=list)
    outputs: list[OutputRecord] = field(default_factory=list)

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
            "data_releases": [asdict(release) for release in self.data_releases],
            "cohorts": [asdict(cohort) for cohort in self.cohorts],
            "outputs": [_listed(asdict(record)) for record in self.outputs],
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


def _listed(record: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in record.items()}


def check_id(output_id: str) -> str:
    """Refuse an id that could not be a file name anywhere, or would leave the folder.

    Parameters
    ----------
    output_id : str
        What the author chose.

    Returns
    -------
    str
        `output_id`.

    Raises
    ------
    OutputError
        If it has anything but lower-case letters, digits and single hyphens between them, or is too long.
    """
    if not isinstance(output_id, str) or not _ID.fullmatch(output_id) or len(output_id) > _LONGEST_ID:
        raise OutputError(
            f"an output's id is lower-case letters, digits and single hyphens, at most {_LONGEST_ID}, because it names "
            f"files; found {output_id!r}. Write it like 'table-1'."
        )
    return output_id


def check_title(title: str, *, output: str) -> None:
    """Refuse an output that does not say what it shows.

    Parameters
    ----------
    title : str
        What the author wrote.
    output : str
        The output's id, for the message.

    Raises
    ------
    OutputError
        If there is nothing but space.
    """
    if not title.strip():
        raise OutputError(f"output '{output}' has no title; found nothing but space. Say in a few words what it shows.")


def check_persons(persons: Mapping[str, int], *, output: str) -> dict[str, int]:
    """Refuse an output that does not say how many persons are behind it.

    Parameters
    ----------
    persons : mapping of str to int
        Distinct persons by group.
    output : str
        The output's id, for the message.

    Returns
    -------
    dict of str to int
        `persons`.

    Raises
    ------
    OutputError
        If there are no counts, or one is no count.
    """
    if not persons:
        raise OutputError(
            f"output '{output}' does not say how many persons are behind it; found no counts. Pass "
            "persons={'all': ...} with distinct persons by group, or of=RESULT with the result it comes from."
        )
    counts: Sequence[Any] = list(persons.values())
    wrong = [count for count in counts if isinstance(count, bool) or not isinstance(count, int) or count < 0]
    if wrong or not all(isinstance(label, str) for label in persons):
        raise OutputError(
            f"persons of output '{output}' must map labels to counts; {len(wrong)} of {len(persons)} are not "
            "whole numbers >= 0. Count distinct persons: int(frame['subject_id'].nunique())."
        )
    return dict(persons)
