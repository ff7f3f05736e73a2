"""Names and texts as SQL writes them: every name of a source goes through here."""


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
