"""The form of a template: fields made from its typed parameters, and the way back from what was typed to values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub_config.reports.parameters.choices import Choices, names_of
from hub_config.reports.parameters.declarations import Parameter
from hub_config.reports.parameters.typed_text import NotOfThisTypeError, from_text
from hub_config.reports.parameters.values import NAMED, ParameterType, why_not, with_declared_type
from hub_config.reports.service.texts import Texts
from hub_config.reports.service.ticks import can_be_unset, is_ticked, offered_ticks, read_ticks, ticks_of

__all__ = ["Field", "Form", "as_typed", "filled_form", "offer_names", "read_form"]

LONGEST = 10_000
PREFIX = "p-"  # parameters have their own names in the form, so none can pose as _xsrf
ORDER = ".order"  # behind the name of a list of choices, whose boxes cannot tell its order


@dataclass(frozen=True)
class Field:
    """One field: the parameter, what it holds, and what is wrong with that.

    Parameters
    ----------
    parameter : Parameter
        The template's declaration.
    value : str
        What the field holds, as typed; 'on' or '' for a checkbox.
    texts : Texts
        The words of the reader's language.
    error : str or None
        Why the value was refused.
    names : tuple of str
        For a data set, a cohort or a secret: the names there are to choose from; empty where they are not known.
    ticked : tuple of str
        For a list of choices: what is ticked, as `ticks_of` writes it.
    order : str
        For a list of choices: the list with which the form began, as JSON, where its boxes do not tell its order or
        that a choice is in it twice; else ''.
    """

    parameter: Parameter
    value: str
    texts: Texts
    error: str | None = None
    names: tuple[str, ...] = ()
    ticked: tuple[str, ...] = ()
    order: str = ""

    @property
    def id(self) -> str:
        """The field's name in the form and its id on the page."""
        return PREFIX + self.parameter.name

    @property
    def label(self) -> str:
        """The parameter's name in words."""
        return self.texts.label_of(self.parameter.name, help_text=self._help, label=self.parameter.label)

    @property
    def help(self) -> str:
        """The comment of the template as a sentence, or ''."""
        return self.texts.shipped(self._help)

    @property
    def _help(self) -> str:
        return self.parameter.help[:1].upper() + self.parameter.help[1:]

    @property
    def hints(self) -> list[str]:
        """What else to know when filling it in."""
        declared = self.parameter.type
        if not is_ticked(declared):
            return self.text_hints
        if can_be_unset(declared):
            return [*self._range_hint, self.texts["field_ticks_unset_hint"]]
        if declared.optional:
            return [*self._range_hint, self.texts["field_optional_hint"]]
        may_be_empty = why_not(declared, []) is None
        return [*self._range_hint, *([self.texts["field_ticks_hint"]] if may_be_empty else [])]

    @property
    def text_hints(self) -> list[str]:
        """What else to know when its values are typed, as in a sweep."""
        declared, hints = self.parameter.type, self._range_hint
        if declared.kind == "list":
            hints.append(self.texts["field_list_hint"])
        if declared.optional and declared.kind != "choice":
            hints.append(self.texts["field_optional_hint"])
        return hints

    @property
    def _range_hint(self) -> list[str]:
        text = self.parameter.type.range.text
        return [self.texts.text("field_range_hint", range=self.texts.ranged(text))] if text else []

    @property
    def is_ticked(self) -> bool:
        """Whether it is a group of boxes."""
        return is_ticked(self.parameter.type)

    @property
    def boxes(self) -> tuple[tuple[str, str], ...]:
        """What each box of the group sends, and its label."""
        return offered_ticks(self.parameter.type, self.ticked, texts=self.texts)

    @property
    def default(self) -> str:
        """The template's own value, as it is shown."""
        if self.is_ticked and self.parameter.default is None and can_be_unset(self.parameter.type):
            return self.texts["choice_unset"]
        return self.texts.shown(self.parameter.default)

    @property
    def keyboard(self) -> str:
        """The on-screen keyboard that helps: numeric, decimal or text."""
        # A list of numbers needs commas, which many numeric keyboards lack, so it gets the whole keyboard.
        return {"int": "numeric", "float": "decimal"}.get(self.parameter.type.kind, "text")


