"""Writing a table that was made from a release's others, and is no table of its source."""

from pathlib import Path

import duckdb

from analysis_lib.catalog.manifest import TableEntry
from analysis_lib.catalog.parquet import arrow_schema, write_parquet
from analysis_lib.catalog.spec import TableSpec

_BATCH_ROWS = 122_880


def write_derived(relation: duckdb.DuckDBPyRelation, spec: TableSpec, *, root: Path) -> TableEntry:
    """Write a table that was made from the others.

    Parameters
    ----------
    relation : DuckDBPyRelation
        Its rows, in order.
    spec : TableSpec
        Its columns.
    root : Path
        The folder of the release being built.

    Returns
    -------
    TableEntry
        With one file.
    """
    schema = arrow_schema(spec.fields)
    path = root / "derived" / f"{spec.name}.parquet"
    batches = relation.to_arrow_reader(_BATCH_ROWS)
    file = write_parquet(path, batches, root=root, schema=schema, sorted_by=spec.columns[:1])
    return TableEntry(spec, rows=file.rows, rows_source=0, files=(file,))
