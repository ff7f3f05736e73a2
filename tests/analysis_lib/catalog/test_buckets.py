"""The hash that decides where a person's rows lie."""

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.catalog import bucket_of, bucket_sql
from analysis_lib.catalog.buckets import choose_bucket_count

IDS = st.integers(-(2**63), 2**63 - 1)
COUNTS = st.integers(1, 4096)


def plain_bucket(person_id: int, count: int) -> int:
    """The definition, in Python's unbounded integers."""
    u = person_id % 2**64
    words = (u % 2**22, u >> 22 & (2**21 - 1), u >> 43)
    factors = (1_597_334_677, 741_103_597, 1_183_186_591)
    return (sum(w * f for w, f in zip(words, factors, strict=True)) + 1_013_904_223) % (2**31 - 1) % count


@given(ids=st.lists(IDS, min_size=1), count=COUNTS)
def test_numpy_computes_what_the_definition_says_for_every_64_bit_id(ids: list[int], count: int) -> None:
    assert bucket_of(np.array(ids, dtype=np.int64), count=count).tolist() == [plain_bucket(i, count) for i in ids]


@settings(deadline=None)
@given(ids=st.lists(IDS, min_size=1, max_size=50), count=COUNTS)
def test_sql_computes_what_numpy_computes(ids: list[int], count: int) -> None:
    with duckdb.connect() as connection:
        query = f"SELECT {bucket_sql('i', count=count)} FROM (SELECT unnest($1::BIGINT[]) AS i)"
        found = [row[0] for row in connection.execute(query, [ids]).fetchall()]
    assert found == bucket_of(np.array(ids, dtype=np.int64), count=count).tolist()


@pytest.mark.parametrize(
    ("person_id", "bucket"),
    # Written down once: releases that exist must stay readable.
    [(0, 31), (1, 53), (-1, 4), (2**53, 19), (2**53 + 1, 41), (2**63 - 1, 4), (-(2**63), 31)],
)
def test_the_hash_never_changes(person_id: int, bucket: int) -> None:
    assert plain_bucket(person_id, 64) == bucket
    assert bucket_of(np.array([person_id], dtype=np.int64), count=64).tolist() == [bucket]


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(np.arange(1, 100_001), id="consecutive"),
        pytest.param(np.arange(1, 100_001) * 1024, id="multiples of a power of two"),
        pytest.param(-np.arange(1, 100_001), id="negative"),
        pytest.param(2**53 + np.arange(100_000) * 2, id="beyond 2^53"),
        pytest.param(np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 100_000), id="random"),
    ],
)
def test_buckets_are_of_even_size_whatever_the_ids_look_like(ids: np.ndarray) -> None:
    sizes = np.bincount(bucket_of(ids, count=64), minlength=64)
    mean = len(ids) / 64
    assert sizes.min() > mean - 6 * mean**0.5
    assert sizes.max() < mean + 6 * mean**0.5


def test_a_float_is_refused_because_it_has_already_lost_ids() -> None:
    with pytest.raises(TypeError, match="int64"):
        bucket_of(np.array([1.0]), count=4)


def test_no_ids_have_no_buckets() -> None:
    assert bucket_of(np.array([], dtype=np.int64), count=4).tolist() == []
    assert bucket_of([], count=4).tolist() == []


@pytest.mark.parametrize(("rows", "count"), [(0, 4), (350_000, 4), (64_000_000, 4), (200_000_000, 16), (10**11, 4096)])
def test_large_sets_get_buckets_of_about_sixteen_million_rows(rows: int, count: int) -> None:
    assert choose_bucket_count(rows) == count
