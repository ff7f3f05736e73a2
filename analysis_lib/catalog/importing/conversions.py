"""How a column of a source becomes a column of the model, in SQL, without losing a value unseen."""

import re
from dataclasses import dataclass

from analysis_lib.catalog.quoting import text_literal
from analysis_lib.catalog.spec import SQL_TYPES, FieldSpec, FieldType

_SMALL_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_LARGE_INTEGERS = {"UBIGINT", "HUGEINT", "UHUGEINT"}
_FLOATS = {"FLOAT": 2**24, "DOUBLE": 2**53}  # below this every whole number is itself, not a neighbour
_TIMESTAMPS = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"}
_BASES = {*_SMALL_INTEGERS, *_LARGE_INTEGERS, *_FLOATS, *_TIMESTAMPS, "DECIMAL", "DATE", "BOOLEAN", "VARCHAR"}
_INT64_DIGITS = 18  # every number of so many digits fits
_MISSING_MARKS = ("", "NA", "NULL", "NaN", "nan", "None", "<NA>", "NaT", "\\N")
_WHOLE_TEXT = r"[+-]?[0-9]+(\.0*)?"
_DAY_TEXT = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
_TIME_TEXT = f"{_DAY_TEXT}(T| +)[0-9:.]+"
_IN_UTC = " ?(Z|UTC|GMT)"
_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"
"""What Parquet's readers can hold; DuckDB knows days before and after."""


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
    base = _base(source_type)
    if base == "TIMESTAMPTZ_NS":  # which the engine makes into nothing else
        column, base = f"CAST({column} AS TIMESTAMP WITH TIME ZONE)", "TIMESTAMP WITH TIME ZONE"
    if base not in _BASES:
        column, base = f"CAST({column} AS VARCHAR)", "VARCHAR"
    writer = {"int": _to_int, "float": _to_float, "date": _to_date, "datetime": _to_datetime, "text": _to_text}
    return writer[field.type](column, base)


def _base(source_type: str) -> str:
    """Take the size off a type; a list is no size: ``DECIMAL(18,2)[]`` holds no decimals."""
    return "LIST" if source_type.endswith("]") else source_type.partition("(")[0]


def _decimal_size(source_type: str) -> tuple[int, int]:
    """Read precision and scale from ``DECIMAL(18,3)``."""
    precision, _, scale = source_type.partition("(")[2].rstrip(")").partition(",")
    return int(precision), int(scale)


def type_of_source(source_type: str, name: str) -> FieldType:
    """Choose the type of a column that the model does not know.

    Parameters
    ----------
    source_type : str
        DuckDB's name of its type.
    name : str
        The column's name: a float or decimal called an id becomes an integer.

    Returns
    -------
    str
        A type of the model. Decimals without a fraction stay exact: integers where every one of them fits, else text.
    """
    base = _base(source_type)
    if (base in _FLOATS or base == "DECIMAL") and re.search(r"(^|_)id$", name):
        return "int"
    if base in _SMALL_INTEGERS | _LARGE_INTEGERS:
        return "int"
    if base == "DECIMAL":
        precision, scale = _decimal_size(source_type)
        return "float" if scale else "int" if precision <= _INT64_DIGITS else "text"
    if base in _FLOATS:
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


def is_text(source_type: str) -> bool:
    """Tell whether a source type holds texts.

    Parameters
    ----------
    source_type : str
        DuckDB's name of the type.

    Returns
    -------
    bool
        True for VARCHAR, and for ENUM: one of a list of texts.
    """
    return _base(source_type) in {"VARCHAR", "ENUM"}


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
    base = _base(source_type)
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
    number = f"TRY_CAST({column} AS DOUBLE)"
    if base in _FLOATS:
        # NaN is how floats say that a value is missing; it would pass for larger than any number.
        return Conversion(f"CASE WHEN isfinite({column}) THEN {number} END", unreadable=f"isinf({column})")
    if base == "VARCHAR":
        # The engine reads '1_0' as 10, 'inf' and '1e400' as infinite.
        return _tried_text(column, f"CASE WHEN isfinite({number}) AND NOT contains({column}, '_') THEN {number} END")
    return _tried(column, number)


