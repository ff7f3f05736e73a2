"""One release of a data set, as a researcher reads it."""

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis_lib.catalog.manifest import Manifest, TableEntry
from analysis_lib.catalog.nearest import did_you_mean
from analysis_lib.catalog.pins import check_allowed
from analysis_lib.catalog.quality.findings import QualityReport
from analysis_lib.catalog.reading import note_read
from analysis_lib.catalog.releases import read_manifest
from analysis_lib.catalog.spec import TableSpec
from analysis_lib.errors import DamagedReleaseError, DatasetNotFoundError, UnknownTableError

if TYPE_CHECKING:
    import pandas as pd


class Dataset:
    """A release: immutable tables of an OMOP CDM, and what is known about them.

    Opened with ``open_catalog()["NAME"]``. The bytes of a file are compared with its sha256 before the first use of
    that file, so a damaged release is noticed before it becomes a result: DuckDB does not look at Parquet's checksums.

    Parameters
    ----------
    path : Path
        The release folder.
    manifest : Manifest
        What it holds.
    manifest_sha256 : str
        Of the manifest's bytes.
    """

    def __init__(self, path: Path, *, manifest: Manifest, manifest_sha256: str) -> None:
        self.path = path
        self.manifest = manifest
        self.manifest_sha256 = manifest_sha256
        # File -> its size, times and inode when its bytes were compared. The change time is among them because, unlike
        # the modification time, no program can set it back. Travels with the data set to workers, so that a
        # cluster reads each file once for this, not once per worker.
        self._verified: dict[str, tuple[int, ...]] = {}
        self._files = manifest.files

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "Dataset":
        """Open a release by its folder.

        Parameters
        ----------
        path : path
            ``DATA/NAME/RELEASE``.

        Returns
        -------
        Dataset
            The release.

        Raises
        ------
        DamagedReleaseError
            If its manifest is not as it was written.
        DatasetNotFoundError
            If ``COHORTHUB_DATASETS`` is set and does not name the data set.
        """
        folder = Path(path).absolute()
        manifest, sha256 = read_manifest(folder)
        check_allowed(manifest.name)
        return cls(folder, manifest=manifest, manifest_sha256=sha256)

    @property
    def name(self) -> str:
        """The data set's name."""
        return self.manifest.name

    @property
    def release(self) -> str:
        """The release: the day of its import and ten digits of what was imported."""
        return self.manifest.release

    @property
    def title(self) -> str:
        """What people call the data set."""
        return self.manifest.title

    @property
    def cdm_version(self) -> str:
        """Version of the OMOP Common Data Model, such as ``5.3``."""
        return self.manifest.cdm_version

    @property
    def n_persons(self) -> int:
        """Persons in the person table, exactly."""
        return self.manifest.persons

    @property
    def years(self) -> tuple[int, int] | None:
        """First and last year in which somebody was observed; None when nobody was."""
        return self.manifest.years

    @property
    def bucket_count(self) -> int:
        """How many buckets the persons' tables have."""
        return int(self.manifest.bucketing["count"])

    @property
    def tables(self) -> Mapping[str, TableEntry]:
        """The tables by name: rows, columns and files."""
        return self.manifest.tables

    @property
    def quality(self) -> QualityReport:
        """What the import found."""
        return self.manifest.quality

    def table(self, name: str, *, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        """Read a table into memory; meant for looking at it, and for small tables.

        Parameters
        ----------
        name : str
            The table, lower-case.
        columns : sequence of str, optional
            Only these columns, in this order.

        Returns
        -------
        DataFrame
            All rows, those of persons unknown to the person table included. Dates are ``datetime64``; a column of
            integers is ``int64``, or ``Int64`` where values are missing, so that no id passes through a float.

        Raises
        ------
        UnknownTableError
            If there is no such table or column; the known ones are named.
        DamagedReleaseError
            If a file is not as it was written.
        """
        from analysis_lib.catalog.frames import to_frame
        from analysis_lib.catalog.parquet import arrow_schema, read_parquet

        entry = self._entry(name)
        if columns is not None:
            self._check_columns(entry, columns)
        paths = self.paths(name)
        try:
            arrow = read_parquet(paths, columns=columns, schema=arrow_schema(entry.spec.fields))
        except OSError as error:
            raise DamagedReleaseError(
                f"a page of table '{name}' fails its checksum; release {self.release} of {self.name}. "
                f"Run 'cohorthub data check {self.name}'."
            ) from error
        return to_frame(arrow)

    def paths(self, table: str) -> list[Path]:
        """List the Parquet files of a table, verified.

        Parameters
        ----------
        table : str
            The table, lower-case.

        Returns
        -------
        list of Path
            In bucket order.
        """
        return [self._verified_path(file.path) for file in self._entry(table).files]

    def bucket_paths(self, table: str, bucket: int) -> list[Path]:
        """List the Parquet files of a table that hold one bucket's persons, verified.

        Parameters
        ----------
        table : str
            The table, lower-case.
        bucket : int
            In ``[0, bucket_count)``.

        Returns
        -------
        list of Path
            Never empty. For a table that belongs to no person: its files, whatever the bucket.
        """
        entry = self._entry(table)
        if not entry.bucketed:
            return self.paths(table)
        if not 0 <= bucket < self.bucket_count:
            raise UnknownTableError(
                f"there is no bucket {bucket}; release {self.release} has {self.bucket_count}, counted from 0. "
                "Ask for one of these."
            )
        return [self._verified_path(entry.files[bucket].path)]

    def query(self, sql: str) -> "pd.DataFrame":
        """Ask a question in SQL over all buckets; meant for looking around.

        Parameters
        ----------
        sql : str
            One SELECT of DuckDB's dialect. The tables are there under their names; nothing else can be read.

        Returns
        -------
        DataFrame
            The answer, with types as in `table`.

        Raises
        ------
        UnknownTableError
            If the SQL cannot be run on these tables.
        """
        from analysis_lib.catalog.frames import to_frame
        from analysis_lib.catalog.sql import connect, run

        with closing(connect({name: self.paths(name) for name in self.tables}, root=self.path)) as connection:
            return to_frame(run(connection, sql))

    def search_concepts(self, text: str = "", *, limit: int = 25) -> "pd.DataFrame":
        """Find concepts by their words, with how often this data set holds them.

        Parameters
        ----------
        text : str, default ""
            Words or parts of words that the name or one synonym must all have, in any order, any language of the
            vocabulary and any way of writing (case, accents, British or American, composed or decomposed, full-width);
            or a concept id; or a code or its beginning, alone or with its vocabulary: ``ICD10CM I50.9``. Empty for the
            concepts recorded most.
        limit : int, default 25
            Rows at most.

        Returns
        -------
        DataFrame
            `concept_id`, `concept_name`, `domain_id`, `vocabulary_id`, `concept_code`, `standard_concept`; `records`
            and `persons` that have this very concept, in the table that has most of them (eras repeat what occurrences
            say, so tables are not added up); `descendants`, how many concepts lie below it; `records_with_descendants`;
            `maps_to`, the standard concepts that one which is not standard stands for; `matched`, the text that was
            found. The most recorded come first, then standard and valid ones.

        Warns
        -----
        ConceptWarning
            If the release has no concept_ancestor rows, so that nothing is known of descendants.
        """
        from analysis_lib.catalog.vocabulary.concepts import search

        return search(self, text, limit=limit)

    def spec(self, table: str) -> TableSpec:
        """Describe a table: its columns, and which of them hold the concept, the dates and the key.

        Parameters
        ----------
        table : str
            The table, lower-case.

        Returns
        -------
        TableSpec
            What the release knows of it.

        Raises
        ------
        UnknownTableError
            If there is no such table; the known ones are named.
        """
        return self._entry(table).spec

    def _entry(self, name: str) -> TableEntry:
        if name in self.manifest.derived:
            return self.manifest.derived[name]
        try:
            return self.tables[name]
        except (KeyError, TypeError):
            raise UnknownTableError(
                f"{self.name} has no table {ascii(name)[:60]};{did_you_mean(name, self.tables)} "
                f"known: {', '.join(self.tables)}. Use one of these names."
            ) from None

    def _check_columns(self, entry: TableEntry, columns: Sequence[str]) -> None:
        unknown = [column for column in columns if column not in entry.spec.columns]
        if unknown:
            raise UnknownTableError(
                f"table '{entry.spec.name}' has no column {ascii(unknown[0])[:60]};"
                f"{did_you_mean(unknown[0], entry.spec.columns)} known: {', '.join(entry.spec.columns)}. "
                "Use one of these names."
            )

    def _verified_path(self, relative: str) -> Path:
        """Compare a file with its sha256 once, and again when its size or time changes."""
        from analysis_lib.catalog.parquet import sha256_of

        note_read(self)
        path = self.path / relative
        entry = self._files[relative]
        try:
            stat = path.stat()
            seen: tuple[int, ...] = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
            if self._verified.get(relative) == seen:
                return path
            intact = stat.st_size == entry.bytes and sha256_of(path) == entry.sha256
        except PermissionError:
            raise DatasetNotFoundError(
                f"a file of {self.name} is there, but not for this account; {relative} in release {self.release}. "
                "Ask whoever keeps the data for access."
            ) from None
        except OSError:
            intact, seen = False, ()
        if not intact:
            raise DamagedReleaseError(
                f"a file is not as it was written; {relative} in release {self.release} of {self.name}. "
                f"Run 'cohorthub data check {self.name}' for the whole list; restore the file or import again."
            )
        self._verified[relative] = seen
        return path

    def __getstate__(self) -> dict[str, Any]:
        """Pickle as it is: a path, a manifest and what was verified."""
        return self.__dict__.copy()

    def __repr__(self) -> str:
        """Name the release, in one line."""
        from analysis_lib.catalog.display import about_persons

        years = f", {self.years[0]}-{self.years[1]}" if self.years else ""
        return f"<Dataset {self.name} {self.release}: {about_persons(self.n_persons)} persons{years}>"

    def _repr_html_(self) -> str:
        from analysis_lib.catalog.display import dataset_html

        return dataset_html(self)
