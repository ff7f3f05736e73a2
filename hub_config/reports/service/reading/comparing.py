"""Pages that put runs side by side: two runs, and all runs of a sweep."""

import asyncio
from typing import Any

from tornado.web import HTTPError

from hub_config.projects import Action
from hub_config.reports.changes.roll_up import RollUp, parameter_text
from hub_config.reports.changes.texts import text as change_text
from hub_config.reports.changes.wording import number_text
from hub_config.reports.database.history import RunFilter, find_batch, runs_of_batch
from hub_config.reports.database.states import FINAL
from hub_config.reports.desk import COMMAND_LINE
from hub_config.reports.service.base import PageHandler
from hub_config.reports.service.board import Run
from hub_config.reports.service.moments import NO_PROJECT_ZONE
from hub_config.reports.service.reading.change_tables import change_tables, sameness_told
from hub_config.reports.service.reading.comparisons import Comparisons, roll_up_whole
from hub_config.reports.service.reading.places import place_of

__all__ = ["BatchHandler", "BatchTableHandler", "CompareHandler"]

RUNS_PER_PAGE = 25


class CompareHandler(PageHandler):
    """Two runs side by side."""

    async def get(self) -> None:
        """Show what changed from the run in ``?a=`` to that in ``?b=``; if one is missing, what there is to choose."""
        given = [self.get_query_argument(name, "").strip() for name in ("a", "b")]
        if all(given) and given[0] != given[1]:
            await self._show_two()
        elif any(given):
            await self._choose(self.run_or_404(given[0] or given[1]))
        else:
            raise HTTPError(404)

    async def _choose(self, run: Run) -> None:
        wanted = RunFilter(
            projects=[run.project],
            definition=run.definition,
            template=run.template if run.definition is None else None,
            states=[state for state in FINAL if state != "skipped"],
        )
        page = self.page_number()
        found, n_pages = await asyncio.to_thread(
            self.board.page, self.person, number=page, size=RUNS_PER_PAGE, wanted=wanted
        )
        others = [(other, _earlier_first(run, other)) for other in found if other.run_id != run.run_id]
        self.show("choose.html", run=run, others=others, page=min(page, n_pages), n_pages=n_pages)

    async def _show_two(self) -> None:
        before, after = (self.run_or_404(self.get_query_argument(name, "")) for name in ("a", "b"))
        found = await asyncio.to_thread(self._comparisons.compare, before, after)
        if found is None:
            raise HTTPError(404, reason="compare_missing")
        self.show(
            "compare.html",
            before=before,
            after=after,
            sameness=sameness_told(found.changes, self.texts),
            tables=change_tables(found.changes, self.texts.language),
        )

    @property
    def _comparisons(self) -> Comparisons:
        comparisons: Comparisons = self.settings["comparisons"]
        return comparisons


def _earlier_first(one: Run, other: Run) -> str:
    first, second = sorted((one, other), key=lambda run: (run.asked_at or "", run.run_id))
    return f"compare?a={first.run_id}&b={second.run_id}"


class _Batch(PageHandler):
    """One submission, with its runs."""

    def batch_or_404(self, batch_id: str) -> tuple[Any, list[Run]]:
        """Find a submission that this person may see.

        Parameters
        ----------
        batch_id : str
            From the address.

        Returns
        -------
        Row
            The submission.
        list of Run
            In the order of the sweep; of a run that was tried again the last attempt.
        """
        with self.desk.database.reading() as connection:
            row = find_batch(connection, batch_id)
            rows = runs_of_batch(connection, batch_id) if row is not None else []
        if row is None or not self._may_see(row.project):
            raise HTTPError(404)
        found = [self.board.seen(one, person=self.person) for one in rows]
        return row, [run for run in found if run is not None]

    def _may_see(self, name: str) -> bool:
        if name == COMMAND_LINE:
            return self.person.is_operator
        project = self.desk.book.get(name)
        return project is not None and self.person.may(project, Action.READ)


class BatchHandler(_Batch):
    """All runs of a sweep in one table."""

    async def get(self, batch_id: str) -> None:
        """Show it.

        Parameters
        ----------
        batch_id : str
            Which submission.
        """
        row, runs = self.batch_or_404(batch_id)
        found = await asyncio.to_thread(_rolled_up, runs)
        by_id = {one.run_id: one for one in found.rows}
        language = self.texts.language
        lines = []
        for run in runs:
            one = by_id.get(run.run_id)
            values = (
                [parameter_text(value) or "–" for value in one.parameters] if one else ["–"] * len(found.parameters)
            )
            numbers = (
                [number_text(value, language) for value in one.numbers]
                if one
                else [change_text("none", language)] * len(found.numbers)
            )
            lines.append((run, values, numbers))
        titles = [title or name for name, title in zip(found.numbers, found.titles, strict=True)]
        remarks = [f"{one.output}: {change_text(f'remark_{one.code}', language)}" for one in found.remarks]
        self.show(
            "batch.html",
            batch=row,
            **place_of(self.desk, row.project, definition=row.definition, person=self.person),
            zone=runs[0].zone if runs else NO_PROJECT_ZONE,
            title=self.texts.title_of(runs[0].title, runs[0].title_ko) if runs else row.definition or row.id,
            parameters=found.parameters,
            numbers=titles,
            lines=lines,
            remarks=remarks,
            any_active=any(run.is_active for run in runs),
        )


class BatchTableHandler(_Batch):
    """The same table as CSV."""

    async def get(self, batch_id: str) -> None:
        """Send it.

        Parameters
        ----------
        batch_id : str
            Which submission.
        """
        row, runs = self.batch_or_404(batch_id)
        found = await asyncio.to_thread(_rolled_up, runs)
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="{row.id}.csv"')
        self.finish(found.to_csv().encode("utf-8-sig"))


def _rolled_up(runs: list[Run]) -> RollUp:
    return roll_up_whole([run.folder for run in runs])
