"""Whether one recorded row has the attributes that a criterion asks for."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from analysis_lib.testing.reference_engine.comparisons import (
    day,
    in_date_range,
    in_range,
    is_like,
    is_selected,
    year,
)
from analysis_lib.testing.reference_engine.domains import DOMAINS, Domain
from analysis_lib.testing.reference_engine.study import Study

__all__ = ["has_concept", "satisfies"]

Row = Mapping[str, Any]
ABNORMAL = (4155142, 4155143)  # "abnormally high" and "abnormally low", as the official SQL lists them
VISITS = ("VisitOccurrence", "VisitDetail")


class Asked(NamedTuple):
    """A row together with the criterion that is put to it."""

    row: Row
    body: Row
    kind: str
    start: int | None
    end: int | None
    study: Study

    @property
    def domain(self) -> Domain:
        """The kind's description."""
        return DOMAINS[self.kind]

    @property
    def length(self) -> int | None:
        """Days from start to end."""
        return None if self.start is None or self.end is None else self.end - self.start


def satisfies(row: Row, body: Row, *, kind: str, dates: tuple[int | None, int | None], study: Study) -> bool:
    """Tell whether the row satisfies every attribute of the criterion's body.

    Parameters
    ----------
    row : dict
        A row of the kind's table.
    body : dict
        What the criterion asks for, by the attribute's name in Circe.
    kind : str
        The kind of criterion, a name in `DOMAINS`.
    dates : tuple of (int or None, int or None)
        Start and end as day numbers, moved by a date adjustment.
    study : Study
        The data and the resolved concept sets.

    Returns
    -------
    bool
        True also for a body that asks for nothing.
    """
    asked = Asked(row, body, kind, *dates, study)
    return all(check(asked) for check in _CHECKS)


def has_concept(concept_id: int | None, body: Row, *, name: str, study: Study) -> bool:
    """Tell whether a concept satisfies the list, the selection and the exclusion named `name`.

    Parameters
    ----------
    concept_id : int or None
        The recorded concept; a missing one satisfies no list, excluding or not.
    body : dict
        What is asked for: the list `name`, the selection ``nameCS``, the exclusion ``nameExclude``.
    name : str
        The attribute, such as ``Gender``.
    study : Study
        The data and the resolved concept sets.

    Returns
    -------
    bool
        True also where the body has neither a list nor a selection of that name.
    """
    listed = body.get(name)
    if listed:
        inside = concept_id in [one["CONCEPT_ID"] for one in listed]
        if concept_id is None or inside == bool(body.get(f"{name}Exclude")):
            return False
    selection = body.get(f"{name}CS")
    return selection is None or is_selected(concept_id, selection, codesets=study.codesets)


def _adjusted_forwards(asked: Asked) -> bool:
    if asked.body.get("DateAdjustment") is None or asked.kind == "Specimen":
        return True
    return asked.length is not None and asked.length >= 0


def _dates(asked: Asked) -> bool:
    pairs = [(name, asked.start) for name in asked.domain.start_dates]
    pairs += [(name, asked.end) for name in asked.domain.end_dates]
    return all(in_date_range(edge, asked.body[name]) for name, edge in pairs if asked.body.get(name))


def _user_period(asked: Asked) -> bool:
    """Tell whether the period holds each day that the user set for it."""
    days = [day(value) for value in (asked.body.get("UserDefinedPeriod") or {}).values()]
    return all(_within((one, one), (asked.start, asked.end)) for one in days if one is not None)


def _own_concepts(asked: Asked) -> bool:
    named = asked.domain.concepts.items()
    lists = all(has_concept(asked.row.get(column), asked.body, name=name, study=asked.study) for name, column in named)
    return lists and all(
        asked.row.get(column) in asked.study.codesets.get(asked.body[name], ())
        for name, column in asked.domain.codesets.items()
        if asked.body.get(name) is not None
    )


def _numbers(asked: Asked) -> bool:
    row, body, domain = asked.row, asked.body, asked.domain
    return all(
        in_range(row.get(column), body[name], decimals=decimals)
        for named, decimals in ((domain.wholes, 0), (domain.decimals, 4))
        for name, column in named.items()
        if body.get(name)
    )


def _texts(asked: Asked) -> bool:
    named = asked.domain.texts.items()
    return all(is_like(asked.row.get(column), asked.body[name]) for name, column in named if asked.body.get(name))


