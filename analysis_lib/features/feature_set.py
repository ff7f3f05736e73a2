"""A baseline that has not been read yet, and the ways to read it."""

import os
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.compute import items_at_once, map_buckets
from analysis_lib.errors import FeatureInputError
from analysis_lib.features.bucket_task import BaselineTask, BucketAnswer, answer_bucket, check_units, warn_of_unknown
from analysis_lib.features.members import KEYS, Members
from analysis_lib.features.planning import plan_baseline
from analysis_lib.features.variable import Feature
from analysis_lib.tables import html_table
from analysis_lib.variables import VARIABLES, Variable

if TYPE_CHECKING:
    import dask.dataframe as dd
    import pandas as pd
    import xarray as xr

    from analysis_lib.compute import Cluster

ROW = "row"


@dataclass(frozen=True, eq=False, repr=False)
class Features:
    """Variables of persons around their index dates: one row per person and index date.

    Nothing is read until one of ``to_pandas``, ``to_dask``, ``to_xarray``, ``to_parquet``, ``compute`` or ``missing``
    is called.

    Parameters
    ----------
    members : Members
        Whom it is about.
    features : tuple of Feature
        The columns, in order.
    unknown_concepts : {"refuse", "warn"}
        What to do with concepts that the vocabulary lacks.
    on : Cluster or None
        Where buckets are read.
    """

    members: Members
    features: tuple[Feature, ...]
    unknown_concepts: Literal["refuse", "warn"] = "refuse"
    on: "Cluster | None" = None

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Every column after the keys: its name, unit and meaning."""
        return tuple(feature.as_variable() for feature in self.features)

    @property
    def attrs(self) -> dict[str, dict[str, str]]:
        """Units, meanings and types by column; every frame made of this carries them."""
        described = [*(VARIABLES[key] for key in KEYS), *self.variables]
        types = {"subject_id": "int64", "cohort_start_date": "datetime64[us]"}
        return {
            "units": {variable.name: variable.unit for variable in described},
            "meanings": {variable.name: variable.meaning for variable in described},
            "dtypes": types | {feature.column: feature.dtype for feature in self.features},
        }

    def __len__(self) -> int:
        return len(self.members)

    def describe(self) -> "pd.DataFrame":
        """List the variables; reads nothing.

        Returns
        -------
        DataFrame
            One row per variable: ``variable``, ``unit``, ``dtype``, ``meaning``.
        """
        import pandas as pd

        rows = [(f.column, f.unit, f.dtype, f.meaning) for f in self.features]
        return pd.DataFrame(rows, columns=["variable", "unit", "dtype", "meaning"])

    def compute(self) -> "pd.DataFrame":
        """Read everything into memory, once; the same frame is given again.

        Returns
        -------
        DataFrame
            As `to_pandas`.

        Warns
        -----
        UnknownPersonWarning
            If people of a frame, or of a cohort from another release, are not in this one.
        """
        return self._read[0]

    def to_pandas(self) -> "pd.DataFrame":
        """Read everything into memory.

        Returns
        -------
        DataFrame
            ``subject_id`` (int64), ``cohort_start_date`` (datetime64) and a column per variable, in the order of the
            cohort; a copy, so that it may be changed. `attrs` has units, meanings and types.
        """
        return self.compute().copy()

    def to_xarray(self) -> "xr.Dataset":
        """Read everything into an xarray data set.

        Returns
        -------
        Dataset
            dims ``row``; ``subject_id`` and ``cohort_start_date`` are coordinates, since a person may have several
            index dates. Whole numbers that may be missing are float64. Each variable has ``units`` and ``long_name``.

        Raises
        ------
        FeatureInputError
            If a variable is called ``row``.
        """
        import xarray as xr

        if ROW in self.attrs["units"]:
            raise FeatureInputError(
                f"a variable cannot be called '{ROW}' here; that is the data set's dimension. Give it another name=."
            )
        frame = self.compute()
        by_name = {variable.name: variable for variable in self.variables}
        data = {
            name: (ROW, _plain(frame[name]), {"units": variable.unit, "long_name": variable.meaning})
            for name, variable in by_name.items()
        }
        keys = {key: (ROW, frame[key].to_numpy()) for key in KEYS}
        return xr.Dataset(data, coords=keys, attrs={"cohort": self.members.name, **_source(self.members)})

    def to_dask(self) -> "dd.DataFrame":
        """Prepare a Dask frame with one partition per bucket; rows are read when Dask asks for them.

        Returns
        -------
        dask.dataframe.DataFrame
            The columns of `to_pandas`, in the order of buckets. A bucket whose units cannot be converted raises
            UnitError when it is read. Dask frames have no ``attrs``: units stay with this object.
        """
        import dask.dataframe as dd

        tasks = [task for task, _ in self._tasks()]
        return dd.from_map(_partition, tasks, meta=self._empty(), label="features")  # type: ignore[no-untyped-call, no-any-return]

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write one Parquet file per bucket; memory holds only the buckets under way.

        Parameters
        ----------
        path : path
            A folder that does not exist yet. It is there whole, or not at all.

        Raises
        ------
        FeatureInputError
            If it exists.
        StorageError
            If the folder cannot be written, such as for a full disk; nothing is left of it.
        UnitError
            If numbers are in units that cannot be converted.
        """
        from analysis_lib.features.writing import WritesBucket, written_whole

        tasks = [task for task, _ in self._tasks()]
        with written_whole(path) as folder:
            write = WritesBucket(str(folder), self.attrs)
            check_units(_sum(map_buckets(write, list(enumerate(tasks)), on=self.on)))

    def missing(self) -> "pd.DataFrame":
        """Count what is missing.

        Returns
        -------
        DataFrame
            One row per variable: ``variable``, ``rows``, ``missing``, ``missing_share``; ``not_observed``, the rows
            that were not observed on a single day of its window, where "no record" says little; and ``dropped``, the
            numbers without a unit that were left out because that was asked for.
        """
        import pandas as pd

        frame, answers = self._read
        unobserved = _sum([answer.unobserved for answer in answers])
        dropped = _dropped(answers)
        rows = [
            (
                feature.column,
                len(frame),
                int(frame[feature.column].isna().sum()),
                unobserved[feature.looks_at] if feature.looks_at else 0,
                dropped[_measured(feature)],
            )
            for feature in self.features
        ]
        table = pd.DataFrame(rows, columns=["variable", "rows", "missing", "not_observed", "dropped"])
        table.insert(3, "missing_share", table["missing"] / table["rows"].clip(lower=1))
        return table

    @cached_property
    def _read(self) -> "tuple[pd.DataFrame, list[BucketAnswer]]":
        import numpy as np
        import pandas as pd

        tasks = self._tasks(at_once=items_at_once(on=self.on))
        answers = map_buckets(answer_bucket, [task for task, _ in tasks], on=self.on)
        check_units(_sum([answer.left_out for answer in answers]))
        warn_of_unknown(sum(answer.unknown for answer in answers))
        frame = pd.concat([answer.frame for answer in answers], ignore_index=True)
        order = np.argsort(np.concatenate([rows for _, rows in tasks]))
        frame = frame.iloc[order].reset_index(drop=True)
        frame.attrs.update(self.attrs)
        return frame, [BucketAnswer(answer.frame.iloc[:0], answer.left_out, answer.unobserved) for answer in answers]

    def _tasks(self, *, at_once: int | None = None) -> "list[tuple[BaselineTask, Any]]":
        return plan_baseline(self.members, self.features, unknown_concepts=self.unknown_concepts, at_once=at_once)

    def _empty(self) -> "pd.DataFrame":
        import pandas as pd

        keys = self.members.frame[KEYS].iloc[:0]
        columns = {feature.column: pd.Series(dtype=feature.dtype) for feature in self.features}
        return keys.assign(**columns)

    def __repr__(self) -> str:
        return (
            f"Features of {self.members.name}: {len(self):,} rows, {len(self.features)} variables, not read until asked"
        )

    def _repr_html_(self) -> str:
        rows = [[f.column, "" if f.unit == "1" else f.unit, f.meaning] for f in self.features]
        notes = [
            f"{len(self):,} rows, one per person and index date. Read when asked: to_pandas(), to_dask() and others."
        ]
        return html_table(
            ["Variable", "Unit", "Meaning"], rows, caption=f"Features of {self.members.name}", notes=notes, left=3
        )


