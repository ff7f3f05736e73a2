"""Cohorts as a file: the OMOP cohort table of several definitions, whole or not at all."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis_lib.errors import InvalidDefinitionError, StorageError
from analysis_lib.whole_files import replacing

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis_lib.cohort.build import Cohort

__all__ = ["check_target", "cohort_table", "write_cohorts"]

ENDINGS = (".parquet", ".csv", ".csv.gz")
_KEY = b"cohorthub.cohorts"


def check_target(path: Path, *, inputs: Sequence[Path] = ()) -> None:
    """Refuse a file that could not be written, before any work is done for it.

    Parameters
    ----------
    path : Path
        Where the cohorts shall go.
    inputs : sequence of Path, default ()
        Files that are read for it.

    Raises
    ------
    InvalidDefinitionError
        If the ending is none of ``.parquet``, ``.csv`` and ``.csv.gz``, or the file is one of the inputs.
    StorageError
        If its folder is not there or cannot be written.
    """
    if not path.name.lower().endswith(ENDINGS):
        raise InvalidDefinitionError(
            f"cohorts are written as {', '.join(ENDINGS)}; got '{path.name}'. Choose one of these endings."
        )
    if path.exists() and any(one.exists() and one.samefile(path) for one in inputs):
        raise InvalidDefinitionError(
            f"'{path}' is one of the definitions; cohorts written there would take its place. Choose another file."
        )
    folder = path.resolve().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise StorageError(
            f"cohorts cannot be written to '{path}'; its folder is "
            f"{'not writable' if folder.is_dir() else 'not there'}. Make the folder, or choose another."
        )


def cohort_table(cohorts: Sequence["Cohort"]) -> "pa.Table":
    """Put cohorts together as one OMOP cohort table.

    Parameters
    ----------
    cohorts : sequence of Cohort
        May be none.

    Returns
    -------
    pyarrow.Table
        ``cohort_definition_id`` and ``subject_id`` (int64), ``cohort_start_date`` and ``cohort_end_date`` (date), in
        this order; the file's metadata names the release and the hash of each definition.
    """
    import pyarrow as pa

    schema = pa.schema(
        [
            ("cohort_definition_id", pa.int64()),
            ("subject_id", pa.int64()),
            ("cohort_start_date", pa.date32()),
            ("cohort_end_date", pa.date32()),
        ],
        metadata={_KEY: json.dumps([_provenance(cohort) for cohort in cohorts])},
    )
    parts = [
        pa.Table.from_pandas(cohort.frame[schema.names], schema=schema.remove_metadata(), preserve_index=False)
        for cohort in cohorts
    ]
    table = pa.concat_tables([schema.remove_metadata().empty_table(), *parts])
    return table.sort_by([(name, "ascending") for name in schema.names]).replace_schema_metadata(schema.metadata)


def _provenance(cohort: "Cohort") -> dict[str, object]:
    return {
        "cohort_definition_id": cohort.definition.cohort_definition_id,
        "name": cohort.name,
        "definition_sha256": cohort.definition_sha256,
        "data": cohort.dataset.name,
        "release": cohort.release,
    }


def write_cohorts(cohorts: Sequence["Cohort"], path: Path) -> None:
    """Write cohorts as one OMOP cohort table; a file that is there is replaced only when the new one is whole.

    Parameters
    ----------
    cohorts : sequence of Cohort
        May be none: the table then has no rows.
    path : Path
        The file; its ending says the format.

    Raises
    ------
    StorageError
        If the disk is full or the file cannot be written.
    """
    import pyarrow.csv
    import pyarrow.parquet

    check_target(path)
    table = cohort_table(cohorts)
    try:
        with replacing(path.resolve()) as temporary:  # behind a link, not in its place
            if path.name.lower().endswith(".parquet"):
                pyarrow.parquet.write_table(table, temporary, compression="zstd", write_page_checksum=True)
            else:
                compression = "gzip" if path.name.lower().endswith(".gz") else None
                with pyarrow.output_stream(str(temporary), compression=compression) as stream:
                    pyarrow.csv.write_csv(table, stream)
    except OSError as error:
        raise StorageError(
            f"the cohorts could not be written; found: {error.strerror or type(error).__name__}. "
            "Free space or choose another folder; nothing was changed."
        ) from error
