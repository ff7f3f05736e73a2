"""Lists of runs with the skipped slots between them, which are put together."""

from collections.abc import Sequence
from dataclasses import replace

from hub_config.reports.database.history import RunFilter, count_runs, find_runs
from hub_config.reports.desk import Person
from hub_config.reports.service.board import Board, Run
from hub_config.reports.service.reading.skipped_slots import NOT_SKIPPED, SkippedSlots, left_out, skipped_slots

__all__ = ["Line", "page_in_groups"]

Line = Run | SkippedSlots


def page_in_groups(
    board: Board, person: Person, *, number: int, size: int, wanted: RunFilter | None = None
) -> tuple[list[Line], int]:
    """Read one page of the runs that a person may see, with skipped slots put together between them.

    Parameters
    ----------
    board : Board
        All runs.
    person : Person
        Who looks.
    number : int
        1 is the newest.
    size : int
        Runs on a page, without those that were skipped.
    wanted : RunFilter, optional
        Which runs are looked for; where it asks for states, nothing is put together: but of skipped slots those are
        counted that the history leaves out.

    Returns
    -------
    list of Run or SkippedSlots
        The newest first; the last page where there are not so many.
    int
        How many pages there are.
    """
    limited = board.limited(wanted or RunFilter(), person=person)
    if limited.states is not None:
        runs, n_pages = board.page(person, number=number, size=size, wanted=wanted)
        return _with_those_left_out(board, runs), n_pages
    others = replace(limited, states=NOT_SKIPPED)
    with board.database.reading() as connection:
        n_pages = max(1, -(-count_runs(connection, others) // size))
        number = min(number, n_pages)
        # One more than is shown: down to there the skipped slots belong to this page.
        rows = find_runs(connection, others, limit=size + 1, offset=(number - 1) * size)
        skipped = skipped_slots(
            connection,
            limited,
            after=rows[size].queued_at if len(rows) > size else None,
            until=rows[0].queued_at if number > 1 else None,
        )
    seen = (board.seen(row, person=person) for row in rows[:size])
    lines: list[Line] = [run for run in seen if run is not None]
    for one in skipped:
        place = sum(_when(line) >= one.decided_at for line in lines)
        lines.insert(place, replace(one, zone=board.zone_of(one.project)))
    return lines, n_pages


def _with_those_left_out(board: Board, runs: Sequence[Run]) -> list[Line]:
    skipped = [run.row for run in runs if run.state == "skipped"]
    if not skipped:
        return list(runs)
    with board.database.reading() as connection:
        others = {one.beside: replace(one, zone=board.zone_of(one.project)) for one in left_out(connection, skipped)}
    lines: list[Line] = []
    for run in runs:
        lines += [run, others[run.run_id]] if run.run_id in others else [run]
    return lines


def _when(line: Line) -> str:
    return line.decided_at if isinstance(line, SkippedSlots) else line.asked_at or ""
