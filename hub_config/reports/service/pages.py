"""The pages: the list of reports and runs, the form, and one run."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.reports.service.base import PageHandler
from hub_config.reports.service.board import Run
from hub_config.reports.service.forms import Form, filled_form, read_form
from hub_config.reports.service.shelf import Offer, Shelf
from hub_config.reports.service.texts import Texts
from hub_config.reports.templates.templates import inspect_template

__all__ = ["CancelHandler", "FormHandler", "ListHandler", "RunHandler", "StateHandler"]

RUNS_PER_PAGE = 25


class ListHandler(PageHandler):
    """The first page: templates, and the runs that this person may see."""

    def get(self) -> None:
        """Show the page, or with ``?part=runs`` only the list of runs, for the page's script to put in."""
        runs, n_pages = self.board.page(self.person, number=self._page_number(), size=RUNS_PER_PAGE)
        page = min(self._page_number(), n_pages)
        values: dict[str, Any] = {
            "runs": runs,
            "page": page,
            "n_pages": n_pages,
            "any_active": any(run.is_active for run in runs),
        }
        if self.get_query_argument("part", "") == "runs":
            self.show("runs_part.html", **values)
            return
        self.show("list.html", offers=self._shelf.offers(), **values)

    @property
    def _shelf(self) -> Shelf:
        shelf: Shelf = self.settings["shelf"]
        return shelf

    def _page_number(self) -> int:
        given = self.get_query_argument("page", "1")
        return max(int(given), 1) if given.isascii() and given.isdecimal() and len(given) < 7 else 1


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
        typed = {key: self.get_body_argument(key, strip=False) for key in self.request.body_arguments if key != "_xsrf"}
        form = read_form(offer.parameters, typed, texts=self.texts)
        if not form.is_good:
            self.set_status(422)
            self._show(offer, form)
            return
        try:
            run_id = self._submit(offer, form)
        except HubError as refused:
            self.set_status(422)
            self._show(offer, Form(form.fields, form.values, str(refused)))
            return
        self.redirect(f"{self.site.prefix}runs/{run_id}", status=303)

    def _submit(self, offer: Offer, form: Form) -> str:
        batch = self.desk.run_template(
            inspect_template(offer.path),
            project=f"~{self.person.name}",
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
        self.show("form.html", offer=offer, form=form)


class RunHandler(PageHandler):
    """One run: how far it is, or what it gave."""

    def get(self, run_id: str) -> None:
        """Show it.

        Parameters
        ----------
        run_id : str
            Which.
        """
        run = self.run_or_404(run_id)
        shelf: Shelf = self.settings["shelf"]
        self.show(
            "run.html",
            run=run,
            progress=progress(run, self.texts),
            offer=shelf.get(run.template),
            facts=facts(run, self.texts),
            moments=moments(run, self.texts),
        )


class StateHandler(PageHandler):
    """The state of one run, for the page's script."""

    def get(self, run_id: str) -> None:
        """Answer with JSON.

        Parameters
        ----------
        run_id : str
            Which.
        """
        run = self.run_or_404(run_id)
        self.finish({**progress(run, self.texts), "active": run.is_active})


class CancelHandler(PageHandler):
    """Stopping a run."""

    def post(self, run_id: str) -> None:
        """Stop it and show its page; a run that is over stays as it is.

        Parameters
        ----------
        run_id : str
            Which.
        """
        run = self.run_or_404(run_id)
        if run.is_active:
            self.desk.cancel(run_id, person=self.person, now=dt.datetime.now(dt.UTC))
        self.redirect(f"{self.site.prefix}runs/{run_id}", status=303)


def progress(run: Run, texts: Texts) -> Mapping[str, Any]:
    """Say in words how far a run is.

    Parameters
    ----------
    run : Run
        Any.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    mapping
        ``state`` (key), ``label`` (word), ``text`` (sentence), ``cell``, ``cells`` and ``took`` (words).
    """
    return {
        "state": run.state,
        "label": texts.states[run.state],
        "text": _sentence(run, texts),
        "cell": run.cell or 0,
        "cells": run.n_cells or 0,
        "took": texts.duration(run.seconds),
    }


def facts(run: Run, texts: Texts) -> list[tuple[str, str]]:
    """Say where a run comes from.

    Parameters
    ----------
    run : Run
        Any.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    list of (str, str)
        Label and value; what is not known is left out.
    """
    record = run.facts
    found = [
        (texts["requested_by"], run.owner or texts["command_line"]),
        (texts["run_id"], run.run_id),
        (texts["template"], run.template),
        (texts["template_hash"], _short(run.row.template_sha256)),
        (texts["duration"], "" if run.is_active else texts.duration(run.seconds)),
        (texts["data_releases"], _listed(record.get("data_releases"), _release)),
        (texts["cohorts"], _listed(record.get("cohorts"), lambda entry: _cohort(entry, texts))),
        (texts["library_version"], record.get("library_version")),
    ]
    return [(label, value) for label, value in found if isinstance(value, str) and value]


def moments(run: Run, texts: Texts) -> list[tuple[str, str]]:
    """Say when a run was asked for, began and ended.

    Parameters
    ----------
    run : Run
        Any.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    list of (str, str)
        Label and ISO 8601 time; what has not happened is left out.
    """
    times = (("asked_at", run.asked_at), ("started_at", run.started_at), ("ended_at", run.ended_at))
    return [(texts[label], moment) for label, moment in times if moment]


def _listed(entries: object, name: Callable[[Mapping[str, Any]], str]) -> str:
    if not isinstance(entries, list):
        return ""
    return "; ".join(name(entry) for entry in entries if isinstance(entry, dict))


def _short(sha256: object) -> str:
    return sha256[:12] if isinstance(sha256, str) else ""


def _release(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('name', '')} {entry.get('release', '')}".strip()


def _cohort(entry: Mapping[str, Any], texts: Texts) -> str:
    persons, name = entry.get("persons"), str(entry.get("name", ""))
    return texts.text("cohort_persons", name=name, n=f"{persons:,}") if isinstance(persons, int) else name


def _sentence(run: Run, texts: Texts) -> str:
    if run.state == "queued":
        return texts.text("queued_behind", n=run.position) if run.position else texts["queued_next"]
    if run.state != "running":
        return texts.states[run.state]
    if run.is_stopping:
        return texts["stopping"]
    if not run.cell or not run.n_cells:
        return texts["starting"]
    if run.cell_title:
        return texts.text("cell_titled", cell=run.cell, cells=run.n_cells, title=run.cell_title)
    return texts.text("cell_of", cell=run.cell, cells=run.n_cells)