def _lengths(asked: Asked) -> bool:
    names = ("EraLength", "PeriodLength", "VisitLength", "VisitDetailLength")
    return all(in_range(asked.length, asked.body[name]) for name in names if asked.body.get(name))


def _ratios(asked: Asked) -> bool:
    """Compare the value with the reference range, in which 0 means that there is none."""
    value, low, high = (asked.row.get(name) for name in ("value_as_number", "range_low", "range_high"))
    for name, edge in (("RangeLowRatio", low), ("RangeHighRatio", high)):
        if asked.body.get(name):
            ratio = None if value is None or not edge else float(value) / float(edge)
            if not in_range(ratio, asked.body[name], decimals=4):
                return False
    if asked.kind != "Measurement" or not asked.body.get("Abnormal"):
        return True
    outside = value is not None and ((low is not None and value < low) or (high is not None and value > high))
    return outside or asked.row.get("value_as_concept_id") in ABNORMAL


def _person(asked: Asked) -> bool:
    body, person = asked.body, asked.study.person.get(asked.row["person_id"])
    edge = asked.end if asked.kind == "VisitDetail" else asked.start
    ages = {"Age": edge, "AgeAtStart": asked.start, "AgeAtEnd": asked.end}
    asks_gender = bool(body.get("Gender")) or body.get("GenderCS") is not None
    if not asks_gender and not any(body.get(name) for name in ages):
        return True
    if person is None or not has_concept(person.get("gender_concept_id"), body, name="Gender", study=asked.study):
        return False
    return all(in_range(_age(person, at), body[name]) for name, at in ages.items() if body.get(name))


def _age(person: Row, at: int | None) -> int | None:
    """Return the difference of calendar years, which is all that Circe means by age."""
    born, now = person.get("year_of_birth"), year(at)
    return None if born is None or now is None else now - int(born)


def _visit(asked: Asked) -> bool:
    if asked.kind in VISITS or not (asked.body.get("VisitType") or asked.body.get("VisitTypeCS")):
        return True
    visit = asked.study.visit.get((asked.row["person_id"], asked.row.get("visit_occurrence_id")))
    return visit is not None and has_concept(
        visit.get("visit_concept_id"), asked.body, name="VisitType", study=asked.study
    )


def _provider(asked: Asked) -> bool:
    provider = asked.study.provider.get(asked.row.get("provider_id"), {})
    specialty = provider.get("specialty_concept_id")
    return has_concept(specialty, asked.body, name="ProviderSpecialty", study=asked.study)


def _place(asked: Asked) -> bool:
    body, study = asked.body, asked.study
    region = body.get("PlaceOfServiceLocation")
    if not (body.get("PlaceOfService") or body.get("PlaceOfServiceCS") or region is not None):
        return True
    care_site_id = asked.row.get("care_site_id")
    site = study.care_site.get(care_site_id)
    if site is None:
        return False
    right_kind = has_concept(site.get("place_of_service_concept_id"), body, name="PlaceOfService", study=study)
    return right_kind and (region is None or _lay_in(asked, care_site_id, region=region))


def _lay_in(asked: Asked, care_site_id: int | None, *, region: int) -> bool:
    """Tell whether the care site lay in the region for the whole visit."""
    study, row, domain = asked.study, asked.row, asked.domain
    inside = study.codesets.get(region, frozenset())
    places = {one["location_id"] for one in study.rows("location") if one.get("region_concept_id") in inside}
    start, end = day(row.get(domain.start)), day(row.get(domain.end))
    return any(
        stay["location_id"] in places
        and (stay["domain_id"], stay["entity_id"]) == ("CARE_SITE", care_site_id)
        and _within((start, end), (day(stay["start_date"]), day(stay.get("end_date") or "2099-12-31")))
        for stay in study.rows("location_history")
    )


def _within(inner: tuple[int | None, int | None], outer: tuple[int | None, int | None]) -> bool:
    if None in inner or None in outer:
        return False
    return bool(inner[0] >= outer[0] and inner[1] <= outer[1])  # type: ignore[operator]


_CHECKS: tuple[Callable[[Asked], bool], ...] = (
    _adjusted_forwards,
    _dates,
    _user_period,
    _own_concepts,
    _numbers,
    _texts,
    _lengths,
    _ratios,
    _person,
    _visit,
    _provider,
    _place,
)
