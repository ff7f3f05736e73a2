"""A definition in plain sentences, each with how deep it stands."""

from datetime import date
from typing import TYPE_CHECKING, Any

from analysis_lib.cohort.language.concepts import Concept, ConceptSet
from analysis_lib.cohort.language.conditions import Where
from analysis_lib.cohort.language.criteria import Criterion, Demographics, Group, InclusionRule, Window
from analysis_lib.cohort.language.domains import in_words
from analysis_lib.cohort.language.entries import Entry, EntryEvent
from analysis_lib.cohort.language.events import CustomEra, Event, ShiftedDates
from analysis_lib.cohort.language.fields import count_of_days

if TYPE_CHECKING:
    from analysis_lib.cohort.language.definition import CohortDefinition

__all__ = ["Sentences", "sentences_of"]

Sentences = list[tuple[int, str]]
LISTED = 8
_COUNTS = {"at_least": "at least", "at_most": "at most", "exactly": "exactly"}
_MATCHES = {"all": "all of these hold", "any": "any of these holds"}


def sentences_of(definition: "CohortDefinition") -> Sentences:
    """Say a definition.

    Parameters
    ----------
    definition : CohortDefinition
        The definition.

    Returns
    -------
    list of tuple of int and str
        Depth and sentence, in the order in which the steps are taken.
    """
    said = entry_sentences(definition.entry)
    if definition.qualifying is not None:
        said += _group_sentences("Of these, keep those around which", definition.qualifying)
        said += _limit_sentences(definition.qualified_limit, "qualifying entry")
    for rule in definition.inclusion_rules:
        said += rule_sentences(rule)
    if not _one_entry(definition):
        said += _limit_sentences(definition.entries_per_person, "remaining entry")
    said.append((0, definition.exit.describe()))
    for event in definition.censoring_events:
        said.append((0, f"Leave earlier on the first day of {event_words(event)}."))
        said += _having_sentences(event)
    if definition.era_pad_days:
        days = count_of_days(definition.era_pad_days)
        said.append((0, f"Join a person's records that lie at most {days} apart."))
    window = definition.censor_window
    if window is not None:
        said.append((0, f"Count only time {_between_dates(window.start, window.end)}."))
    return said


def _one_entry(definition: "CohortDefinition") -> bool:
    entry = definition.entry
    if isinstance(entry, EntryEvent):
        return entry.occurrence == "first"
    return isinstance(entry, Event | CustomEra) and entry.first


def entry_sentences(entry: "EntryEvent | Entry | Event | CustomEra") -> Sentences:
    """Say what lets a person in.

    Parameters
    ----------
    entry : EntryEvent, Entry, Event or CustomEra
        The entry.

    Returns
    -------
    list of tuple of int and str
        Depth and sentence.
    """
    if isinstance(entry, EntryEvent):
        return [(0, entry.describe())]
    entry = entry if isinstance(entry, Entry) else Entry((entry,))
    observed = "an observation period of the person"
    parts = [
        f"{'began' if which == 'before' else 'goes on'} at least {count_of_days(days)} {which} it"
        for which, days in (("before", entry.prior_days), ("after", entry.post_days))
        if days
    ]
    within = f"if that day lies in {observed}{' that ' + ' and '.join(parts) if parts else ''}"
    if len(entry.events) == 1:
        said = [(0, f"Enter on the first day of {event_words(entry.events[0])}, {within}.")]
        said += _having_sentences(entry.events[0])
    else:
        said = [(0, f"Enter on the first day of any of these, {within}:")]
        for event in entry.events:
            said.append((1, f"{event_words(event)}."))
            said += [(depth + 1, words) for depth, words in _having_sentences(event)]
    return said + _limit_sentences(entry.limit, "such event")


def _limit_sentences(limit: str, what: str) -> Sentences:
    return [] if limit == "every" else [(0, f"Keep the {limit} {what} of each person.")]


def rule_sentences(rule: Any) -> Sentences:
    """Say an inclusion rule.

    Parameters
    ----------
    rule : PriorObservation, Washout or InclusionRule
        The rule.

    Returns
    -------
    list of tuple of int and str
        Depth and sentence.
    """
    if not isinstance(rule, InclusionRule):
        return [(0, rule.describe())]
    return _group_sentences(f"{rule.name}: keep those for whom", rule.group)


def group_words(part: "Group | Criterion | Demographics") -> str:
    """Say a group of criteria, or one of them, in one line.

    Parameters
    ----------
    part : Group, Criterion or Demographics
        What to say.

    Returns
    -------
    str
        Its sentences, one after the other.
    """
    said = _group_sentences("those for whom", part) if isinstance(part, Group) else _criterion_sentences("", part)
    return " ".join(words for _, words in said)


def _group_sentences(lead: str, group: Group) -> Sentences:
    if not group.criteria:
        return [(0, f"{lead} nothing more is asked.")]
    if len(group.criteria) == 1 and group.match in _MATCHES and not isinstance(group.criteria[0], Group):
        return _criterion_sentences(f"{lead} ", group.criteria[0])
    match = _MATCHES.get(group.match) or f"{_COUNTS[group.match]} {group.count} of these hold"
    said: Sentences = [(0, f"{lead} {match}:")]
    for criterion in group.criteria:
        below = (
            _group_sentences("in turn,", criterion)
            if isinstance(criterion, Group)
            else _criterion_sentences("", criterion)
        )
        said += [(depth + 1, words) for depth, words in below]
    return said


