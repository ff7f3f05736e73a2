"""How a column of a source becomes a column of the model, in SQL, without losing a value unseen."""

import re
from dataclasses import dataclass

from analysis_lib.catalog.quoting import text_literal
from analysis_lib.catalog.spec import SQL_TYPES, FieldSpec, FieldType

_SMALL_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_LARGE_INTEGERS = {"UBIGINT", "HUGEINT", "UHUGEINT"}
_FLOATS = {"FLOAT": 2**24, "DOUBLE": 2**53}  # below this every whole number is itself, not a neighbour
_TIMESTAMPS = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}
_MISSING_MARKS = ("", "NA", "NULL", "NaN", "nan", "None", "<NA>", "NaT", "\\N")
_WHOLE_TEXT = r"[+-]?[0-9]+(\.0*)?"


@dataclass(frozen=True)
class Conversion:
    """The SQL that converts one column and counts what that costs."""

    value: str
    """The value in the model's type; null where it cannot be read."""
    unreadable: str | None = None
    """True where there is a value and it cannot be read; None where that cannot be."""
    cut_off: str | None = None
    """True where a time of day is cut off."""


def convert(column: str, source_type: str, *, field: FieldSpec) -> Conversion:
    """Write the conversion of one column.

    Parameters
    ----------
    column : str
        The column, quoted.
    source_type : str
        DuckDB's name of its type.
    field : FieldSpec
        What it has to become.

    Returns
    -------
    Conversion
        SQL over the source's rows.
    """
    base = source_type.partition("(")[0]
    writer = {"int": _to_int, "float": _to_float, "date": _to_date, "datetime": _to_datetime, "text": _to_text}
    return writer[field.type](column, base)


def type_of_source(source_type: str, name: str) -> FieldType:
    """Choose the type of a column that the model does not know.

    Parameters
    ----------
    source_type : str
        DuckDB's name of its type.
    name : str
        The column's name: a float called an id becomes an integer.

    Returns
    -------
    str
        A type of the model.
    """
    base = source_type.partition("(")[0]
    if base in _FLOATS and re.search(r"(^|_)id$", name):
        return "int"
    if base in _SMALL_INTEGERS | _LARGE_INTEGERS:
        return "int"
    if base in _FLOATS or base == "DECIMAL":
        return "float"
    if base in _TIMESTAMPS:
        return "datetime"
    return "date" if base == "DATE" else "text"


def is_float(source_type: str) -> bool:
    """Tell whether a source type is a binary float.

    Parameters
    ----------
    source_type : str
        DuckDB's name of the type.

    Returns
    -------
    bool
        True for FLOAT and DOUBLE.
    """
    return source_type in _FLOATS


def is_same_type(source_type: str, kind: FieldType) -> bool:
    """Tell whether a source type needs no mention: it is the model's, only narrower or wider.

    Parameters
    ----------
    source_type : str
        DuckDB's name of the type.
    kind : str
        The model's type.

    Returns
    -------
    bool
        False where the report should name the column.
    """
    base = source_type.partition("(")[0]
    alike: dict[FieldType, set[str]] = {
        "int": _SMALL_INTEGERS | _LARGE_INTEGERS,
        "float": {*_FLOATS, "DECIMAL"} | _SMALL_INTEGERS,
        "date": {"DATE"},
        "datetime": _TIMESTAMPS,
        "text": {"VARCHAR"},
    }
    return base in alike[kind]


def _tried(column: str, value: str) -> Conversion:
    return Conversion(value, unreadable=f"({column} IS NOT NULL AND ({value}) IS NULL)")


def _clean(column: str) -> str:
    return f"nullif(trim({column}), '')"


def _tried_text(column: str, value: str) -> Conversion:
    return Conversion(value, unreadable=f"(({value}) IS NULL AND {says_something(column)})")


def says_something(text: str) -> str:
    """Tell a text from what R, pandas and databases write for a missing value: that is missing, not unreadable.

    Parameters
    ----------
    text : str
        The column, quoted.

    Returns
    -------
    str
        SQL that is true or false, never null.
    """
    marks = ", ".join(text_literal(mark) for mark in _MISSING_MARKS)
    return f"({text} IS NOT NULL AND trim({text}) NOT IN ({marks}))"


