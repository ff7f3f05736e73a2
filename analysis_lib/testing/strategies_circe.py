"""Hypothesis strategies for Circe definitions over the concepts of `strategies`."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from analysis_lib.testing.reference_engine.domains import DOMAINS, Domain
from analysis_lib.testing.strategies import DAY_0

__all__ = ["circe_definitions"]

Document = dict[str, Any]
Kinds = Sequence[str]
SETS = (0, 1, 2)
COMPARISONS = ("lt", "lte", "eq", "!eq", "gt", "gte", "bt", "!bt")
COMMON_COUNTS = ("START_DATE", "END_DATE", "DURATION", "DOMAIN_CONCEPT")
# Attributes beside those that `DOMAINS` lists.
AGES_AT_START = ("Age",)
AGES_OF_SPANS = ("AgeAtStart", "AgeAtEnd")
SPANS = {"ConditionEra", "DrugEra", "DoseEra", "ObservationPeriod", "PayerPlanPeriod"}
LENGTHS = {
    "ConditionEra": "EraLength",
    "DrugEra": "EraLength",
    "DoseEra": "EraLength",
    "ObservationPeriod": "PeriodLength",
    "PayerPlanPeriod": "PeriodLength",
    "VisitOccurrence": "VisitLength",
    "VisitDetail": "VisitDetailLength",
}
VISITS = ("VisitOccurrence", "VisitDetail")

_sets = st.sampled_from([0, 0, *SETS])
_days = st.sampled_from([0, 1, 2, 5, 10, 30])
_concept_lists = st.lists(st.sampled_from([1, 2, 4]), min_size=1, max_size=2, unique=True).map(
    lambda ids: [{"CONCEPT_ID": one, "CONCEPT_NAME": ""} for one in ids]
)
_limits = st.sampled_from(["All", "First", "Last"]).map(lambda kind: {"Type": kind})


def _optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries({}, optional=fields)


def _numbers(low: int, high: int) -> st.SearchStrategy[Document]:
    return st.tuples(st.sampled_from(COMPARISONS), st.integers(low, high), st.integers(low, high)).map(_range)


def _range(drawn: tuple[str, Any, Any]) -> Document:
    """Put the lower bound first: the library refuses a range that nothing can be in."""
    op, one, other = drawn
    return {"Op": op, "Value": min(one, other), "Extent": max(one, other)}


def _iso_days() -> st.SearchStrategy[str]:
    return st.integers(0, 40).map(lambda day: DAY_0.fromordinal(DAY_0.toordinal() + day).isoformat())


_dates = st.tuples(st.sampled_from(COMPARISONS), _iso_days(), _iso_days()).map(_range)
_texts = st.fixed_dictionaries(
    {
        "Op": st.sampled_from([sign + word for sign in ("", "!") for word in ("startsWith", "contains", "endsWith")]),
        "Text": st.sampled_from(["stop", "early", "0% o", "_"]),
    }
)
_selections = st.fixed_dictionaries({"IsExclusion": st.booleans()}, optional={"CodesetId": st.none() | _sets})
_adjustments = st.fixed_dictionaries(
    {
        "StartWith": st.sampled_from(["START_DATE", "END_DATE"]),
        "StartOffset": st.integers(-3, 3),
        "EndWith": st.sampled_from(["START_DATE", "END_DATE"]),
        "EndOffset": st.integers(-3, 3),
    }
)
_periods = st.fixed_dictionaries({}, optional={"StartDate": _iso_days(), "EndDate": _iso_days()})


def _attributes(kind: str) -> dict[str, st.SearchStrategy[Any]]:
    """Return every attribute of a kind of criterion, each with its strategy."""
    domain = DOMAINS[kind]
    found: dict[str, st.SearchStrategy[Any]] = dict.fromkeys((*domain.start_dates, *domain.end_dates), _dates)
    for name in domain.concepts:
        found |= _concept_attribute(name, lists=kind != "VisitDetail", excludes=name in _excludable(domain))
    found |= dict.fromkeys((*domain.wholes, *domain.decimals), _numbers(0, 4))
    found |= dict.fromkeys(domain.texts, _texts) | dict.fromkeys(domain.codesets, _sets)
    if domain.source_attribute:
        found[domain.source_attribute] = _sets
    found |= dict.fromkeys(AGES_OF_SPANS if kind in SPANS else AGES_AT_START, _numbers(17, 26))
    if kind in LENGTHS:
        found[LENGTHS[kind]] = _numbers(0, 12)
    if kind != "ObservationPeriod":
        found |= _concept_attribute("Gender", lists=kind != "VisitDetail")
    return found | _attributes_of_places(kind, domain) | _attributes_of_few(kind)


def _excludable(domain: Domain) -> set[str]:
    return {name for name in domain.concepts if name.endswith("Type") and name != "PeriodType"}


def _concept_attribute(name: str, *, lists: bool = True, excludes: bool = False) -> dict[str, st.SearchStrategy[Any]]:
    found: dict[str, st.SearchStrategy[Any]] = {f"{name}CS": _selections}
    if lists:
        found[name] = _concept_lists
    return found | ({f"{name}Exclude": st.booleans()} if lists and excludes else {})


def _attributes_of_places(kind: str, domain: Domain) -> dict[str, st.SearchStrategy[Any]]:
    found: dict[str, st.SearchStrategy[Any]] = {}
    if domain.has_visit:
        found |= _concept_attribute("ProviderSpecialty", lists=kind != "VisitDetail")
    if kind in VISITS:
        found |= _concept_attribute("PlaceOfService", lists=kind != "VisitDetail")
    elif domain.has_visit:
        found |= _concept_attribute("VisitType")
    return found


def _attributes_of_few(kind: str) -> dict[str, st.SearchStrategy[Any]]:
    if kind == "Measurement":
        ratios = st.fixed_dictionaries(
            {"Op": st.sampled_from(COMPARISONS), "Value": st.sampled_from([0.5, 0.3333, 1, 2]), "Extent": st.just(2)}
        )
        return {"RangeLowRatio": ratios, "RangeHighRatio": ratios, "Abnormal": st.booleans()}
    if kind in ("ObservationPeriod", "PayerPlanPeriod"):
        return {"UserDefinedPeriod": _periods}
    return {}


@st.composite
def _criteria(draw: st.DrawFn, *, kinds: Kinds, depth: int, bare: bool = False) -> Document:
    """Draw one criterion; with `bare` it has no criteria of its own."""
    kind = draw(st.sampled_from(sorted(kinds)))
    known = _attributes(kind)
    chosen = draw(st.just([]) | st.lists(st.sampled_from(sorted(known)), max_size=2, unique=True))
    body: Document = {name: draw(known[name]) for name in chosen}
    if kind not in ("ObservationPeriod", "PayerPlanPeriod") and draw(st.booleans()):
        body["CodesetId"] = draw(_sets)
    if kind != "Death" and draw(st.booleans()):
        body["First"] = draw(st.booleans())
    if draw(st.integers(0, 5)) == 0:
        body["DateAdjustment"] = draw(_adjustments)
    if depth and not bare and draw(st.integers(0, 3)) == 0:
        body["CorrelatedCriteria"] = draw(_groups(kinds=kinds, depth=depth - 1))
    return {kind: body}


_edges = st.fixed_dictionaries({"Coeff": st.sampled_from([-1, 1])}, optional={"Days": st.none() | _days})
_windows = st.fixed_dictionaries(
    {"Start": _edges, "End": _edges}, optional={"UseIndexEnd": st.booleans(), "UseEventEnd": st.booleans()}
)
# Most windows that people write are the right way round.
_likely_windows = st.fixed_dictionaries(
    {
        "Start": st.fixed_dictionaries({"Coeff": st.just(-1)}, optional={"Days": _days}),
        "End": st.fixed_dictionaries({"Coeff": st.just(1)}, optional={"Days": _days}),
    },
    optional={"UseIndexEnd": st.booleans(), "UseEventEnd": st.booleans()},
)


@st.composite
def _counted(draw: st.DrawFn, *, kinds: Kinds, depth: int) -> Document:
    distinct = draw(st.integers(0, 3)) == 0
    criterion = draw(_criteria(kinds=kinds, depth=depth, bare=distinct))
    occurrence: Document = {"Type": draw(st.integers(0, 2)), "Count": draw(st.integers(0, 2)), "IsDistinct": distinct}
    ((kind, body),) = criterion.items()
    if kind == "PayerPlanPeriod" and distinct:
        body["PayerConcept"] = draw(_sets)  # the official SQL has the column to count only then
        occurrence["CountColumn"] = "DOMAIN_CONCEPT"
    elif distinct and draw(st.booleans()):
        columns = [*COMMON_COUNTS, *DOMAINS[kind].counts, *(["VISIT_ID"] if DOMAINS[kind].has_visit else [])]
        occurrence["CountColumn"] = draw(st.sampled_from(columns))
    found: Document = {"Criteria": criterion, "StartWindow": draw(_likely_windows | _windows), "Occurrence": occurrence}
    return found | draw(
        _optional(EndWindow=_windows, RestrictVisit=st.booleans(), IgnoreObservationPeriod=st.booleans())
    )


_demographics = _optional(
    Age=_numbers(17, 26),
    Gender=_concept_lists,
    GenderCS=_selections,
    Race=_concept_lists,
    RaceCS=_selections,
    Ethnicity=_concept_lists,
    EthnicityCS=_selections,
    OccurrenceStartDate=_dates,
    OccurrenceEndDate=_dates,
)


@st.composite
def _groups(draw: st.DrawFn, *, kinds: Kinds, depth: int) -> Document:
    group: Document = {
        "Type": draw(st.sampled_from(["ALL", "ANY", "AT_LEAST", "AT_MOST"])),
        "CriteriaList": draw(st.lists(_counted(kinds=kinds, depth=depth), max_size=2)),
        "DemographicCriteriaList": draw(st.lists(_demographics, max_size=1)),
        "Groups": draw(st.lists(_groups(kinds=kinds, depth=depth - 1), max_size=2)) if depth else [],
    }
    return group | ({"Count": draw(st.integers(0, 2))} if group["Type"].startswith("AT_") else {})


@st.composite
def _concept_sets(draw: st.DrawFn) -> list[Document]:
    flags = {name: st.booleans() for name in ("isExcluded", "includeDescendants", "includeMapped")}
    sets: list[Document] = []
    for number in SETS:
        ids = draw(st.lists(st.sampled_from([1, 2, 4, 5, 7]), max_size=3, unique=True))
        items = [{"concept": {"CONCEPT_ID": one}, **draw(st.fixed_dictionaries(flags))} for one in ids]
        sets.append({"id": number, "name": f"set {number}", "expression": {"items": items}})
    everything = {"concept": {"CONCEPT_ID": 1}, "isExcluded": False, "includeDescendants": True, "includeMapped": True}
    sets[0]["expression"]["items"] = [everything]  # one set is never empty, or few definitions would select anyone
    return sets


_exits = st.one_of(
    st.fixed_dictionaries(
        {
            "DateOffset": st.fixed_dictionaries(
                {"DateField": st.sampled_from(["StartDate", "EndDate"]), "Offset": st.integers(-2, 20)}
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "CustomEra": st.fixed_dictionaries(
                {"DrugCodesetId": _sets, "GapDays": st.integers(0, 10), "Offset": st.integers(-2, 5)},
                optional={"DaysSupplyOverride": st.integers(0, 10)},
            )
        }
    ),
)


@st.composite
def circe_definitions(draw: st.DrawFn, *, kinds: Kinds, depth: int = 2) -> Document:
    """Draw a cohort definition, as Circe (ATLAS) JSON.

    Parameters
    ----------
    draw : callable
        Given by hypothesis.
    kinds : sequence of str
        Kinds of criteria, from `strategies.circe_kinds`.
    depth : int, default 2
        How deep groups and events with criteria of their own may be nested.

    Returns
    -------
    dict
        The document; what is left out of it is left to Circe's defaults.
    """
    days = st.sampled_from([0, 0, 0, 1, 5])
    document: Document = {
        "ConceptSets": draw(_concept_sets()),
        "PrimaryCriteria": {
            "CriteriaList": draw(st.lists(_criteria(kinds=kinds, depth=depth), min_size=1, max_size=2)),
            "ObservationWindow": {"PriorDays": draw(days), "PostDays": draw(days)},
            "PrimaryCriteriaLimit": draw(_limits),
        },
        "QualifiedLimit": draw(_limits),
        "ExpressionLimit": draw(_limits),
        "InclusionRules": [
            {"name": f"rule {n}", "expression": group}
            for n, group in enumerate(draw(st.just([]) | st.lists(_groups(kinds=kinds, depth=depth), max_size=2)))
        ],
        "CensoringCriteria": draw(st.lists(_criteria(kinds=kinds, depth=1), max_size=1)),
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": draw(st.sampled_from([0, 0, 3]))},
        "CensorWindow": draw(st.sampled_from([{}, {}]) | _periods),
    }
    additional = _groups(kinds=kinds, depth=depth)
    return document | draw(_optional(AdditionalCriteria=additional, EndStrategy=_exits))