def _partition(task: BaselineTask) -> "pd.DataFrame":
    answer = answer_bucket(task)
    check_units(answer.left_out)
    warn_of_unknown(answer.unknown)
    return answer.frame


def _sum(parts: "list[Counter[Any]]") -> "Counter[Any]":
    total: Counter[Any] = Counter()
    for part in parts:
        total.update(part)
    return total


def _dropped(answers: "list[BucketAnswer]") -> "Counter[Any]":
    left_out = _sum([answer.left_out for answer in answers])
    counts: Counter[Any] = Counter()
    for why, rows in left_out.items():
        counts[why.channel] += rows
    return counts


def _measured(feature: Feature) -> Any:
    from analysis_lib.features.bucket_values import channel_of
    from analysis_lib.features.requests import ValueRequest

    return next((channel_of(request) for request in feature.requests if isinstance(request, ValueRequest)), None)


def _plain(column: "pd.Series[Any]") -> Any:
    import pandas as pd

    if isinstance(column.dtype, pd.Int64Dtype):
        return column.to_numpy(dtype="float64", na_value=float("nan"))
    if column.dtype == "str":
        return column.to_numpy(dtype="object").astype(str)
    return column.to_numpy()


def _source(members: Members) -> dict[str, str]:
    return {"dataset": members.dataset.name, "release": members.dataset.release}
