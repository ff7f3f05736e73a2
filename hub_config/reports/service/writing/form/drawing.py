"""From what stands in the form to its controls: the pieces of which `layout` puts the page together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from hub_config.projects import Event, Project
from hub_config.reports.calendar.descriptions import nth_in_words
from hub_config.reports.calendar.rules import PERIODS, WEEKDAYS
from hub_config.reports.calendar.texts import NAMES, TEXTS
from hub_config.reports.parameters import KnownNames, Parameter
from hub_config.reports.parameters.choices import names_of
from hub_config.reports.parameters.values import NAMED
from hub_config.reports.service.forms import Field
from hub_config.reports.service.texts import Texts
from hub_config.reports.service.ticks import is_ticked, offered_ticks
from hub_config.reports.service.writing.form.controls import Control, Options
from hub_config.reports.service.writing.form.plain_fields import PLAIN_FIELDS
from hub_config.reports.service.writing.form.schedule_chooser import HOWS, NTHS, SHIFTS, WHATS
from hub_config.reports.service.writing.form.typed import UNITS, Typed, first

__all__ = ["Drawing"]

DATED = ("{month:-1.start}", "{month:-1.end}", "{year:-1.start}", "{today}", "{day:-1}", "{week:-1.start}")
MONTHLY = ("{month:-1}", "{month}", "{quarter:-1}", "{year:-1}")
KINDS = {"line": "line", "lines": "lines", "whole": "line", "seconds": "seconds", "check": "check", "choice": "select",
         "choices": "checks", "day": "day", "days": "lines"}  # fmt: skip
_LIKE_A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LIKE_A_MONTH = re.compile(r"[0-9]{4}-([0-9]{2}|Q[1-4]|W[0-9]{2})")
_PLAIN = {plain.place: plain for plain in PLAIN_FIELDS}


@dataclass(frozen=True)
class Drawing:
    """Makes controls.

    Parameters
    ----------
    typed : mapping
        What stands in the form.
    texts : Texts
        The words of the reader's language.
    project : Project
        Whose definition it is.
    names : KnownNames
        Which data sets, cohorts and secrets there are.
    errors : mapping
        What is wrong, by field.
    """

    typed: Typed
    texts: Texts
    project: Project
    names: KnownNames
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def control(self, name: str, kind: str, *, key: str = "", **more: Any) -> Control:
        """Make a control with its label, help, texts and errors.

        Parameters
        ----------
        name : str
            Its name in the form.
        kind : str
            As for `Control`.
        key : str, optional
            Of its label and help in the texts; made from the name if left out.
        **more : object
            As for `Control`.

        Returns
        -------
        Control
            Ready to be shown.
        """
        key = key or name.replace(".", "_")
        if "label" not in more:
            more["label"] = self.texts[f"label_of_{key}"]
        more.setdefault("help", self.texts.words.get(f"help_of_{key}", ""))
        texts = tuple(self.typed.get(name, ()))
        return Control(name=name, kind=kind, texts=texts, errors=tuple(self.errors.get(name, ())), **more)

    def plain(self, place: str, *, options: Options | None = None, **more: Any) -> Control:
        """Make the control of a plain field.

        Parameters
        ----------
        place : str
            Of the field.
        options : tuple, optional
            What may be chosen, if the field itself does not say it.
        **more : object
            As for `Control`.

        Returns
        -------
        Control
            Ready to be shown.
        """
        plain = _PLAIN[place]
        words = {"missed": "missed_", "retry_after": "", "release.policy": "release_"}
        if options is None and plain.options:
            said = self.texts.states if place == "retry_after" else self.texts.words
            options = tuple((one, said[words[place] + one]) for one in plain.options)
        kind = KINDS[plain.kind]
        if kind == "day" and self.errors.get(place):
            kind = "line"  # a browser's own field of a day would not show what is no day
        keyboard = "numeric" if plain.kind in {"whole", "seconds"} else "text"
        unit = first(self.typed, f"{place}.unit")
        return self.control(place, kind, options=options or (), unit=unit, keyboard=keyboard, **more)

    def parameter(self, parameter: Parameter, *, name: str, listed: bool = False) -> Control:
        """Make the control of a template's parameter.

        Parameters
        ----------
        parameter : Parameter
            The declaration.
        name : str
            The field's name.
        listed : bool, default False
            Whether it takes several values of a sweep.

        Returns
        -------
        Control
            Ready to be shown.
        """
        shown = Field(parameter, first(self.typed, name), self.texts)
        said = [f"{shown.help}{'' if shown.help.endswith(('.', '?', '!')) else '.'}"] if shown.help else []
        said += shown.text_hints if listed else shown.hints
        if listed:
            kind = "lines" if "\n" in shown.value else "line"  # a field of one line would lose line ends
            return self.control(name, kind, label=shown.label, code=parameter.name, help=" ".join(said))
        if dated := _dated(parameter):
            said.append(self.texts.text("form_monthly_hint" if dated is MONTHLY else "form_dated_hint"))
        default = shown.default
        said.append(self.texts.text("field_default", value=default) if default else self.texts["field_default_empty"])
        if is_ticked(parameter.type):
            kind, options = "checks", offered_ticks(parameter.type, self.typed.get(name, ()), texts=self.texts)
        else:
            kind, options = self._input(parameter, shown.value)
        return self.control(
            name, kind, label=shown.label, code=parameter.name, help=" ".join(said), options=options,
            keyboard=shown.keyboard,
        )  # fmt: skip

    def _input(self, parameter: Parameter, text: str) -> tuple[str, Options]:
        declared = parameter.type
        nothing = (("", self.texts["choice_none"]),) if declared.optional else ()
        if declared.kind == "bool" and not declared.optional:
            return "check", ()
        if declared.kind == "bool":
            yes_no = (("true", self.texts["value_yes"]), ("false", self.texts["value_no"]))
            return "select", self.with_current((*nothing, *yes_no), text)
        if declared.kind == "choice":
            return "select", self.with_current((*nothing, *((str(one), str(one)) for one in declared.choices)), text)
        if declared.kind in NAMED:
            names = tuple((one, one) for one in names_of(declared.kind, self.names))
            return "select", self.with_current((*nothing, *names), text)
        if "\n" in text:
            return "lines", ()
        return "line", tuple((one, self.texts[f"dated_{_word(one)}"]) for one in _dated(parameter))

    def with_current(self, options: Options, text: str) -> Options:
        """Add what is chosen, if it is no option any more, so that nothing else is chosen in its place.

        Parameters
        ----------
        options : tuple
            What may be chosen.
        text : str
            What is chosen.

        Returns
        -------
        tuple
            At least the options.
        """
        if text in {value for value, _ in options} or (not text and options and not options[0][0]):
            return options
        said = self.texts.text("option_not_there", value=text) if text else self.texts["option_choose"]
        return ((text, said), *options)

    def seconds_units(self) -> Options:
        """Give the units of durations.

        Returns
        -------
        tuple
            Each with its label.
        """
        return tuple((unit, self.texts[f"unit_{unit}"]) for unit in reversed(list(UNITS)))

    def schedule(self) -> tuple[Control, ...]:
        """Make the chooser of a schedule.

        Returns
        -------
        tuple of Control
            What is chosen, and the time of day.
        """
        names, words, language = NAMES[self.texts.language], TEXTS[self.texts.language], self.texts.language
        weekdays = tuple((str(day), name) for day, name in enumerate(names["weekdays"]))
        said = {"day": words["day"], "working day": words["working_day"]}
        said |= dict(zip(WEEKDAYS, names["weekdays"], strict=True))
        choices = {
            "nth": tuple((str(nth), nth_in_words(nth, language)) for nth in NTHS),
            "what": tuple((what, said[what]) for what in WHATS),
            "period": tuple((period, self.texts[f"schedule_period_{period}"]) for period in PERIODS),
            "shift": tuple((shift, self.texts[f"schedule_shift_{key}"]) for shift, key in SHIFTS.items()),
        }
        inner = {
            "week": (self.control("schedule.days", "checks", options=weekdays),),
            "period": tuple(
                self.control(f"schedule.{name}", "select", options=self._chosen(f"schedule.{name}", options))
                for name, options in choices.items()
            ),
            "own": (self.control("schedule.lines", "lines"),),
        }
        hows = tuple((how, self.texts[f"schedule_how_{how}"]) for how in HOWS)
        time = self.control("schedule.time", "time")
        return self.control("schedule.how", "radios", options=hows, inner=inner), time

    def _chosen(self, name: str, options: Options) -> Options:
        return self.with_current(options, first(self.typed, name))

    def zones(self) -> Options:
        """Suggest time zones.

        Returns
        -------
        tuple
            Their names.
        """
        return tuple((zone, "") for zone in _zones())

    def events(self) -> Options:
        """Give the events that somebody can be told of.

        Returns
        -------
        tuple
            Each with its label.
        """
        return tuple((event.value, self.texts[f"tell_{event.value}"]) for event in Event)


def _dated(parameter: Parameter) -> tuple[str, ...]:
    """List what depends on the run that somebody may want there; any other text can have one, too."""
    if parameter.type.kind != "str":
        return DATED if parameter.type.kind in {"date", "datetime"} else ()
    default = str(parameter.default)
    if "YYYY-MM-DD" in parameter.help or _LIKE_A_DAY.match(default):
        return DATED
    return MONTHLY if "YYYY" in parameter.help or _LIKE_A_MONTH.match(default) else ()


def _word(dated: str) -> str:
    return "".join(part if part.isalnum() else "_" for part in dated.strip("{}").replace("-1", "before"))


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    areas = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.startswith(areas)))
