"""Names, texts and paths as SQL writes them: every name of a source goes through here."""

from pathlib import Path


def quoted(name: str) -> str:
    """Quote a name for SQL.

    Parameters
    ----------
    name : str
        A table's or column's name, of whatever characters.

    Returns
    -------
    str
        The name in double quotes.
    """
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """Quote a text for SQL.

    Parameters
    ----------
    value : str
        The text.

    Returns
    -------
    str
        The text in single quotes.
    """
    return "'" + value.replace("'", "''") + "'"


def literal_path(path: Path) -> str:
    """Write a path so that the engine takes no sign of it for a pattern.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    str
        The path with each ``*``, ``?`` and ``[`` in brackets.
    """
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))