@dataclass(frozen=True)
class Form:
    """A template's form as it stands.

    Parameters
    ----------
    fields : sequence of Field
        In the template's order.
    values : dict
        The parameters' values; complete only if `is_good`.
    error : str or None
        What is wrong with the whole.
    """

    fields: Sequence[Field]
    values: dict[str, Any]
    error: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether the run may be asked for."""
        return self.error is None


def filled_form(parameters: Sequence[Parameter], values: Mapping[str, Any] | None = None, *, texts: Texts) -> Form:
    """Make the form with the template's own values, or with those of an earlier run.

    Parameters
    ----------
    parameters : sequence of Parameter
        Of the template.
    values : mapping, optional
        Values by name; what the template does not know is left out.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    Form
        To be shown.
    """
    given = values or {}
    return Form([_filled(one, given.get(one.name, one.default), texts=texts) for one in parameters], {})


def _filled(parameter: Parameter, value: Any, *, texts: Texts) -> Field:
    declared = parameter.type
    if not is_ticked(declared):
        return Field(parameter, as_typed(value, declared), texts)
    ticked = ticks_of(value, declared)
    is_told = not isinstance(value, list) or value == read_ticks(ticked, declared)
    return Field(parameter, "", texts, ticked=tuple(ticked), order="" if is_told else json.dumps(value))


def offer_names(form: Form, known: Sequence[Choices]) -> Form:
    """Let data sets, cohorts and secrets be chosen from those that there are.

    Parameters
    ----------
    form : Form
        As filled or read.
    known : sequence of Choices
        What each project that the report may run for has. The project is chosen in the same form, so the names of all
        are offered; one that the chosen project does not have is refused when it is sent.

    Returns
    -------
    Form
        The same; what stands in a field is always among its names.
    """
    fields = [replace(field, names=_names(field, known)) for field in form.fields]
    return replace(form, fields=fields)


def _names(field: Field, known: Sequence[Choices]) -> tuple[str, ...]:
    kind = field.parameter.type.kind
    if kind not in NAMED:
        return ()
    names = {name for one in known for name in names_of(kind, one)}
    return tuple(sorted(names | ({field.value} if field.value else set()))) if names else ()


def read_form(parameters: Sequence[Parameter], typed: Mapping[str, Sequence[str]], *, texts: Texts) -> Form:
    """Read what was typed.

    Parameters
    ----------
    parameters : sequence of Parameter
        Of the template.
    typed : mapping
        Texts by field name, as the browser sent them; of a field that is no group of boxes the last one counts.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    Form
        With the values, or with an error beside each field that was refused; what was typed is kept.
    """
    fields, values = [], {}
    for one in parameters:
        read = _read_boxes if is_ticked(one.type) else _read_field
        field, value = read(one, typed, texts=texts)
        fields.append(field)
        values[one.name] = value
    wrong = sum(1 for field in fields if field.error)
    error = None
    known = {field.id for field in fields} | {field.id + ORDER for field in fields if field.is_ticked}
    if set(typed) - known:
        error = texts["form_unknown"]
    elif wrong:
        error = texts["form_error_one"] if wrong == 1 else texts.text("form_errors", n=wrong)
    return Form(fields, values, error)


def _read_field(parameter: Parameter, typed: Mapping[str, Sequence[str]], *, texts: Texts) -> tuple[Field, Any]:
    declared, name = parameter.type, PREFIX + parameter.name
    if declared.kind == "bool" and not declared.optional:  # an empty checkbox sends nothing
        return Field(parameter, "on" if name in typed else "", texts), name in typed
    words = next(reversed(typed.get(name, ())), "")
    if len(words) > LONGEST:
        return Field(parameter, words[:LONGEST], texts, _sentence(texts.text("field_too_long", n=LONGEST), texts)), None
    if not words.strip() and declared.optional:
        return Field(parameter, "", texts), None
    if not words.strip() and declared.kind not in {"str", "list"}:
        return Field(parameter, words, texts, _sentence(texts["field_needed"], texts)), None
    try:
        return Field(parameter, words, texts), from_text(declared, words)
    except ValueError as refused:
        return Field(parameter, words, texts, _sentence(texts.said(str(refused)), texts)), None


def _read_boxes(parameter: Parameter, typed: Mapping[str, Sequence[str]], *, texts: Texts) -> tuple[Field, Any]:
    declared, name = parameter.type, PREFIX + parameter.name
    order = next(reversed(typed.get(name + ORDER, ())), "")
    field = Field(parameter, "", texts, ticked=tuple(typed.get(name, ())), order=order)
    try:
        value = _in_order(read_ticks(field.ticked, declared), order, declared=declared)
        wrong = why_not(declared, value)
    except NotOfThisTypeError as refused:
        value, wrong = None, str(refused)
    if wrong is not None:
        return replace(field, error=_sentence(texts.said(wrong), texts)), None
    return field, with_declared_type(declared, value)


def _in_order(value: Any, order: str, *, declared: ParameterType) -> Any:
    """Give the list with which the form began, if just its choices are ticked."""
    try:
        before = json.loads(order) if order else None
    except (ValueError, RecursionError):
        return value
    is_same = isinstance(before, list) and ticks_of(before, declared) == ticks_of(value, declared)
    return before if is_same else value


def _sentence(why: str, texts: Texts) -> str:
    return texts.text("field_error", why=why[:1].upper() + why[1:])


def as_typed(value: Any, declared: ParameterType) -> str:
    """Write a value the way a person would type it.

    Parameters
    ----------
    value : object
        Of the declared type, or whatever stands in its place.
    declared : ParameterType
        The type in the template.

    Returns
    -------
    str
        Text of a field; 'on' or '' for a checkbox.
    """
    if value is None:
        return ""
    if declared.kind == "bool":
        if declared.optional:
            return "true" if value else "false"
        return "on" if value else ""
    if isinstance(value, list):
        plain = all(not isinstance(item, str) or (item.strip() == item and "," not in item and item) for item in value)
        return ", ".join(str(item) for item in value) if plain else json.dumps(value, ensure_ascii=False)
    return str(value)
