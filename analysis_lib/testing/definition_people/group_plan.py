"""Satisfying groups of correlated criteria: how many of them, how often, in which window."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis_lib.testing.definition_people.domains import DOMAINS, END_DATES, START_DATES
from analysis_lib.testing.definition_people.person_draft import DraftEvent, Forbidden
from analysis_lib.testing.definition_people.ranges import EVERYTHING, Bounds, bounds_of, just_outside, overlap

if TYPE_CHECKING:
    from analysis_lib.testing.definition_people.person_plan import PersonPlan

Criteria = Mapping[str, Any]
_FOR_EVER = 5_000  # days; people write 9999 for any time
_EXACTLY, _AT_MOST, _AT_LEAST = 0, 1, 2


def satisfy_group(plan: "PersonPlan", group: Criteria, *, index: DraftEvent, path: str) -> None:
    """Add to a plan what a group asks for.

    Parameters
    ----------
    plan : PersonPlan
        The person.
    group : mapping
        Type, CriteriaList, DemographicCriteriaList, Groups.
    index : DraftEvent
        The event that windows are measured from.
    path : str
        Where the group stands.
    """
    members = [
        (kind, number, part)
        for kind in ("DemographicCriteriaList", "CriteriaList", "Groups")
        for number, part in enumerate(group.get(kind) or ())
    ]
    chosen = _choose(plan, group, members=members)
    # Rules of absence first, so that what is added later keeps clear of them.
    for kind, number, part in sorted(chosen, key=lambda member: not _asks_for_absence(member[2])):
        where = f"{path}.{kind}[{number}]"
        if kind == "CriteriaList":
            _correlated(plan, part, index=index, path=where)
        elif kind == "Groups":
            satisfy_group(plan, part, index=index, path=where)
        else:
            _demographic(plan, part, index=index, path=where)


def _choose(plan: "PersonPlan", group: Criteria, *, members: list[Any]) -> list[Any]:
    """Choose the members to satisfy."""
    kind, count = group.get("Type", "ALL"), int(group.get("Count") or 0)
    if kind == "ALL":
        return members
    wanted = {"ANY": 1, "AT_LEAST": count, "AT_MOST": 0}.get(kind, 1)
    return sorted(plan.rng.sample(members, min(wanted, len(members))), key=members.index)


def _asks_for_absence(part: Criteria) -> bool:
    occurrence = part.get("Occurrence") or {}
    return bool(occurrence) and occurrence["Type"] != _AT_LEAST and occurrence["Count"] == 0


def window_bounds(window: Criteria | None, index: DraftEvent, *, of_end: bool) -> tuple[bool, Bounds]:
    """Turn a window into days.

    Parameters
    ----------
    window : mapping or None
        Start, End, UseIndexEnd, UseEventEnd.
    index : DraftEvent
        What it is measured from.
    of_end : bool
        Whether it speaks of the event's end where it does not say.

    Returns
    -------
    on_end : bool
        Whether it bounds the event's end.
    bounds : tuple of float
        Day numbers, closed.
    """
    if not window:
        return of_end, EVERYTHING
    base = index.end if window.get("UseIndexEnd") else index.start
    said = window.get("UseEventEnd")
    edges = []
    for side in ("Start", "End"):
        endpoint = window.get(side) or {}
        coefficient = int(endpoint.get("Coeff", -1 if side == "Start" else 1))
        days = endpoint.get("Days")
        far = days is None or int(days) >= _FOR_EVER
        edges.append(coefficient * float("inf") if far else base + coefficient * int(days or 0))
    return (of_end if said is None else bool(said)), (edges[0], edges[1])


def _correlated(plan: "PersonPlan", part: Criteria, *, index: DraftEvent, path: str) -> None:
    bounds = dict(zip((False, True), _bounds(part, index), strict=True))
    occurrence = part.get("Occurrence") or {"Type": _AT_LEAST, "Count": 1}
    criterion = {name: value or {} for name, value in part["Criteria"].items()}
    domain, asked = next(iter(criterion.items()))
    kind, count = int(occurrence["Type"]), int(occurrence["Count"])
    if kind == _AT_MOST and count and plan.rng.random() < 0.5:
        count = plan.rng.randint(0, count)
    beside = index if part.get("RestrictVisit") else None
    if count == 0 and kind != _AT_LEAST and plan.breaks(f"{path}.absence"):
        plan.event(criterion, path=path, starts=bounds[False], ends=bounds[True], beside=beside)
        return
    if count and plan.breaks(f"{path}.Occurrence"):
        count += 1 if kind == _AT_MOST or (kind == _EXACTLY and plan.rng.random() < 0.5) else -1
    bounds = _broken_window(plan, bounds, count=count, path=path)
    _repeat(plan, criterion, count=count, bounds=bounds, beside=beside, path=path)
    if kind != _AT_LEAST and domain in DOMAINS:
        plan.draft.forbidden.append(Forbidden(domain, _known(plan, asked), bounds[False], bounds[True]))


def _repeat(
    plan: "PersonPlan",
    criterion: dict[str, Any],
    *,
    count: int,
    bounds: dict[bool, Bounds],
    beside: DraftEvent | None,
    path: str,
) -> None:
    """Add several events, on distinct days and of distinct concepts where that can be."""
    taken: list[Forbidden] = []
    concepts: list[int | None] = []
    for _ in range(count):
        event = plan.event(
            criterion, path=path, starts=bounds[False], ends=bounds[True], beside=beside, avoid=tuple(concepts)
        )
        if event is None or event.domain == "ObservationPeriod":
            break
        concepts.append(event.concept_id)
        taken.append(Forbidden(event.domain, event.concepts or None, (event.start, event.start)))
        plan.draft.forbidden.append(taken[-1])
    plan.draft.forbidden[:] = [rule for rule in plan.draft.forbidden if not any(rule is own for own in taken)]


def forbid_absent(plan: "PersonPlan", group: Criteria, *, index: DraftEvent) -> None:
    """Keep clear of what a group of rules wants absent, before anything is planned.

    Parameters
    ----------
    plan : PersonPlan
        The person.
    group : mapping
        A group that will hold for the index event.
    index : DraftEvent
        The index event, as far as it is known.
    """
    if group.get("Type", "ALL") != "ALL":
        return
    for part in filter(_asks_for_absence, group.get("CriteriaList") or ()):
        domain, asked = next(iter(part["Criteria"].items()))
        if domain in DOMAINS:
            starts, ends = _bounds(part, index)
            plan.draft.forbidden.append(Forbidden(domain, _known(plan, asked or {}), starts, ends))
    for inner in group.get("Groups") or ():
        forbid_absent(plan, inner, index=index)


def _known(plan: "PersonPlan", asked: Criteria) -> frozenset[int] | None:
    return frozenset(plan.concepts(asked["CodesetId"])) if asked.get("CodesetId") is not None else None


def _bounds(part: Criteria, index: DraftEvent) -> tuple[Bounds, Bounds]:
    """Days on which the events of a correlated criterion may start and end."""
    bounds = {False: EVERYTHING, True: EVERYTHING}
    for window, of_end in ((part.get("StartWindow"), False), (part.get("EndWindow"), True)):
        on_end, days = window_bounds(window, index, of_end=of_end)
        bounds[on_end] = overlap(bounds[on_end], days)
    return bounds[False], bounds[True]


def _broken_window(plan: "PersonPlan", bounds: dict[bool, Bounds], *, count: int, path: str) -> dict[bool, Bounds]:
    """Move to the day before or after a window, where that is the rule to break."""
    for on_end, days in bounds.items():
        if count and days != EVERYTHING and plan.breaks(f"{path}.{'EndWindow' if on_end else 'StartWindow'}"):
            outside = just_outside(days, rng=plan.rng)
            if outside is not None:
                return {**bounds, on_end: (outside, outside)}
    return bounds


def _demographic(plan: "PersonPlan", part: Criteria, *, index: DraftEvent, path: str) -> None:
    if part.get("Age"):
        plan.age(part["Age"], day=index.start, path=f"{path}.Age")
    plan.demography(part, path=path)


def index_days(groups: list[Criteria]) -> Bounds:
    """Bound the index date by what demographic criteria say of it.

    Parameters
    ----------
    groups : list of mapping
        Groups that hold for the index event.

    Returns
    -------
    tuple of float
        Day numbers.
    """
    bounds = EVERYTHING
    for group in groups:
        if group.get("Type", "ALL") != "ALL":
            continue
        for part in group.get("DemographicCriteriaList") or ():
            for name in (*START_DATES, *END_DATES):
                if part.get(name):
                    bounds = overlap(bounds, bounds_of(part[name], step=1, dates=True))
        bounds = overlap(bounds, index_days(group.get("Groups") or []))
    return bounds
