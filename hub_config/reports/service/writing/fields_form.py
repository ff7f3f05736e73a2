"""Writing a definition in a form with a field for each thing it can say."""

import asyncio
import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.projects import Action, Project
from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.definitions import Definition, DefinitionError, Problem, expand
from hub_config.reports.definitions.errors import DefinitionUnreadableError
from hub_config.reports.definitions.template_paths import locate_template, templates_in
from hub_config.reports.definitions.toml_text import document_toml
from hub_config.reports.desk.checking import Draft
from hub_config.reports.desk.errors import TemplateChangedError
from hub_config.reports.desk.meaning import sweep_file
from hub_config.reports.parameters import Parameter
from hub_config.reports.service.writing.form import Opened, ReadForm, Typed, document_of, first, typed_from, typed_of
from hub_config.reports.service.writing.form.controls import Section
from hub_config.reports.service.writing.form.drawing import Drawing
from hub_config.reports.service.writing.form.judging import is_opened, judged, schedule_alone
from hub_config.reports.service.writing.form.layout import sections_of
from hub_config.reports.service.writing.form.places import field_of
from hub_config.reports.service.writing.form.rows import ROWS, with_one_row_more, without_row
from hub_config.reports.service.writing.form.switching import with_template
from hub_config.reports.service.writing.form.typed import as_sent
from hub_config.reports.service.writing.problem_words import told_problems
from hub_config.reports.service.writing.text_form import TextForm
from hub_config.reports.service.writing.writing_page import Due, Writing
from hub_config.reports.templates.templates import Template, inspect_template, shipped_templates

__all__ = ["FieldsForm"]

