"""Values of a CSV file, read while it is copied, so that no text is read twice.

Beside each value that the model wants as a number, a day or a time, the copy keeps the text that it came from, but
only where something is to be said of it: it could not be read, or reading it took something away. In most files these
columns are empty.
"""

from analysis_lib.catalog.importing.conversions import Conversion, convert, says_something
from analysis_lib.catalog.quoting import quoted
from analysis_lib.catalog.spec import VERSIONS, FieldSpec, cdm_tables

TEXT_OF = "text of "
"""What the name of a column of kept texts begins with; no column of the model has a blank in its name."""


def fields_to_read(table: str, columns: tuple[str, ...]) -> dict[str, FieldSpec]:
    """Choose the columns whose values are read on the way.

    Parameters
    ----------
    table : str
        The table, lower-case.
    columns : tuple of str
        The file's columns.

    Returns
    -------
    dict of str to FieldSpec
        Those that every version of the model which knows them gives one type, and no text.
    """
    fields: dict[str, list[FieldSpec]] = {}
    for version in VERSIONS:
        spec = cdm_tables(version).get(table)
        for field in spec.fields if spec is not None else ():
            fields.setdefault(field.name, []).append(field)
    return {
        name: known[-1]
        for name, known in fields.items()
        if name in columns
        and f"{TEXT_OF}{name}" not in columns
        and {field.type for field in known} == {known[-1].type}
        and known[-1].type != "text"
    }


def select_list(columns: tuple[str, ...], *, fields: dict[str, FieldSpec]) -> str:
    """Write what a copy selects from the texts of a file.

    Parameters
    ----------
    columns : tuple of str
        The file's columns.
    fields : dict of str to FieldSpec
        Those that are read, from `fields_to_read`.

    Returns
    -------
    str
        SQL: every column, and a column of kept texts for each that is read.
    """
    selected = []
    for name in columns:
        column = quoted(name)
        if name not in fields:
            selected.append(column)
            continue
        read = convert(column, "VARCHAR", field=fields[name])
        selected.append(f"{read.value} AS {column}")
        kept = " OR ".join([f"({read.value}) IS NULL", *_lossy(column, fields[name])])
        selected.append(f"CASE WHEN {kept} THEN {column} END AS {quoted(TEXT_OF + name)}")
    return ", ".join(selected)


def _lossy(column: str, field: FieldSpec) -> list[str]:
    """Say which texts are read and yet counted: whole numbers of floats, and times where a day is wanted."""
    if field.type == "date":
        return [f"length({column}) > 10"]
    return [f"contains({column}, '.')"] if field.is_id else []


def already_read(column: str, text: str, *, field: FieldSpec) -> Conversion:
    """Write the conversion of a column that was read on the way.

    Parameters
    ----------
    column : str
        The values, quoted.
    text : str
        The kept texts, quoted.
    field : FieldSpec
        What the column is.

    Returns
    -------
    Conversion
        The value as it is, counted as if its text were still there.
    """
    cut_off = convert(text, "VARCHAR", field=field).cut_off
    return Conversion(
        column,
        unreadable=f"({column} IS NULL AND {says_something(text)})",
        cut_off=f"({text} IS NOT NULL AND {cut_off})" if cut_off else None,
    )