def _read_moment(text: str, *, sql_type: str) -> str:
    """Read a day or time from a text: ISO 8601, or the eight digits that vocabulary files use.

    The engine also reads 'epoch', '3-4-20' and days before Christ, and passes over what it does not know: '10:00 PM'
    would be ten in the morning, and 'EST' no offset. So the shape is looked at first; for the usual ones by LIKE, which
    takes a fifth of a pattern's time and needs no trimming. A time with an offset becomes UTC, as a typed one does.
    """
    usual_day, usual_time = "____-__-__", "____-__-_____:__:__"  # between them stands a blank or a T
    day, local = f"TRY_CAST({text} AS DATE)", f"TRY_CAST({text} AS TIMESTAMP)"
    digits = f"CAST(try_strptime(trim({text}), '%Y%m%d') AS DATE)"
    zoned = f"CAST(TRY_CAST(trim({text}) AS TIMESTAMP WITH TIME ZONE) AS TIMESTAMP)"

    def in_years(moment: str) -> str:  # asked of the text where that can tell: a time is dear to read twice
        return f"CASE WHEN {text} BETWEEN '{_FIRST_DAY}~' AND '{_LAST_DAY}' THEN {moment} ELSE {_if_held(moment)} END"

    return (  # Texts are compared as texts are ordered: from the year 0001 on, and before the last day's times.
        f"CASE WHEN {text} LIKE '{usual_day}' AND {text} BETWEEN '0001' AND '9999~' "
        f"THEN TRY_CAST({text} AS {sql_type}) "
        f"WHEN ({text} LIKE '{usual_time}' OR {text} LIKE '{usual_time}Z') AND {text} BETWEEN '0001' AND '{_LAST_DAY}' "
        f"THEN CAST({local} AS {sql_type}) "
        f"WHEN strlen({text}) = 8 AND regexp_full_match({text}, '[0-9]{{8}}') "
        f"THEN CAST({_if_held(digits, 'DATE')} AS {sql_type}) "
        f"WHEN regexp_full_match({text}, ' *{_TIME_TEXT}({_IN_UTC})? *') THEN CAST({in_years(local)} AS {sql_type}) "
        f"WHEN regexp_full_match({text}, ' *{_TIME_TEXT} ?[+-][0-9:]+ *') THEN CAST({in_years(zoned)} AS {sql_type}) "
        f"WHEN regexp_full_match({text}, ' *{_DAY_TEXT} *') THEN CAST({_if_held(day, 'DATE')} AS {sql_type}) "
        f"WHEN regexp_full_match({text}, ' *[0-9]{{8}} *') THEN CAST({_if_held(digits, 'DATE')} AS {sql_type}) END"
    )


def _if_held(moment: str, sql_type: str = "TIMESTAMP", *, value: str = "") -> str:
    """Leave out what lies outside the years 1 to 9999: 'infinity', days before Christ, slipped digits."""
    last = f"{moment} <= DATE '{_LAST_DAY}'" if sql_type == "DATE" else f"{moment} < TIMESTAMP '10000-01-01'"
    return f"CASE WHEN {moment} >= {sql_type} '{_FIRST_DAY}' AND {last} THEN {value or moment} END"


def _to_date(column: str, base: str) -> Conversion:
    if base == "DATE" or base in _TIMESTAMPS:
        cut_off = f"({column} <> date_trunc('day', {column}))" if base in _TIMESTAMPS else None
        return _tried_moment(column, base, sql_type="DATE", cut_off=cut_off)
    text = _to_text(column, base).value  # a number such as 20200131 is read as its digits are
    value = _read_moment(text, sql_type="DATE")
    clock = f"trim(substr(trim({text}), 12), '0:.ZUTCGM ')"
    cut_off = f"(length({text}) > 10 AND {clock} <> '' AND ({value}) IS NOT NULL)"
    return Conversion(value, unreadable=_tried_text(text, value).unreadable, cut_off=cut_off)


def _to_datetime(column: str, base: str) -> Conversion:
    if base == "DATE" or base in _TIMESTAMPS:
        return _tried_moment(column, base, sql_type="TIMESTAMP", cut_off=None)
    text = _to_text(column, base).value
    return _tried_text(text, _read_moment(text, sql_type="TIMESTAMP"))


def _tried_moment(column: str, base: str, *, sql_type: str, cut_off: str | None) -> Conversion:
    kind = "DATE" if base == "DATE" else "TIMESTAMP"
    # Nanoseconds and seconds do not compare with all days; plain times do, or are missing.
    moment = column if base in {"DATE", "TIMESTAMP"} else f"TRY_CAST({column} AS TIMESTAMP)"
    held = _if_held(moment, kind, value=f"TRY_CAST({column} AS {sql_type})")
    return Conversion(held, unreadable=_tried(column, held).unreadable, cut_off=cut_off)


def _to_text(column: str, base: str) -> Conversion:
    if base in _FLOATS:
        # A code such as 38341003 that a CSV reader took for a float: write it without the ".0".
        whole = f"isfinite({column}) AND {column} = trunc({column}) AND abs({column}) < {_FLOATS[base]}"
        value = f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
        return Conversion(f"CASE WHEN NOT isnan({column}) THEN {value} END")
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