def _criterion_sentences(lead: str, criterion: "Criterion | Demographics | Group") -> Sentences:
    if isinstance(criterion, Demographics):
        return [(0, f"{lead}the person: {_conditions(criterion.where) or 'anyone'}.")]
    assert isinstance(criterion, Criterion)  # noqa: S101 - groups are said by `_group_sentences`
    said = [(0, f"{lead}there {_counted(criterion)} {event_words(criterion.event)}{_when(criterion)}.")]
    return said + _having_sentences(criterion.event)


def _counted(criterion: Criterion) -> str:
    if criterion.count == 0 and criterion.occurs in ("exactly", "at_most"):
        return "is no"
    number = f"{_COUNTS[criterion.occurs]} {criterion.count}"
    if criterion.distinct is not None:
        return f"are {number} different values of {criterion.distinct} among each"
    return f"{'is' if criterion.count == 1 else 'are'} {number}"


def _when(criterion: Criterion) -> str:
    words = [_window_words(window) for window in (criterion.window, criterion.end_window) if window is not None]
    words = [word for word in words if word]
    if criterion.same_visit:
        words.append("in the same visit")
    if criterion.ignore_observation_period:
        words.append("inside observation or not")
    return f", {' and '.join(words)}" if words else ""


def _window_words(window: Window) -> str:
    if window.from_day is None and window.to_day is None:
        return ""
    edge = "starting" if window.event_edge == "start" else "ending"
    index = "the index date" if window.index_edge == "start" else "the end of the index event"
    if window.from_day == window.to_day == 0:
        return f"{edge} on {index}"
    first = _day(window.from_day, index, none="the start of observation")
    last = _day(window.to_day, index, none="the end of observation")
    return f"{edge} from {first} to {last}"


def _day(day: int | str | None, index: str, *, none: str) -> str:
    if not isinstance(day, int):
        return none if day is None else f"the {'end' if day == 'observation_end' else 'start'} of observation"
    if day == 0:
        return index
    return f"{count_of_days(abs(day))} {'before' if day < 0 else 'after'} {index}"


def event_words(event: Event | CustomEra) -> str:
    """Say which records are meant.

    Parameters
    ----------
    event : Event or CustomEra
        The event.

    Returns
    -------
    str
        Such as ``the first drug era of celecoxib (concept 1118084 and its descendants)``.
    """
    which = "the first " if event.first else ""
    if isinstance(event, CustomEra):
        inside = "; ".join(event_words(each) for each in event.events)
        words = f"{which}era made of [{inside}] with gaps of up to {count_of_days(event.gap_days)}"
    else:
        words = f"{which}{in_words(event.domain)}"
        if event.concept_set is not None:
            words += f" of {event.concept_set.describe()}"
        if event.source_concept_set is not None:
            words += f" with a source concept in {event.source_concept_set.describe()}"
    if event.where:
        words += f" with {_conditions(event.where)}"
    return words + (_shifted(event.dates) if event.dates is not None else "")


def _having_sentences(event: Event | CustomEra) -> Sentences:
    if event.having is None:
        return []
    said = _group_sentences("It counts only if, with its own first day as index date,", event.having)
    return [(depth + 1, words) for depth, words in said]


def _shifted(dates: ShiftedDates) -> str:
    edges = [
        f"{name} moved to {count_of_days(abs(days))} {'before' if days < 0 else 'after'} its {source}"
        for name, days, source in (
            ("start", dates.start_days, dates.start_from),
            ("end", dates.end_days, dates.end_from),
        )
        if days or name != source
    ]
    return f" ({', '.join(edges)})" if edges else ""


def _conditions(where: tuple[Where, ...]) -> str:
    return " and ".join(condition_words(condition) for condition in where)


def condition_words(condition: Where) -> str:
    """Say one condition.

    Parameters
    ----------
    condition : Where
        The condition.

    Returns
    -------
    str
        Such as ``age >= 40``.
    """
    field = in_words(condition.field)
    if condition.field == "user_defined_period":
        return f"{field} {_between_dates(*condition.value)}"
    if condition.value is None or condition.value is True:
        return f"{field} {condition.operator}" if condition.value is None else f"an {field} value"
    return f"{field} {condition.operator} {_value(condition)}"


def _value(condition: Where) -> str:
    value = condition.value
    if isinstance(value, ConceptSet):
        return value.describe()
    if not isinstance(value, tuple):
        return f"'{value}'" if isinstance(value, str) else str(value)
    if isinstance(value[0], Concept):
        named = [one.concept_name or f"concept {one.concept_id}" for one in value[:LISTED]]
        more = f" and {len(value) - LISTED} more" if len(value) > LISTED else ""
        return f"{', '.join(named)}{more}"
    return f"{value[0]} and {value[1]}"


def _between_dates(start: date | None, end: date | None) -> str:
    words = [f"{word} {day.isoformat()}" for word, day in (("from", start), ("to", end)) if day is not None]
    return " ".join(words)
