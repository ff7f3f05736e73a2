"""The first page, with the list of reports and runs; and the form of a report."""

import datetime as dt
from typing import Any

from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.projects import Action
from hub_config.reports.service.base import PageHandler
from hub_config.reports.service.board import Run
from hub_config.reports.service.forms import Form, filled_form, offer_names, read_form
from hub_config.reports.service.reading.history import projects_seen, sections_for
from hub_config.reports.service.reading.run_lists import page_in_groups
from hub_config.reports.service.shelf import Offer, Shelf
from hub_config.reports.templates.templates import inspect_template

__all__ = ["FormHandler", "ListHandler"]

RUNS_PER_PAGE = 25
REPORTS_ON_PAGE, FEWEST_OF_PROJECT = 200, 5  # the others are on the pages of their projects
NOT_PARAMETERS = frozenset({"_xsrf", "project"})


class ListHandler(PageHandler):
    """The first page: templates, and the runs that this person may see."""

    async def get(self) -> None:
        """Show the page, or with ``?part=runs`` only the list of runs, for the page's script to put in."""
        runs, n_pages = page_in_groups(self.board, self.person, number=self.page_number(), size=RUNS_PER_PAGE)
        page = min(self.page_number(), n_pages)
        values: dict[str, Any] = {
            "runs": runs,
            "page": page,
            "n_pages": n_pages,
            "any_active": any(isinstance(run, Run) and run.is_active for run in runs),
        }
        if self.get_query_argument("part", "") == "runs":
            self.show("runs_part.html", **values)
            return
        projects = projects_seen(self)
        most = max(REPORTS_ON_PAGE // len(projects), FEWEST_OF_PROJECT)
        sections = await sections_for(self, projects, most=most)
        self.show("list.html", offers=self._shelf.offers(), sections=sections, **values)

    @property
    def _shelf(self) -> Shelf:
        shelf: Shelf = self.settings["shelf"]
        return shelf


class FormHandler(PageHandler):
    """The form of one template."""

    def get(self, name: str) -> None:
        """Show it with the template's values, or with those of the run in ``?from=``.

        Parameters
        ----------
        name : str
            The template's name.
        """
        offer = self._offer(name)
        earlier = self.board.find(self.get_query_argument("from", ""), person=self.person)
        self._show(
            offer, filled_form(offer.parameters, earlier.parameters if earlier is not None else None, texts=self.texts)
        )

    def post(self, name: str) -> None:
        """Ask for a run, or show the form again with what is wrong beside each field.

        Parameters
        ----------
        name : str
            The template's name.
        """
        offer = self._offer(name)
        if offer.broken is not None:
            raise HTTPError(400)
        typed = {
            key: self.get_body_arguments(key, strip=False)
            for key in self.request.body_arguments
            if key not in NOT_PARAMETERS
        }
        form = read_form(offer.parameters, typed, texts=self.texts)
        if not form.is_good:
            self.set_status(422)
            self._show(offer, form)
            return
        try:
            run_id = self._submit(offer, form)
        except HubError as refused:
            self.set_status(422)
            self._show(offer, Form(form.fields, form.values, self.texts.said(str(refused))))
            return
        self.redirect(f"{self.site.prefix}runs/{run_id}", status=303)

    def _submit(self, offer: Offer, form: Form) -> str:
        batch = self.desk.run_template(
            inspect_template(offer.path),
            project=self.get_body_argument("project", f"~{self.person.name}"),
            values=form.values,
            person=self.person,
            now=dt.datetime.now(dt.UTC),
        )
        return batch.run_ids[0]

    def _offer(self, name: str) -> Offer:
        shelf: Shelf = self.settings["shelf"]
        offer = shelf.get(name)
        if offer is None:
            raise HTTPError(404)
        return offer

    def _show(self, offer: Offer, form: Form) -> None:
        projects = [one for one in projects_seen(self) if self.person.may(one, Action.RUN)]
        form = offer_names(form, [self.desk.known_names(one) for one in projects])
        chosen = self.get_argument("project", "")
        self.show("form.html", offer=offer, form=form, projects=projects, chosen=chosen)
