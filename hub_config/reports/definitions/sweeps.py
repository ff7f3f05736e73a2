"""From one definition to the parameters of its runs: one set, or one for each set of its sweep, all at one instant."""

import datetime as dt
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub_config.reports.definitions.document import MOST_SETS, Definition
from hub_config.reports.definitions.errors import DefinitionError
from hub_config.reports.definitions.problems import Problem
from hub_config.reports.definitions.sweep_files import read_rows
from hub_config.reports.definitions.written_values import Checks, Value
from hub_config.reports.parameters.choices import Choices
from hub_config.reports.parameters.declarations import Parameter
from hub_config.reports.parameters.typed_text import to_text

__all__ = ["ParameterSet", "check_against_template", "expand"]

_LONGEST_LABEL = 120


@dataclass(frozen=True)
class ParameterSet:
    """The parameters of one run.

    Parameters
    ----------
    index : int
        0 is the first of the sweep.
    label : str
        What tells it from the others, such as ``ward=A, year=2025``; '' if there are no others.
    parameters : mapping
        The value of every parameter that the template declares.
    written : mapping
        How values were written that were resolved: relative dates, times without an offset.
    given : tuple of str
        Names of the parameters that the definition sets.
    """

    index: int
    label: str
    parameters: Mapping[str, Any]
    written: Mapping[str, Any]
    given: tuple[str, ...]


@dataclass(frozen=True)
class _Set:
    place: str
    values: Mapping[str, Value]
    given: frozenset[str] = frozenset()


def expand(
    definition: Definition,
    parameters: Iterable[Parameter],
    *,
    at: dt.datetime,
    zone: str,
    csv: bytes | None = None,
    choices: Choices | None = None,
    now: dt.datetime | None = None,
) -> tuple[ParameterSet, ...]:
    """Make the parameters of every run that a definition means.

    Parameters
    ----------
    definition : Definition
        What is to run.
    parameters : iterable of Parameter
        What its template declares.
    at : datetime
        The slot, or the time of submission, with its offset; the same for all runs.
    zone : str
        The project's zone, used where the definition names none.
    csv : bytes, optional
        The content of the file that ``sweep.csv`` names.
    choices : Choices, optional
        Which data sets, cohorts and secrets exist; without it any name will do.
    now : datetime, optional
        When the runs are made, with its offset, where that is later than the slot.

    Returns
    -------
    tuple of ParameterSet
        One, or as many as the sweep has sets, in its order; no two are alike.

    Raises
    ------
    DefinitionError
        If a value does not fit; all are named at once, none is repeated.
    """
    checks = _checks(definition, parameters, at=at, zone=zone, choices=choices, now=now)
    sets, problems = _sets(definition, checks, csv=csv)
    if problems:
        raise DefinitionError(problems)
    return _labelled(sets, checks)


def check_against_template(
    definition: Definition,
    parameters: Iterable[Parameter],
    *,
    at: dt.datetime,
    zone: str,
    csv: bytes | None = None,
    choices: Choices | None = None,
) -> list[Problem]:
    """Find all that would keep a definition from running on its template.

    Parameters
    ----------
    definition : Definition
        What is to run.
    parameters : iterable of Parameter
        What its template declares.
    at : datetime
        The time, with its offset; relative dates are tried at it.
    zone : str
        The project's zone, used where the definition names none.
    csv : bytes, optional
        The content of the file that ``sweep.csv`` names.
    choices : Choices, optional
        Which data sets, cohorts and secrets exist; without it any name will do.

    Returns
    -------
    list of Problem
        Empty if it would run.
    """
    checks = _checks(definition, parameters, at=at, zone=zone, choices=choices)
    _, problems = _sets(definition, checks, csv=csv)
    return [*problems, *_wrong_releases(definition, choices)]


def _checks(
    definition: Definition,
    parameters: Iterable[Parameter],
    *,
    at: dt.datetime,
    zone: str,
    choices: Choices | None,
    now: dt.datetime | None = None,
) -> Checks:
    known = {one.name: one for one in parameters}
    return Checks(known=known, at=at, zone=definition.timezone or zone, choices=choices, now=now)


def _sets(definition: Definition, checks: Checks, *, csv: bytes | None) -> tuple[list[_Set], list[Problem]]:
    base, problems = _typed(definition.parameters, checks, place="parameters.")
    own = {name: checks.default(name, place=name) for name in checks.known}
    defaults = {name: one for name, one in own.items() if isinstance(one, Value)}
    wrong_defaults = [one for one in own.values() if isinstance(one, Problem)]
    found: list[_Set] = []
    used: set[str] = set()
    for one in _swept(definition, checks, csv=csv):
        if isinstance(one, Problem):
            problems.append(one)
            continue
        given = base.keys() | one.values.keys()
        used |= own.keys() - given
        found.append(_Set(one.place, {**defaults, **base, **one.values}, given=frozenset(given)))
    # A default is checked where it is used: it may name a data set that this project does not have.
    problems += [Problem(f"default of {one.field}", one.rule, one.text) for one in wrong_defaults if one.field in used]
    if not problems:
        problems = [*_duplicates(found), *_other_releases(definition, checks, sets=found)]
    return found, problems


