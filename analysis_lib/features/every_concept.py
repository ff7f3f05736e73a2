"""Every concept at once: a sparse table of persons by the concepts recorded for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.catalog.bucket_groups import count_rows
from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.compute import items_at_once, map_buckets
from analysis_lib.errors import FeatureInputError
from analysis_lib.features.bucket_task import enter
from analysis_lib.features.members import KEYS, members_of
from analysis_lib.features.planning import columns_of
from analysis_lib.features.variable import EVENT_TABLES, check_kind, check_word
from analysis_lib.tables import html_table
from analysis_lib.windows import ANY_TIME_BEFORE, Window

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp

    from analysis_lib.catalog import Dataset
    from analysis_lib.cohort import Cohort
    from analysis_lib.compute import Cluster


@dataclass(frozen=True, eq=False, repr=False)
class ConceptTable:
    """Rows of persons by columns of concepts, of which most cells are zero.

    Parameters
    ----------
    rows : DataFrame
        ``subject_id`` and ``cohort_start_date``, in the order of the cohort.
    concepts : DataFrame
        One row per column: ``concept_id``, ``concept_name`` (missing where the vocabulary lacks it), ``persons`` who
        have it.
    matrix : csr_array
        int32, rows by concepts: records, or 1 where there is any.
    """

    rows: "pd.DataFrame"
    concepts: "pd.DataFrame"
    matrix: "sp.csr_array[Any]"

    def to_frame(self) -> "pd.DataFrame":
        """Give the cells that are not zero.

        Returns
        -------
        DataFrame
            ``subject_id``, ``cohort_start_date``, ``concept_id``, ``value``.
        """
        cells = self.matrix.tocoo()
        long: pd.DataFrame = self.rows.iloc[cells.row].reset_index(drop=True)
        return long.assign(concept_id=self.concepts["concept_id"].to_numpy()[cells.col], value=cells.data)

    def __repr__(self) -> str:
        rows, columns = self.matrix.shape
        return f"ConceptTable: {rows:,} rows, {columns:,} concepts, {self.matrix.nnz:,} cells"

    def _repr_html_(self) -> str:
        most = self.concepts.sort_values(["persons", "concept_id"], ascending=[False, True]).head(MOST_SHOWN)
        shown = [[str(name), str(concept), f"{n:,}"] for concept, name, n in most.itertuples(index=False)]
        rows, columns = self.matrix.shape
        notes = [f"{rows:,} rows, {columns:,} concepts, {self.matrix.nnz:,} cells that are not zero."]
        if columns > MOST_SHOWN:
            notes.append(f"The {MOST_SHOWN} concepts that most persons have.")
        return html_table(["Concept", "concept_id", "Persons"], shown, caption="Every concept", notes=notes)


MOST_SHOWN = 25


@dataclass(frozen=True, eq=False)
class ConceptsTask:
    """All that one bucket's part needs.

    Parameters
    ----------
    members : DataFrame
        The bucket's keys.
    table : str
        The table.
    columns : dict of str to str
        SQL for its columns.
    window : Window
        Which days.
    files : BucketFiles
        Where the rows are.
    """

    members: "pd.DataFrame"
    table: str
    columns: dict[str, str]
    window: Window
    files: BucketFiles


def every_concept(
    cohort: "Cohort | pd.DataFrame",
    window: Window = ANY_TIME_BEFORE,
    *,
    domain: str = "condition_occurrence",
    value: Literal["flag", "records"] = "flag",
    min_persons: int = 1,
    dataset: "Dataset | None" = None,
    on: "Cluster | None" = None,
) -> ConceptTable:
    """Count the records of every concept of one table that start in a window.

    Concepts count as recorded, without what lies above or below them; concept 0 is left out.

    Parameters
    ----------
    cohort : Cohort or DataFrame
        Whom to describe.
    window : Window, default any time before the index date
        On which days records start.
    domain : str, default "condition_occurrence"
        The table.
    value : {"flag", "records"}, default "flag"
        1 for any record, or their number.
    min_persons : int, default 1
        Leave out concepts that fewer persons have.
    dataset : Dataset, optional
        The release to look in; needed with a frame.
    on : Cluster, optional
        Where buckets are read, as in `baseline`.

    Returns
    -------
    ConceptTable
        Sparse; 12 bytes for each cell that is not zero.
    """
    check_kind("window", window, kind=Window)
    check_word("domain", domain, known=EVENT_TABLES)
    check_word("value", value, known=("flag", "records"))
    if isinstance(min_persons, bool) or not isinstance(min_persons, int) or min_persons < 1:
        raise FeatureInputError("min_persons must be a whole number, 1 or more.")
    members = members_of(cohort, dataset)
    source = members.dataset
    columns = columns_of(source, domain)
    parts = members.by_group(rows=count_rows(source, domain), at_once=items_at_once(on=on))
    tasks = [
        ConceptsTask(
            members=members.frame.iloc[rows],
            table=domain,
            columns=columns,
            window=window,
            files=BucketFiles.of(source, tables=(domain,), buckets=buckets),
        )
        for buckets, rows in parts
    ]
    found = map_buckets(count_concepts, tasks, on=on)
    cells = [(rows[row], concept, count) for (_, rows), (row, concept, count) in zip(parts, found, strict=True)]
    return _assembled(members.frame[KEYS], cells, dataset=source, least=min_persons, flag=value == "flag")


def count_concepts(task: ConceptsTask) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    """Count one bucket's records by row and concept.

    Parameters
    ----------
    task : ConceptsTask
        What to count.

    Returns
    -------
    tuple of ndarray
        Row of the bucket, concept and number of records.
    """
    import numpy as np

    at = task.columns
    with open_bucket(task.files) as connection:
        enter(connection, task.members)
        found = connection.execute(
            f"SELECT e.row_id, {at['concept']} AS concept_id, count(*)::INTEGER AS n "  # noqa: S608 - our own words
            f"FROM {task.table} AS t JOIN entries AS e ON e.person_id = t.person_id WHERE {at['concept']} <> 0 "
            f"AND {at['start']} - e.index_date BETWEEN {task.window.first_day} AND {task.window.last_day} GROUP BY ALL"
        ).fetchnumpy()
    row_id, concept_id, n = (np.asarray(found[name]) for name in ("row_id", "concept_id", "n"))
    return row_id, concept_id, n


def _assembled(
    rows: "pd.DataFrame", cells: Sequence[Any], *, dataset: "Dataset", least: int, flag: bool
) -> ConceptTable:
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp

    row, concept, count = (np.concatenate([np.asarray(part[place]) for part in cells]) for place in range(3))
    concepts, column = np.unique(concept.astype("int64"), return_inverse=True)
    people = pd.factorize(rows["subject_id"])[0]
    # A person with two index dates is one person.
    pairs = np.unique(np.stack([people[row], column]), axis=1) if len(row) else np.empty((2, 0), dtype="int64")
    persons = np.bincount(pairs[1], minlength=len(concepts))
    data = np.ones(len(row), dtype="int32") if flag else count.astype("int32")
    matrix = sp.csr_array((data, (row, column)), shape=(len(rows), len(concepts)))
    kept = np.flatnonzero(persons >= least)
    listed = pd.DataFrame({"concept_id": concepts[kept], "persons": persons[kept].astype("int64")})
    listed.insert(1, "concept_name", listed["concept_id"].map(_names(dataset, concepts[kept].tolist())))
    return ConceptTable(rows.reset_index(drop=True), listed, matrix[:, kept])


def _names(dataset: "Dataset", concepts: list[int]) -> dict[int, str]:
    if not concepts:
        return {}
    with open_bucket(BucketFiles.of(dataset, tables=("concept",))) as connection:
        listed = ", ".join(map(str, concepts))
        return dict(
            connection.execute(
                f"SELECT concept_id, concept_name FROM concept WHERE concept_id IN ({listed})"  # noqa: S608 - integers
            ).fetchall()
        )
