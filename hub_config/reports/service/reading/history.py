"""The history of runs with its filters."""

import asyncio
from collections.abc import Sequence

from hub_config.projects import Project
from hub_config.reports.database.history import RunFilter
from hub_config.reports.service.base import PageHandler
from hub_config.reports.service.reading.known_values import KnownValues, Values
from hub_config.reports.service.reading.portal import Portal, Section
from hub_config.reports.service.reading.run_lists import Line, page_in_groups
from hub_config.reports.service.reading.run_search import STATES, RunSearch, read_search

__all__ = ["HistoryHandler", "projects_seen", "sections_for"]

RUNS_PER_PAGE = 50


def projects_seen(handler: PageHandler) -> list[Project]:
    """Give the projects that the person who asks may see.

    Parameters
    ----------
    handler : PageHandler
        Of the request.

    Returns
    -------
    list of Project
        Their own first; for operators, their own and all shared ones.
    """
    book, person = handler.desk.book, handler.person
    own = book.of(person.name)
    return [own[0], *book.everything()] if person.is_operator else own


async def sections_for(handler: PageHandler, projects: Sequence[Project], *, most: int) -> list[Section]:
    """Read the reports of some projects, in a thread.

    Parameters
    ----------
    handler : PageHandler
        Of the request.
    projects : sequence of Project
        Which the person may see.
    most : int
        Reports of one project that are shown.

    Returns
    -------
    list of Section
        Of those that have reports.
    """
    return await asyncio.to_thread(_portal(handler).sections, projects, texts=handler.texts, most=most)


def _portal(handler: PageHandler) -> Portal:
    portal: Portal = handler.settings["portal"]
    return portal


class HistoryHandler(PageHandler):
    """All runs, by what one looks for."""

    async def get(self) -> None:
        """Show a page of them."""
        search = read_search(lambda name: self.get_query_argument(name, ""), zone_of=self.board.zone_of)
        page = self.page_number()
        runs, n_pages = ([], 1) if search.problem else await self._found(search, page=page)
        if search.problem:
            self.set_status(422)
        self.show(
            "history.html",
            runs=runs,
            search=search,
            page=min(page, n_pages),
            n_pages=n_pages,
            projects=projects_seen(self),
            all_states=STATES,
            known=await asyncio.to_thread(self._known, search),
        )

    def _known(self, search: RunSearch) -> Values:
        known: KnownValues = self.settings["known_values"]
        wanted = RunFilter(projects=[search.project] if search.project else None)
        return known.of(self.board.limited(wanted, person=self.person).projects)

    async def _found(self, search: RunSearch, *, page: int) -> tuple[list[Line], int]:
        wanted = search.to_filter()
        return await asyncio.to_thread(
            page_in_groups, self.board, self.person, number=page, size=RUNS_PER_PAGE, wanted=wanted
        )