def _other_releases(definition: Definition, checks: Checks, *, sets: Iterable[_Set]) -> list[Problem]:
    """Find parameters that name one release of a data set that is pinned to another."""
    pinned = definition.release.datasets
    kinds = {name: one.type.item or one.type.kind for name, one in checks.known.items()}
    fields = dict.fromkeys(
        (name, dataset)
        for one in sets
        for name, value in one.values.items()
        if kinds[name] == "Dataset" and value.resolved is not None
        for word in (value.resolved if isinstance(value.resolved, list) else [value.resolved])
        for dataset, at, release in [word.partition("@")]
        if at and pinned.get(dataset, release) != release
    )
    return [
        Problem(f"release.datasets.{dataset}", "contradiction", f"parameter {name} names another release of it")
        for name, dataset in fields
    ]


def _typed(values: Mapping[str, Any], checks: Checks, *, place: str) -> tuple[dict[str, Value], list[Problem]]:
    found: dict[str, Value] = {}
    problems = []
    for name, written in values.items():
        where = f"{place}{name}"
        one = checks.name(name, place=where) or checks.value(name, written, place=where)
        if isinstance(one, Problem):
            problems.append(one)
        else:
            found[name] = one
    return found, problems


def _swept(definition: Definition, checks: Checks, *, csv: bytes | None) -> Iterator[_Set | Problem]:
    sweep = definition.sweep
    if sweep is None:
        yield _Set("parameters", {})
    elif sweep.sets:
        for number, one in enumerate(sweep.sets, start=1):
            place = f"sweep.sets[{number}]"
            values, problems = _typed(one, checks, place=f"{place}.")
            yield from problems
            yield _Set(place, values)
    elif sweep.csv is not None:
        yield from _rows(checks, csv)
    else:
        yield from _combined(sweep.grid or sweep.zip, checks, is_grid=bool(sweep.grid))


def _combined(lists: Mapping[str, Sequence[Any]], checks: Checks, *, is_grid: bool) -> Iterator[_Set | Problem]:
    place = "sweep.grid" if is_grid else "sweep.zip"
    count = math.prod(len(values) for values in lists.values())
    if is_grid and count > MOST_SETS:
        yield Problem(place, "too-many-sets", f"makes {count} sets, at most {MOST_SETS} are run")
        return
    columns: list[list[tuple[str, Value]]] = []
    for name, written in lists.items():
        unknown = checks.name(name, place=f"{place}.{name}")
        if unknown is not None:
            yield unknown
            continue
        checked = [
            checks.value(name, one, place=f"{place}.{name}[{number}]") for number, one in enumerate(written, start=1)
        ]
        yield from (one for one in checked if isinstance(one, Problem))
        columns.append([(name, one) for one in checked if isinstance(one, Value)])
    sets = itertools.product(*columns) if is_grid else zip(*columns, strict=False)
    for number, pairs in enumerate(sets, start=1):
        yield _Set(f"set {number} of {place}", dict(pairs))


def _rows(checks: Checks, csv: bytes | None) -> Iterator[_Set | Problem]:
    if csv is None:
        yield Problem("sweep.csv", "missing-file", "the file was not given; put it into the project's folder")
        return
    rows, problems = read_rows(csv)
    yield from problems
    header = list(rows[0].texts) if rows else []
    unknown = {name: checks.name(name, place="sweep.csv line 1") for name in header}
    yield from (problem for problem in unknown.values() if problem is not None)
    for row in rows:
        values = {}
        for name, text in row.texts.items():
            if unknown[name] is not None:
                continue
            one = checks.text(name, text, place=f"sweep.csv line {row.line} column {name}")
            if isinstance(one, Problem):
                yield one
            else:
                values[name] = one
        yield _Set(f"sweep.csv line {row.line}", values)


def _duplicates(sets: Iterable[_Set]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for one in sets:
        key = _canonical({name: value.resolved for name, value in one.values.items()})
        if key in seen:
            yield Problem(one.place, "duplicate-set", f"is the same as {seen[key]}")
        seen.setdefault(key, one.place)


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _labelled(sets: Sequence[_Set], checks: Checks) -> tuple[ParameterSet, ...]:
    varying = [name for name in checks.known if len({_canonical(one.values[name].resolved) for one in sets}) > 1]
    return tuple(
        ParameterSet(
            index=index,
            label=_label({name: one.values[name].resolved for name in varying}),
            parameters={name: one.values[name].resolved for name in checks.known},
            written={
                name: one.values[name].written
                for name in checks.known
                if one.values[name].written != one.values[name].resolved
            },
            given=tuple(name for name in checks.known if name in one.given),
        )
        for index, one in enumerate(sets)
    )


def _label(values: Mapping[str, Any]) -> str:
    label = ", ".join(f"{name}={' '.join(to_text(value).split())}" for name, value in values.items())
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"


def _wrong_releases(definition: Definition, choices: Choices | None) -> Iterator[Problem]:
    if choices is None:
        return
    known = choices.datasets()
    for name, release in definition.release.datasets.items():
        place = f"release.datasets.{name}"
        if name not in known:
            yield Problem(place, "unknown-name", f"is no data set that there is, one of {', '.join(sorted(known))}")
        elif release not in known[name]:
            listed = ", ".join(known[name]) or "none"
            yield Problem(place, "unknown-name", f"the data set has no such release; it has {listed}")
