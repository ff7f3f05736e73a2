"""Which buckets are read together."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis_lib.catalog import Dataset, bucket_of
from analysis_lib.catalog.bucket_groups import MOST_ROWS, count_rows, group_buckets, persons_by_group

MakeRelease = Callable[..., Dataset]
PERSONS = [*range(1, 40), -5, 2**60]
TABLES = {
    "person": "person\n" + "\n".join(map(str, PERSONS)),
    "observation_period": "person from to\n" + "\n".join(f"{p} 2000-01-01 2010-01-01" for p in PERSONS),
    "condition_occurrence": "person concept from to\n"
    + "\n".join(f"{p} {30 if p % 2 else 40} 2005-01-01 -" for p in PERSONS),
}


@pytest.fixture(scope="module")
def dataset(make_release: MakeRelease) -> Dataset:
    return make_release(TABLES, bucket_count=8)


@given(n_buckets=st.integers(0, 64), rows=st.integers(0, 10 * MOST_ROWS), at_once=st.integers(1, 12))
def test_every_bucket_is_read_once_in_groups_of_nearly_one_size(n_buckets: int, rows: int, at_once: int) -> None:
    groups = group_buckets(range(n_buckets), rows=rows, at_once=at_once)
    assert [bucket for group in groups for bucket in group] == list(range(n_buckets))
    sizes = [len(group) for group in groups]
    assert not sizes or max(sizes) - min(sizes) <= 1
    assert 0 not in sizes
    if len(groups) < n_buckets:  # no core waits for another's second group, and no group keeps too many rows
        assert len(groups) % at_once == 0
        assert rows / len(groups) <= MOST_ROWS


def test_few_rows_make_as_many_groups_as_are_read_at_once_and_many_rows_more() -> None:
    assert group_buckets(range(16), rows=10, at_once=2) == [tuple(range(8)), tuple(range(8, 16))]
    assert len(group_buckets(range(16), rows=3 * MOST_ROWS, at_once=2)) == 4
    assert len(group_buckets(range(16), rows=100 * MOST_ROWS, at_once=2)) == 16


@pytest.mark.parametrize("at_once", [None, 1, 2, 3, 8, 50])
def test_every_person_is_in_the_group_that_holds_the_bucket(dataset: Dataset, at_once: int | None) -> None:
    ids = np.array([*PERSONS, *PERSONS[:3]], dtype="int64")
    groups = persons_by_group(ids, dataset, at_once=at_once)
    assert sorted(position for _, rows in groups for position in rows) == list(range(len(ids)))
    for buckets, rows in groups:
        assert set(bucket_of(ids[rows], count=8).tolist()) == set(buckets)
        assert np.all(np.diff(rows) > 0)
    present = len(set(bucket_of(ids, count=8).tolist()))
    assert len(groups) == min(at_once or present, present)


def test_nobody_lies_in_one_group_of_one_bucket(dataset: Dataset) -> None:
    ((buckets, rows),) = persons_by_group(np.array([], dtype="int64"), dataset, at_once=4)
    assert buckets == (0,)
    assert len(rows) == 0


def test_rows_are_counted_by_concept_as_the_import_counted_them(dataset: Dataset) -> None:
    odd = sum(p % 2 for p in PERSONS)
    assert count_rows(dataset, "condition_occurrence", concept_ids=[30]) == odd
    assert count_rows(dataset, "condition_occurrence", concept_ids=[30, 40, 30, 99]) == len(PERSONS)
    assert count_rows(dataset, "condition_occurrence") == len(PERSONS)
    assert count_rows(dataset, "no_such_table", concept_ids=[30]) == 0
