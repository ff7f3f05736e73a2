"""Times that lie close together, joined."""

from analysis_lib.cohort.circe.literals import whole

__all__ = ["eras_sql"]


def eras_sql(rows: str, *, gap: int) -> str:
    """Write the query that joins times of one person which overlap, or follow each other within a gap.

    A time that ends before it starts, as dirty sources have, joins by its start alone.

    Parameters
    ----------
    rows : str
        Query for ``person_id, start_date, end_date``.
    gap : int
        Days.

    Returns
    -------
    str
        Query with the same columns.
    """
    return _ERAS_SQL.format(rows=rows, gap=whole(gap))


# Gaps and islands: a row begins a new island if every earlier row of the person, padded, has ended before it.
_ERAS_SQL = """
    SELECT person_id, min(start_date) AS start_date, max(end_date) - {gap} AS end_date
    FROM (
        SELECT *, sum(begins) OVER (
            PARTITION BY person_id ORDER BY start_date, begins DESC, end_date ROWS UNBOUNDED PRECEDING
        ) AS island
        FROM (
            SELECT *, CASE WHEN max(end_date) OVER (
                PARTITION BY person_id ORDER BY start_date, end_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) >= start_date THEN 0 ELSE 1 END AS begins
            FROM (SELECT person_id, start_date, end_date + {gap} AS end_date FROM ({rows}))
        )
    )
    GROUP BY person_id, island
"""
