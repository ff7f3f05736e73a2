"""In which bucket a person's rows lie.

The hash is our own, so that a release stays readable whatever engine wrote it: the multiply-mod-prime family of Carter
and Wegman [1]_ on the three words (22, 21 and 21 bits) of the id's two's complement, modulo the Mersenne prime
2^31 - 1. Every step fits a signed 64-bit integer, so any SQL dialect with ``&`` and ``>>`` computes the same bucket.

References
----------
.. [1] Carter J.L., Wegman M.N. (1979). Universal classes of hash functions. J. Comput. Syst. Sci. 18(2), 143-154.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

HASH_NAME = "carter-wegman-31/1"
"""Name of the hash in a manifest; a release with another name was written by another version."""

MAX_BUCKETS = 4096

_PRIME = 2**31 - 1
_OFFSET = 1_013_904_223
# (shift, mask, multiplier): words below the prime, multipliers drawn once and never changed.
_WORDS = (
    (0, 2**22 - 1, 1_597_334_677),
    (22, 2**21 - 1, 741_103_597),
    (43, 2**21 - 1, 1_183_186_591),
)


def bucket_of(person_id: ArrayLike, *, count: int) -> NDArray[np.int64]:
    """Compute the bucket of each person.

    Parameters
    ----------
    person_id : array_like of int
        Ids, 64-bit; negative ones and those beyond 2^53 included. No missing values.
    count : int
        Buckets of the release, at least 1.

    Returns
    -------
    ndarray of int64
        In ``[0, count)``, of the shape of `person_id`.

    Raises
    ------
    TypeError
        If `person_id` does not hold integers: a float has already lost ids beyond 2^53.
    """
    ids = np.asarray(person_id)
    if ids.size and not np.issubdtype(ids.dtype, np.integer):
        raise TypeError(f"person_id must be integers; got {ids.dtype}. Read the column as int64.")
    ids = ids.astype(np.int64)
    total: NDArray[np.int64] = np.full(ids.shape, _OFFSET, dtype=np.int64)
    for shift, mask, multiplier in _WORDS:
        total += ((ids >> shift) & mask) * multiplier
    buckets: NDArray[np.int64] = (total % _PRIME) % count
    return buckets


def bucket_sql(column: str, *, count: int) -> str:
    """Write the same bucket as an SQL expression.

    Parameters
    ----------
    column : str
        An SQL expression of type BIGINT, already quoted where it needs quotes.
    count : int
        Buckets of the release, at least 1.

    Returns
    -------
    str
        An expression of type BIGINT, null where `column` is null.
    """
    words = " + ".join(f"((({column}) >> {shift}) & {mask}) * {multiplier}" for shift, mask, multiplier in _WORDS)
    return f"((({words} + {_OFFSET}) % {_PRIME}) % {count})"


def choose_bucket_count(rows: int) -> int:
    """Choose how many buckets a release of `rows` person rows gets.

    A query costs tens of milliseconds in each bucket before it reads a row, so a bucket holds about sixteen million;
    four buckets at least, so that a small set runs the same road as a large one.

    Parameters
    ----------
    rows : int
        Rows of all tables that belong to persons.

    Returns
    -------
    int
        A power of two.
    """
    count = 4
    while count * 16_000_000 < rows and count < MAX_BUCKETS:
        count *= 2
    return count


def describe_hash(count: int) -> dict[str, Any]:
    """Describe the bucketing for a manifest, completely enough to compute it elsewhere.

    Parameters
    ----------
    count : int
        Buckets of the release.

    Returns
    -------
    dict
        Name, count, and the SQL over `person_id`.
    """
    return {"hash": HASH_NAME, "count": count, "column": "person_id", "sql": bucket_sql("person_id", count=count)}
