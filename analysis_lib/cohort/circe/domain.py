"""The parts that a kind of record is described with; `domains` holds the descriptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

__all__ = ["Domain", "Filter", "Kind"]

Kind = Literal["date", "whole", "decimal", "text", "concepts", "selection", "set", "abnormal"]


class Filter(NamedTuple):
    """One attribute of a criterion, and the SQL that it compares.

    Parameters
    ----------
    attribute : str
        Its name in circepy's model.
    kind : str
        How it compares: with dates, whole numbers, decimals, text, listed concepts, a selection of a concept set, the
        number of a concept set, or the rule for abnormal values.
    value : str
        SQL over ``C`` (the record) and the joined tables.
    unless : str, default ""
        Attribute that turns "one of" into "none of".
    """

    attribute: str
    kind: Kind
    value: str
    unless: str = ""


@dataclass(frozen=True)
class Domain:
    """One kind of record.

    Parameters
    ----------
    table : str
        Where the records are.
    key : str
        The column that numbers them.
    start, end : str
        SQL over ``e``, the table's row.
    concept : str
        The column that a concept set is compared with; "" if the domain takes none.
    source : tuple of str and str, optional
        Attribute and column of the source concept.
    visit : str, default "NULL::BIGINT"
        SQL for the visit that a record belongs to.
    first : bool, default True
        Whether "first" may be asked.
    adjusts : {"either", "fixed", "never"}, default "either"
        How dates are adjusted: from either date, start from start and end from end, or not at all.
    filters : tuple of Filter, default ()
        The attributes.
    counted : mapping of str to str, optional
        SQL by column that distinct counts may ask for, beside the dates and the visit.
    columns : tuple of str, default ()
        Columns that the expressions above read, beside those that `filters` name.
    """

    table: str
    key: str
    start: str
    end: str
    concept: str = ""
    source: tuple[str, str] | None = None
    visit: str = "NULL::BIGINT"
    first: bool = True
    adjusts: Literal["either", "fixed", "never"] = "either"
    filters: tuple[Filter, ...] = ()
    counted: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
