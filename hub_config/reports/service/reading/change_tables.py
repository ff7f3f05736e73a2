"""What changed between two runs, as the tables of a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub_config.reports.changes.table_changes import TableChange
from hub_config.reports.changes.texts import text as change_text
from hub_config.reports.changes.what_changed import Changes
from hub_config.reports.changes.wording import cell_texts, count_name, difference_texts, short_text
from hub_config.reports.service.texts import Texts

__all__ = ["ChangeTable", "change_tables", "sameness_told"]

MOST_ROWS = 100


@dataclass(frozen=True)
class ChangeTable:
    """One table of the page.

    Parameters
    ----------
    caption : str
        What it is about.
    heads : sequence of str
        Of its columns; the first one names the rows.
    rows : sequence of sequence of str
        As they are shown.
    lines : sequence of str
        What is said below it.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    lines: Sequence[str] = ()


def change_tables(changes: Changes, language: str, *, only_changed: bool = False) -> list[ChangeTable]:
    """Write changes as tables for a page.

    Parameters
    ----------
    changes : Changes
        Between two runs.
    language : str
        ``en`` or ``ko``.
    only_changed : bool, default False
        Whether numbers and tables that stayed the same are left out.

    Returns
    -------
    list of ChangeTable
        Those without anything to say are left out.
    """
    found = [
        _facts(changes, language),
        ChangeTable(change_text("outputs", language), (), (), tuple(_outputs(changes, language))),
        _numbers(changes, language, only_changed=only_changed),
        _counts(changes, language),
        *(_table(one, language) for one in changes.tables if one.is_changed or not only_changed),
        ChangeTable(change_text("remarks", language), (), (), tuple(dict.fromkeys(_remarks(changes, language)))),
    ]
    return [one for one in found if one.rows or one.lines]


def sameness_told(changes: Changes, texts: Texts) -> str:
    """Say that nothing changed, and no more than was compared.

    Parameters
    ----------
    changes : Changes
        Between two runs.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    str
        A sentence; '' if something changed.
    """
    if changes.is_changed:
        return ""
    if not changes.numbers and not changes.tables:
        return texts["nothing_to_compare"]
    return texts["nothing_changed_compared" if changes.all_remarks else "nothing_changed"]


def _heads(language: str) -> list[str]:
    return [change_text(f"column_{name}", language) for name in ("what", "before", "after", "difference", "relative")]


def _more(n: int, language: str) -> tuple[str, ...]:
    return (change_text("and_more", language, n=f"{n:,}"),) if n > 0 else ()


def _facts(changes: Changes, language: str) -> ChangeTable:
    rows = [
        [
            change_text(f"fact_{fact.kind}", language, name=fact.name),
            *(
                short_text(side) if side is not None else change_text("none", language)
                for side in (fact.before, fact.after)
            ),
        ]
        for fact in changes.facts
    ]
    return ChangeTable(
        change_text("made_differently", language),
        _heads(language)[:3],
        rows[:MOST_ROWS],
        _more(len(rows) - MOST_ROWS, language),
    )


def _outputs(changes: Changes, language: str) -> Iterator[str]:
    for key, outputs in (("output_added", changes.outputs_added), ("output_removed", changes.outputs_removed)):
        for output in outputs:
            kind = change_text(f"kind_{output.kind}", language)
            yield change_text(key, language, output=output.title or output.id, kind=kind)


def _numbers(changes: Changes, language: str, *, only_changed: bool) -> ChangeTable:
    rows = [
        [number.title or number.output, *difference_texts(number.difference, language)]
        for number in changes.numbers
        if not (only_changed and number.difference.is_within)
    ]
    return ChangeTable(
        change_text("numbers", language), _heads(language), rows[:MOST_ROWS], _more(len(rows) - MOST_ROWS, language)
    )


def _counts(changes: Changes, language: str) -> ChangeTable:
    shown = changes.counts[:MOST_ROWS]
    rows = [[count_name(count, language), *difference_texts(count.difference, language)] for count in shown]
    return ChangeTable(
        change_text("counts", language), _heads(language), rows, _more(changes.n_counts_changed - len(rows), language)
    )


def _table(table: TableChange, language: str) -> ChangeTable:
    name = table.title or table.output
    if table.source == "estimates":
        name = change_text("estimates_of", language, output=name)
    rows = [
        [" · ".join((*(part for part in cell.row if part), cell.column)), *cell_texts(cell, language)]
        for cell in table.cells[:MOST_ROWS]
    ]
    return ChangeTable(name, _heads(language) if rows else (), rows, tuple(_said(table, language, n_shown=len(rows))))


def _said(table: TableChange, language: str, *, n_shown: int) -> Iterator[str]:
    if not table.is_changed:
        if table.n_cells_compared or not table.remarks:
            yield change_text("table_same", language, output=table.title or table.output, n=f"{table.rows_after:,}")
        return
    yield from _more(table.n_cells_changed - n_shown, language)
    counts = {"cells": table.n_cells_changed, "added": table.n_rows_added, "removed": table.n_rows_removed}
    numbers = {key: f"{n:,}" for key, n in counts.items()}
    yield change_text("table_counts", language, output=table.title or table.output, **numbers)
    for key, names in (("columns_added", table.columns_added), ("columns_removed", table.columns_removed)):
        if names:
            yield change_text(key, language, names=", ".join(names[:MOST_ROWS]))
    for key, rows, n in (
        ("row_added", table.rows_added, table.n_rows_added),
        ("row_removed", table.rows_removed, table.n_rows_removed),
    ):
        for row in rows[:20]:
            yield change_text(key, language, name=" | ".join(part for part in row if part))
        yield from _more(n - min(len(rows), 20), language)


def _remarks(changes: Changes, language: str) -> Iterator[str]:
    for remark in changes.all_remarks:
        side = f" ({change_text(f'run_{remark.side}', language)})" if remark.side else ""
        about = f"{remark.output}: " if remark.output else ""
        yield f"{about}{change_text(f'remark_{remark.code}', language)}{side}"
