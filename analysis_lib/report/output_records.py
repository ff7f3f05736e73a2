"""What ``outputs.json`` says of one declared output."""

from collections.abc import Mapping
from typing import Any

from analysis_lib.report.declared import estimates_of, exclusions_of, persons_of, plain_count
from analysis_lib.report.manifest import Kind, OutputRecord

__all__ = ["record_of"]


def record_of(
    output_id: str,
    *,
    kind: Kind,
    persons: Mapping[str, int] | None,
    source: Any,
    method: str | None,
    files: tuple[str, ...] = (),
    **told: Any,
) -> OutputRecord:
    """Put together what the author said of an output, and what the result knows of itself.

    Parameters
    ----------
    output_id : str
        Its name.
    kind : {"number", "table", "figure"}
        What it is.
    persons : mapping of str to int or None
        As the author said.
    source : object
        The result that it comes from; asked for what the author left out.
    method : str or None
        As the author said.
    files : tuple of str
        Its files, the main one first.
    **told : object
        The other fields of the record.

    Returns
    -------
    OutputRecord
        Checked.
    """
    return OutputRecord(
        id=output_id,
        kind=kind,
        persons=dict(persons_of(persons, source)),
        method=method or getattr(source, "method", None),
        file=files[0] if files else None,
        files=files,
        n=plain_count(getattr(source, "n", None)),
        events=plain_count(getattr(source, "events", None)),
        exclusions=exclusions_of(source),
        estimates=estimates_of(source) if kind == "table" and source is not None else (),
        **told,
    )