# Names in what is sent that are no fields of the definition.
_NO_FIELDS = frozenset({"_xsrf", "seen", "opened", "do", "template.shown", "sweep.upload"})
ERRORS_BESIDE = 5


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the page says besides the fields."""

    problems: Sequence[Problem] = ()
    error: str = ""
    notice: str = ""
    is_good: bool = False
    values: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class _Listed:
    """A problem in the summary, with the field to which it leads."""

    name: str
    label: str
    place: str
    text: str


class FieldsForm(TextForm):
    """The form with a field for each thing; the same definition as text is one button away."""

    def show_fields(self, typed: Typed, opened: Opened, *, writing: Writing, **told: Any) -> None:
        """Show the form.

        Parameters
        ----------
        typed : mapping
            What stands in its fields.
        opened : Opened
            With which it was opened.
        writing : Writing
            By whom it is edited.
        **told : object
            What else the page says: ``problems``, ``error``, ``notice``, ``is_good`` and ``values``.
        """
        said = _Told(**told)
        template, unreadable = self._template(first(typed, "template"), writing.project)
        read = document_of(typed, opened)
        draw = Drawing(typed, self.texts, writing.project, self.desk.known_names(writing.project))
        sections, problems = self._sections(draw, opened, writing=writing, read=read, problems=said.problems)
        alone = schedule_alone(read.document)
        due = self.due(alone, writing.project) if alone is not None else Due([], [])
        self.show(
            "definition_form.html",
            project=writing.project,
            name=writing.name,
            seen=writing.seen,
            opened=json.dumps(dict(opened.document), ensure_ascii=False),
            shown=first(typed, "template"),
            template=template,
            unreadable=unreadable,
            sections=sections,
            units=draw.seconds_units(),
            problems=problems,
            error=said.error,
            notice=said.notice,
            is_good=said.is_good,
            values=said.values,
            due=due.lines,
            times=due.times,
            zone=(alone.timezone if alone is not None else None) or writing.project.timezone,
            may_approve=self.may(writing.project, Action.APPROVE),
        )

    def _sections(
        self, draw: Drawing, opened: Opened, *, writing: Writing, read: ReadForm, problems: Sequence[Problem]
    ) -> tuple[list[Section], list[_Listed]]:
        known = [
            *(path.stem for path in shipped_templates()),
            *templates_in(self.desk.book.folder(writing.project.name)),
        ]
        common: Any = {"templates": tuple((one, one) for one in known), "is_new": writing.name is None}
        sections = sections_of(draw, opened, **common)
        labels = {one.name: one.label for section in sections for one in section.controls()}
        errors: dict[str, list[str]] = {}
        listed = []
        for problem, told in zip(problems, told_problems(problems, self.texts), strict=True):
            name = field_of(problem, read=read, typed=draw.typed, fields=labels)
            listed.append(_Listed(name, labels.get(name, ""), told.place, told.text))
            errors.setdefault(name, []).append(told.text)
        order = ["", *labels]  # as on the page; what is about the whole comes first
        listed.sort(key=lambda one: order.index(one.name))
        shortened = {name: texts[:ERRORS_BESIDE] for name, texts in errors.items()}
        return (sections_of(replace(draw, errors=shortened), opened, **common) if errors else sections), listed

    def opened_with(self, document: Mapping[str, Any], project: Project) -> Opened:
        """Open the form with a document.

        Parameters
        ----------
        document : mapping
            Of a definition; empty for a new one.
        project : Project
            Whose it is.

        Returns
        -------
        Opened
            With what its template declares.
        """
        template, _ = self._template(str(document.get("template", "")), project)
        return Opened(document, _declared(template))

    def _template(self, name: str, project: Project) -> tuple[Template | None, str]:
        if not name:
            return None, ""
        try:
            return inspect_template(locate_template(name, folder=self.desk.book.folder(project.name))), ""
        except DefinitionError as refused:
            return None, "; ".join(one.text for one in told_problems(refused.problems, self.texts))
        except HubError as refused:
            return None, self.texts.said(str(refused))

    async def take(self, writing: Writing) -> None:
        """Do what the button that was pressed wants, of either form.

        Parameters
        ----------
        writing : Writing
            By whom the definition is edited.
        """
        if "text" not in self.request.body_arguments:
            await self._take_fields(writing)
        elif self.get_body_argument("do", "check") != "form":
            self.take_text(writing)
        else:
            self._turn_to_fields(writing)

    def _turn_to_fields(self, writing: Writing) -> None:
        try:
            document = self.read_sent(writing).to_document()
        except (DefinitionError, DefinitionUnreadableError) as refused:
            self.set_status(422)
            self.show_text(self.sent_text(), writing, problems=refused.problems)
            return
        opened = self.opened_with(document, writing.project)
        self.show_fields(typed_of(opened), opened, writing=writing)

    def _sent(self, writing: Writing) -> tuple[dict[str, list[str]], Opened]:
        try:
            sent = typed_from(self.request.body_arguments)
            document = json.loads(first(sent, "opened") or "{}")
        except (ValueError, RecursionError) as broken:
            raise HTTPError(400) from broken
        if document != {} and not is_opened(document):
            raise HTTPError(400)
        shown, _ = self._template(first(sent, "template.shown"), writing.project)
        typed = {name: texts for name, texts in sent.items() if name not in _NO_FIELDS}
        if writing.name is not None:
            typed["name"] = [writing.name]
        return typed, Opened(document, _declared(shown))

    async def _take_fields(self, writing: Writing) -> None:
        typed, opened = self._sent(writing)
        wish, upload = self.get_body_argument("do", "check"), self._upload()
        if upload is not None:
            typed |= {"sweep.how": ["sets"], "sweep.sets": as_sent([upload.decode("utf-8-sig", "replace")])}
        action, _, where = wish.partition(".")
        if action == "add" and where in ROWS:
            self.show_fields(with_one_row_more(typed, where), opened, writing=writing)
        elif action == "remove" and where.partition(".")[0] in ROWS:
            self.show_fields(without_row(typed, where), opened, writing=writing)
        elif wish == "template" or first(typed, "template") != self.get_body_argument("template.shown", ""):
            to = self.opened_with({**opened.document, "template": first(typed, "template")}, writing.project)
            typed, opened = with_template(typed, opened, to=to)
            self.show_fields(typed, opened, writing=writing, notice=self.texts["form_now_template"])
        elif wish == "text":
            self.show_text(document_toml(document_of(typed, opened, upload=upload).document), writing)
        else:
            read = document_of(typed, opened, upload=upload)
            await self._finish(typed, opened, writing=writing, read=read)

    def _upload(self) -> bytes | None:
        files = self.request.files.get("sweep.upload", [])
        return files[0].body if files and files[0].body else None

    async def _finish(self, typed: Typed, opened: Opened, *, writing: Writing, read: ReadForm) -> None:
        """Check, or save."""
        wish = self.get_body_argument("do", "check")
        definition, draft, problems = await asyncio.to_thread(self._judged, read, writing)
        if problems or definition is None:
            self.set_status(422)
            self.show_fields(typed, opened, writing=writing, problems=problems)
            return
        if wish not in {"save", "approve"}:
            values = self._values(definition, draft, project=writing.project) if draft is not None else []
            self.show_fields(typed, opened, writing=writing, is_good=True, values=values)
            return
        try:
            await asyncio.to_thread(self.save, definition, writing, approve=wish == "approve")
        except DatabaseUnreachableError:
            raise
        except TemplateChangedError:
            self.set_status(409)
            self.show_fields(typed, opened, writing=self.newest(writing), error=self.texts["edited_meanwhile"])
        except DefinitionError as refused:
            self.set_status(422)
            self.show_fields(typed, opened, writing=writing, problems=refused.problems)
        except HubError as refused:
            self.show_fields(typed, opened, writing=writing, error=self.refuse(refused))
        else:
            rest = "" if wish == "approve" else "/draft"
            self.redirect(self.address(writing.project.name, definition.name, rest=rest), status=303)

    def _judged(self, read: ReadForm, writing: Writing) -> tuple[Definition | None, Draft | None, list[Problem]]:
        definition, rest, problems = judged(read)
        if rest is None:
            return None, None, problems
        draft = self.check(rest, writing)
        # Of what is wrong already, the project cannot say more; each parameter is judged alone.
        wrong = {re.split(r"[.\[]", one.field)[0] for one in problems} - {"parameters"}
        told = {one.field for one in problems}
        problems += [
            one for one in draft.problems if re.split(r"[.\[]", one.field)[0] not in wrong and one.field not in told
        ]
        return (None if problems else definition), draft, problems

    def _values(self, definition: Definition, draft: Draft, *, project: Project) -> list[tuple[str, str]]:
        """Say what parameters that depend on the day would be at the next time."""
        at = draft.slots[0].at if draft.slots else dt.datetime.now(dt.UTC)
        try:
            sets = expand(
                definition,
                draft.template.parameters if draft.template is not None else (),
                at=at,
                zone=project.timezone,
                csv=sweep_file(self.desk, definition, project=project),
            )
        except HubError:
            return []
        one = sets[0]
        return [(name, self.texts.shown(one.parameters[name])) for name in one.written if name in definition.parameters]


def _declared(template: Template | None) -> dict[str, Parameter]:
    return {one.name: one for one in template.parameters} if template is not None else {}
