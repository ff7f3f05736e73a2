"""The rows that features are made for: one per person and index date, in the order they were given."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis_lib.catalog.bucket_groups import persons_by_group
from analysis_lib.cohort import Cohort
from analysis_lib.errors import FeatureInputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from analysis_lib.catalog import Dataset

KEYS = ["subject_id", "cohort_start_date"]
END = "cohort_end_date"


@dataclass(frozen=True, eq=False)
class Members:
    """Persons and their index dates.

    Parameters
    ----------
    frame : DataFrame
        ``subject_id`` (int64), ``cohort_start_date`` (datetime64), and what else was kept; no row twice.
    dataset : Dataset
        The release that knows them.
    name : str
        What people call them.
    are_known : bool, default True
        Whether they were found in this release, so that all of them are in it.
    """

    frame: "pd.DataFrame"
    dataset: "Dataset"
    name: str
    are_known: bool = True

    def __len__(self) -> int:
        return len(self.frame)

    def by_group(
        self, *, rows: int = 0, at_once: int | None = None
    ) -> "list[tuple[tuple[int, ...], np.ndarray[Any, Any]]]":
        """Say which rows lie in which group of buckets.

        Parameters
        ----------
        rows : int, default 0
            About how many rows would be kept in memory for all persons of the release.
        at_once : int, optional
            How many groups are read at once; every bucket stands alone when left out.

        Returns
        -------
        list of tuple of (tuple of int) and ndarray
            Buckets, and row numbers in the order given; as `persons_by_group`.
        """
        return persons_by_group(self.frame["subject_id"].to_numpy(), self.dataset, rows=rows, at_once=at_once)


def members_of(cohort: "Cohort | pd.DataFrame", dataset: "Dataset | None") -> Members:
    """Take the persons and index dates of a cohort, or of a frame.

    Parameters
    ----------
    cohort : Cohort or DataFrame
        A cohort; or a frame with ``subject_id`` (or ``person_id``) and ``cohort_start_date`` (or ``index_date``).
    dataset : Dataset or None
        The release; needed with a frame.

    Returns
    -------
    Members
        A person and index date that come twice are one row, where they came first.

    Raises
    ------
    FeatureInputError
        If columns lack or come twice, ids are no integers, dates are no dates, values are missing, or a cohort comes
        from another data set.
    """
    if isinstance(cohort, Cohort):
        check_source(cohort, dataset or cohort.dataset)
        frame, source, name = cohort.frame, dataset or cohort.dataset, cohort.name
    else:
        if dataset is None:
            raise FeatureInputError("a frame of persons does not say where they come from. Give dataset= as well.")
        frame, source, name = _renamed(cohort), dataset, "persons"
    _check(frame)
    kept = [*KEYS, *([END] if END in frame else [])]
    days = frame[kept].astype({"subject_id": "int64"}).copy()
    days["cohort_start_date"] = days["cohort_start_date"].dt.normalize()
    are_known = isinstance(cohort, Cohort) and cohort.release == source.release
    return Members(days.drop_duplicates(KEYS, ignore_index=True), source, name, are_known)


def check_source(cohort: Cohort, dataset: "Dataset") -> None:
    """Refuse the people of another data set: there, their ids belong to somebody else.

    Parameters
    ----------
    cohort : Cohort
        Whose ids.
    dataset : Dataset
        Where to look for them; another release of the same data set may be meant.

    Raises
    ------
    FeatureInputError
        If the cohort was built from another data set.
    """
    if cohort.dataset.name != dataset.name:
        raise FeatureInputError(
            f"cohort '{cohort.name}' comes from another data set; found '{cohort.dataset.name}', asked to look in "
            f"'{dataset.name}'. Build the cohort there."
        )


def _renamed(frame: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise FeatureInputError(
            f"features are made for a Cohort or a pandas DataFrame; got {type(frame).__module__.partition('.')[0]}'s "
            f"{type(frame).__name__}. Turn it into pandas first, such as with compute() or to_pandas()."
        )
    names = {"person_id": "subject_id", "index_date": "cohort_start_date"}
    return frame.rename(columns={old: new for old, new in names.items() if new not in frame.columns})


def _check(frame: "pd.DataFrame") -> None:
    import numpy as np

    missing = [column for column in KEYS if column not in frame.columns]
    if missing:
        raise FeatureInputError(
            f"every row needs a person and an index date; without the columns {', '.join(missing)}. "
            "Name them subject_id and cohort_start_date."
        )
    columns = [*KEYS, *([END] if END in frame else [])]
    twice = [column for column in columns if list(frame.columns).count(column) > 1]
    if twice:
        raise FeatureInputError(f"every column must be there once; found twice: {', '.join(twice)}. Drop one of them.")
    _check_ids(frame["subject_id"])
    for column in columns[1:]:
        dates = frame[column]
        if not isinstance(dates.dtype, np.dtype) or dates.dtype.kind != "M":
            raise FeatureInputError(
                f"{column} must be dates without a time zone; got {dates.dtype}. Use pandas.to_datetime."
            )
    empty = int(frame[KEYS].isna().to_numpy().sum())
    if empty:
        raise FeatureInputError(f"every row needs a person and an index date; found {empty} missing. Drop these rows.")


def _check_ids(ids: "pd.Series[Any]") -> None:
    import pandas as pd

    if not pd.api.types.is_integer_dtype(ids):
        raise FeatureInputError(
            f"subject_id must be integers; got {ids.dtype}. A float has lost ids beyond 2^53: read them as int64."
        )
    # As int64 it would be the negative id of somebody else.
    beyond = int((ids > 2**63 - 1).sum()) if pd.api.types.is_unsigned_integer_dtype(ids) else 0
    if beyond:
        raise FeatureInputError(f"subject_id must fit into int64; found {beyond} beyond it. Read the ids as int64.")
