"""Which fields stand on the page, in which sections and in which order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from hub_config.reports.parameters import Parameter
from hub_config.reports.service.writing.form.controls import Control, Group, Options, Section
from hub_config.reports.service.writing.form.conversion import PINS, Opened, typed_of
from hub_config.reports.service.writing.form.drawing import Drawing
from hub_config.reports.service.writing.form.parameter_values import KEPT, PREFIX
from hub_config.reports.service.writing.form.plain_fields import value_at
from hub_config.reports.service.writing.form.rows import sent_rows, with_empty_rows
from hub_config.reports.service.writing.form.sweep_fields import KEPT_LISTS, LISTS, SWEEP_HOWS, typed_sweep
from hub_config.reports.service.writing.form.typed import first

__all__ = ["sections_of"]


@dataclass(frozen=True)
class _Page:
    """What sections are made from."""

    draw: Drawing
    opened: Opened
    templates: Options
    is_new: bool

    @property
    def parameters(self) -> Sequence[Parameter]:
        return tuple(self.opened.parameters.values())

    def section(self, name: str, *groups: Group, **more: Any) -> Section:
        return Section(name=name, title=self.draw.texts[f"section_{name}"], groups=groups, **more)

    def is_used(self, *places: str) -> bool:
        """Tell whether a section that is rarely needed says anything, or something is wrong in it."""
        wrong = any(name.startswith(tuple(places)) for name in self.draw.errors)
        sent = {name: list(texts) for name, texts in self.draw.typed.items() if name.startswith(tuple(places))}
        return wrong or any(texts != self.untouched.get(name, []) for name, texts in sent.items())

    @cached_property
    def untouched(self) -> dict[str, list[str]]:
        """What stands in the form of a new definition."""
        return typed_of(Opened({}, self.opened.parameters))


def sections_of(draw: Drawing, opened: Opened, *, templates: Options, is_new: bool) -> list[Section]:
    """Put the form together.

    Parameters
    ----------
    draw : Drawing
        Makes its controls.
    opened : Opened
        With which it was opened.
    templates : tuple
        The templates that may be chosen, each with its label.
    is_new : bool
        Whether the definition is a new one, whose name may be chosen.

    Returns
    -------
    list of Section
        In order.
    """
    page = _Page(replace(draw, typed=with_empty_rows(draw.typed)), opened, templates, is_new)
    parts = (_about, _what, _sweep, _when, _limits, _data, _told, _alerts, _compared, _kept)
    return [part(page) for part in parts]


def _group(*controls: Control, **more: Any) -> Group:
    return Group(controls=controls, **more)


def _about(page: _Page) -> Section:
    plain = page.draw.plain
    name = plain("name") if page.is_new else page.draw.control("name", "fixed", help="")
    return page.section("about", _group(name, plain("title"), plain("title_ko"), plain("purpose")))


def _what(page: _Page) -> Section:
    draw = page.draw
    chosen = draw.with_current(page.templates, first(draw.typed, "template"))
    groups = [_group(draw.plain("template", options=chosen), kind="template")]
    groups.append(_group(*(draw.parameter(one, name=PREFIX + one.name) for one in page.parameters)))
    groups += _unknown(page, KEPT, values=page.opened.document.get("parameters", {}))
    return page.section("what", *(group for group in groups if group.controls))


def _unknown(page: _Page, name: str, *, values: Any) -> Iterator[Group]:
    """Offer what the template does not have to be kept or dropped."""
    gone = [one for one in values if one not in page.opened.parameters]
    if gone:
        shown = tuple((one, f"{one} = {page.draw.texts.shown(values[one])[:80]}") for one in gone)
        yield _group(page.draw.control(name, "checks", options=shown))


def _sweep(page: _Page) -> Section:
    draw = page.draw
    before = page.opened.document.get("sweep") or {}
    can_keep = typed_sweep(before, page.opened.parameters)["sweep.how"] == ["kept"]
    hows = SWEEP_HOWS if can_keep else SWEEP_HOWS[:-1]
    inner = {
        "sets": (
            draw.control("sweep.sets", "lines", rows=8),
            draw.control("sweep.upload", "file"),
        ),
        "csv": (draw.control("sweep.csv", "line"),),
    }
    options = tuple((one, draw.texts[f"sweep_how_{one}"]) for one in hows)
    return page.section(
        "sweep",
        _group(draw.control("sweep.how", "radios", options=options, inner=inner)),
        _group(
            *(draw.parameter(one, name=LISTS + one.name, listed=True) for one in page.parameters),
            *(one for group in _unknown(page, KEPT_LISTS, values=_lists(before)) for one in group.controls),
            kind="lists",
            legend=draw.texts["sweep_lists"],
        ),
        lead=draw.texts["section_sweep_lead"],
        is_open=page.is_used("sweep.", KEPT_LISTS),
    )


def _lists(sweep: Any) -> Any:
    return next((sweep[way] for way in ("grid", "zip") if way in sweep), {})


def _when(page: _Page) -> Section:
    draw = page.draw
    zone = draw.texts.text("help_zone", zone=draw.project.timezone)
    return page.section(
        "when",
        _group(*draw.schedule(), kind="schedule"),
        _group(draw.plain("timezone", options=draw.zones(), help=zone), draw.plain("until"), draw.plain("holidays")),
        _group(
            draw.plain("missed"), draw.plain("missed_limit"), draw.plain("late_after_seconds"), draw.plain("enabled")
        ),
    )


def _limits(page: _Page) -> Section:
    draw, limits = page.draw, page.draw.project.limits
    cell = draw.texts.text("help_project_limit", most=draw.texts.duration(limits.cell_seconds))
    run = draw.texts.text("help_project_limit", most=draw.texts.duration(limits.run_seconds))
    priority = draw.texts.text("help_priority", most=limits.max_priority)
    places = ("limits.", "retries", "retry", "safe_to_retry", "priority")
    return page.section(
        "limits",
        _group(draw.plain("limits.cell_seconds", help=cell), draw.plain("limits.run_seconds", help=run)),
        _group(*(draw.plain(place) for place in ("safe_to_retry", "retries", "retry_after", "retry_delay_seconds"))),
        _group(draw.plain("priority", help=priority)),
        is_open=page.is_used(*places),
    )


def _data(page: _Page) -> Section:
    draw = page.draw
    pinned = [name.removeprefix(PINS) for name in draw.typed if name.startswith(PINS)]
    known = draw.names.datasets()
    controls = []
    for name in sorted({*known, *pinned, *(value_at(page.opened.document, PINS[:-1]) or {})}):
        releases = (("", draw.texts["pin_none"]), *((one, one) for one in known.get(name, ())))
        options = draw.with_current(releases, first(draw.typed, PINS + name))
        label = draw.texts.text("label_of_pin", name=name)
        controls.append(draw.control(PINS + name, "select", label=label, options=options))
    return page.section(
        "data", _group(draw.plain("release.policy")), _group(*controls, kind="pins"), is_open=page.is_used("release")
    )


def _told(page: _Page) -> Section:
    draw = page.draw
    targets = (("", draw.texts["target_none"]), *((name, name) for name in draw.project.notify))
    groups = []
    for number, row in enumerate(sorted(sent_rows(draw.typed, "recipients")), start=1):
        name = f"recipients.{row}"
        options = draw.with_current(targets, first(draw.typed, f"{name}.target"))
        target = draw.control(f"{name}.target", "select", key="recipient_target", options=options)
        events = draw.control(f"{name}.events", "checks", key="recipient_events", options=draw.events())
        groups.append(_row(target, events, name=name, legend=draw.texts.text("row_recipient", n=number)))
    lead = draw.texts["section_told_lead" if draw.project.notify else "section_told_nobody"]
    return page.section("told", *groups, lead=lead, adds="add.recipients")


def _row(*controls: Control, name: str, legend: str) -> Group:
    return _group(*controls, legend=legend, kind="row", removed_by=f"remove.{name}")


def _alerts(page: _Page) -> Section:
    draw = page.draw
    groups = []
    for number, row in enumerate(sorted(sent_rows(draw.typed, "alerts")), start=1):
        alert = draw.control(f"alerts.{row}", "line", label=draw.texts.text("label_of_alert", n=number))
        groups.append(_group(alert, kind="row", removed_by=f"remove.alerts.{row}"))
    lead = draw.texts["section_alerts_lead"]
    return page.section("alerts", *groups, lead=lead, adds="add.alerts", is_open=page.is_used("alerts."))


def _compared(page: _Page) -> Section:
    draw = page.draw
    groups = []
    for number, row in enumerate(sorted(sent_rows(draw.typed, "compare")), start=1):
        name = f"compare.{row}"
        kinds = {"id": "line", "absolute": "line", "relative": "line", "exact_integers": "check"}
        controls = [draw.control(f"{name}.{part}", kind, key=f"compare_{part}") for part, kind in kinds.items()]
        groups.append(_row(*controls, name=name, legend=draw.texts.text("row_compare", n=number)))
    lead = draw.texts["section_compare_lead"]
    return page.section("compare", *groups, lead=lead, adds="add.compare", is_open=page.is_used("compare."))


def _kept(page: _Page) -> Section:
    draw, days = page.draw, page.draw.project.limits.keep_days
    said = draw.texts.text("help_keep_days", n=days) if days else draw.texts["help_of_retention_days"]
    group = _group(draw.plain("retention.successes"), draw.plain("retention.days", help=said))
    return page.section("kept", group, is_open=page.is_used("retention."))
