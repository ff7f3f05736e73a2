"""Which buckets are read together: no more groups than can be read at once, unless memory asks for more.

A group costs tens of milliseconds before it reads a row, however many buckets are in it; so a release with many buckets
is read by two cores as two groups, and by a cluster of eight workers as eight.
"""

import functools
import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from analysis_lib.catalog.buckets import bucket_of
from analysis_lib.catalog.vocabulary.concept_tables import COUNTS

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from analysis_lib.catalog.dataset import Dataset

__all__ = ["count_rows", "group_buckets", "persons_by_group"]

MOST_ROWS = 2_000_000
"""Rows that one group may keep in memory: of cohorts, which keep most columns, about 100 MB."""


def group_buckets(buckets: Sequence[int], *, rows: int, at_once: int) -> list[tuple[int, ...]]:
    """Put buckets together.

    Parameters
    ----------
    buckets : sequence of int
        Those to be read.
    rows : int
        About how many rows of all of them will be kept in memory.
    at_once : int
        How many groups are read at once.

    Returns
    -------
    list of tuple of int
        Groups of nearly equal size, in order: `at_once` of them, or a multiple of that where one would keep more than
        `MOST_ROWS`; never one without a bucket.
    """
    waves = max(1, -(-rows // (MOST_ROWS * at_once)))
    n_groups = min(waves * at_once, len(buckets))
    edges = [number * len(buckets) // n_groups for number in range(n_groups + 1)] if n_groups else []
    return [tuple(buckets[first:last]) for first, last in itertools.pairwise(edges)]


def persons_by_group(
    person_ids: "NDArray[np.int64]", dataset: "Dataset", *, rows: int = 0, at_once: int | None = None
) -> "list[tuple[tuple[int, ...], NDArray[np.intp]]]":
    """Say which persons lie in which group of buckets.

    Parameters
    ----------
    person_ids : ndarray of int64, shape (n,)
        Whom to find; may repeat.
    dataset : Dataset
        The release.
    rows : int, default 0
        About how many rows would be kept in memory for all persons of the release.
    at_once : int, optional
        As in `group_buckets`; every bucket stands alone when left out.

    Returns
    -------
    list of (tuple of int, ndarray of int)
        The buckets of each group, and positions in `person_ids` in the order given. Buckets without a person are left
        out; a single one stands for no person at all.
    """
    import numpy as np

    buckets = bucket_of(person_ids, count=dataset.bucket_count)
    present = np.unique(buckets).tolist() or [0]
    share = min(1.0, len(person_ids) / max(1, dataset.n_persons))
    groups = group_buckets(present, rows=int(rows * share), at_once=len(present) if at_once is None else at_once)
    group_of = np.zeros(dataset.bucket_count, dtype=np.intp)
    for number, group in enumerate(groups):
        group_of[list(group)] = number
    of_person = group_of[buckets]
    order = np.argsort(of_person, kind="stable")
    edges = np.searchsorted(of_person[order], np.arange(1, len(groups)))
    return list(zip(groups, np.split(order, edges), strict=True))


def count_rows(dataset: "Dataset", table: str, *, concept_ids: Iterable[int] | None = None) -> int:
    """Look up how many rows of a table there are, all or those of some concepts.

    Parameters
    ----------
    dataset : Dataset
        The release.
    table : str
        The table; one that is not there has no rows.
    concept_ids : iterable of int, optional
        Concepts of the table's main concept column; all rows when left out.

    Returns
    -------
    int
        Counted at import. All rows, where the release counted no concepts.
    """
    entry = dataset.tables.get(table)
    if entry is None:
        return 0
    if concept_ids is None or COUNTS not in dataset.manifest.derived:
        return entry.rows
    counts = _counts_of(dataset.path, dataset.manifest_sha256).get(table, {})
    return sum(counts.get(concept_id, 0) for concept_id in set(concept_ids))


@functools.lru_cache(maxsize=8)
def _counts_of(path: "Path", manifest_sha256: str) -> dict[str, dict[int, int]]:
    """Read how often each concept is recorded in each table; a release is never changed, so once is enough."""
    from analysis_lib.catalog.dataset import Dataset

    del manifest_sha256  # tells two releases apart that lay at one path, one after the other
    table = Dataset.open(path).table(COUNTS)
    return {
        str(name): dict(zip(rows["concept_id"].tolist(), rows["records"].tolist(), strict=True))
        for name, rows in table.groupby("table_name")
    }