def _to_int(column: str, base: str) -> Conversion:
    if base in _SMALL_INTEGERS:
        return Conversion(f"CAST({column} AS BIGINT)")
    if base in _FLOATS:
        whole = f"isfinite({column}) AND {column} = trunc({column}) AND abs({column}) < {_FLOATS[base]}"
        return _tried(column, f"CASE WHEN {whole} THEN CAST({column} AS BIGINT) END")
    if base == "DECIMAL":
        return _tried(column, f"CASE WHEN {column} = trunc({column}) THEN TRY_CAST({column} AS BIGINT) END")
    if base == "VARCHAR":
        # The engine reads '1.5' as 2 and '0x1f' as 31, so only what it would write back in the same signs is taken as
        # read; a pattern for every value would take most of an import. Digits with '.0' come from a float.
        plain = f"CAST(TRY_CAST({column} AS BIGINT) AS VARCHAR) = {column}"
        whole = f"regexp_full_match(trim({column}), '{_WHOLE_TEXT}')"
        digits = f"TRY_CAST(regexp_replace(trim({column}), '\\.0*$', '') AS BIGINT)"
        exact = f"(NOT contains({column}, '.') OR abs({digits}) < {_FLOATS['DOUBLE']})"
        value = f"CASE WHEN {plain} THEN TRY_CAST({column} AS BIGINT) WHEN {whole} AND {exact} THEN {digits} END"
        return _tried_text(column, value)
    return _tried(column, f"TRY_CAST({column} AS BIGINT)")


def _to_float(column: str, base: str) -> Conversion:
    if base == "VARCHAR":
        return _tried_text(column, f"TRY_CAST({_clean(column)} AS DOUBLE)")
    return _tried(column, f"TRY_CAST({column} AS DOUBLE)")


def _time(column: str) -> str:
    """Read a time; one with an offset becomes UTC, as a typed time with a zone does."""
    clean = _clean(column)
    clock = f"substr({clean}, 12)"
    zoned = f"CAST(TRY_CAST({clean} AS TIMESTAMP WITH TIME ZONE) AS TIMESTAMP)"
    has_offset = f"contains({clock}, '+') OR contains({clock}, '-')"
    return f"CASE WHEN {has_offset} THEN {zoned} ELSE TRY_CAST({clean} AS TIMESTAMP) END"


def _unless_endless(column: str, value: str) -> str:
    """Leave out 'infinity', which the engine would read; asking the value itself would compute it twice."""
    return f"CASE WHEN NOT (contains({column}, 'i') OR contains({column}, 'I')) THEN {value} END"


def _to_date(column: str, base: str) -> Conversion:
    if base == "VARCHAR":
        clean, time = _clean(column), _time(column)
        # ISO dates, the eight digits that vocabulary files use, and ISO times.
        day = f"coalesce(TRY_CAST({clean} AS DATE), CAST(try_strptime({clean}, '%Y%m%d') AS DATE))"
        value = f"CASE WHEN length({clean}) > 10 THEN CAST({time} AS DATE) ELSE {day} END"
        tried = _tried_text(column, _unless_endless(column, value))
        clock = f"trim(substr({clean}, 12), '0:.Z ')"
        cut = f"(length({column}) > 10 AND {clock} <> '' AND ({tried.value}) IS NOT NULL)"
        return Conversion(tried.value, unreadable=tried.unreadable, cut_off=cut)
    if base == "DATE" or base in _TIMESTAMPS:
        cut_off = f"({column} <> date_trunc('day', {column}))" if base in _TIMESTAMPS else None
        return _finite(column, "DATE", cut_off=cut_off)
    return _tried(column, "CAST(NULL AS DATE)")


def _to_datetime(column: str, base: str) -> Conversion:
    if base == "VARCHAR":
        return _tried_text(column, _unless_endless(column, _time(column)))
    if base == "DATE" or base in _TIMESTAMPS:
        return _finite(column, "TIMESTAMP", cut_off=None)
    return _tried(column, "CAST(NULL AS TIMESTAMP)")


def _finite(column: str, sql_type: str, *, cut_off: str | None) -> Conversion:
    # DuckDB's 'infinity' has no counterpart in Parquet: it would come back as a real, absurd day.
    value = f"CASE WHEN isfinite({column}) THEN TRY_CAST({column} AS {sql_type}) END"
    tried = _tried(column, value)
    return Conversion(value, unreadable=tried.unreadable, cut_off=cut_off)


def _to_text(column: str, base: str) -> Conversion:
    if base in _FLOATS:
        # A code such as 38341003 that a CSV reader took for a float: write it without the ".0".
        whole = f"isfinite({column}) AND {column} = trunc({column}) AND abs({column}) < {_FLOATS[base]}"
        value = f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
        return Conversion(value)
    return Conversion(column if base == "VARCHAR" else f"CAST({column} AS VARCHAR)")


def null_of(field: FieldSpec) -> str:
    """Write a missing value of the model's type.

    Parameters
    ----------
    field : FieldSpec
        The column.

    Returns
    -------
    str
        SQL.
    """
    return f"CAST(NULL AS {SQL_TYPES[field.type]})"
