"""A cohort definition as DuckDB SQL, step by step, to be run inside one bucket.

circepy writes the groups, windows, occurrence counts, censoring events and the final period; `criteria` writes the
single criteria. The steps around them are the official ones of OHDSI/circe-be, taken apart so that what is left can be
counted after each, and with one order for events that the official SQL leaves unordered: of the events of one person
that start on one day, the one with the lowest record id comes first, then the one that starts and ends first. For
"last" the day is the last one, and of the events on it again the one with the lowest record id is taken. Where an event
lies in several observation periods, which the model forbids, it counts once in each; the one that began first comes
first, then the one that ends last.
"""

# ruff: noqa: S608 - made of our words, of circepy's, and of whole numbers; texts go in quoted

import functools
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis_lib.cohort.circe.criteria import CriteriaWriter
from analysis_lib.cohort.circe.domains import DOMAINS
from analysis_lib.cohort.circe.eras import eras_sql
from analysis_lib.cohort.circe.literals import whole
from analysis_lib.cohort.circe.reads import Reads
from analysis_lib.cohort.circe.words import Words
from analysis_lib.errors import CirceError

if TYPE_CHECKING:
    from circe.cohortdefinition.cohort import CohortExpression

    from analysis_lib.cohort.circe.groups import GroupWriter

__all__ = ["CohortSql", "Step", "read_expression", "write_cohort"]


@dataclass(frozen=True)
class Step:
    """One statement, and the line of the attrition table that its result gives.

    Parameters
    ----------
    table : str
        The temporary table that the statement fills.
    sql : str
        The query.
    rule : str, default ""
        What the attrition table calls it; "" for a step that is not counted.
    """

    table: str
    sql: str
    rule: str = ""


@dataclass(frozen=True)
class CohortSql:
    """All statements of one cohort, in order.

    Parameters
    ----------
    entry : tuple of Step
        From the records of the entry events to the qualified events.
    rules : tuple of Step
        One per inclusion rule: the events that satisfy it.
    exit : tuple of Step
        From the events that satisfy all rules to the cohort's periods.
    reads : Reads
        What is read of which table.
    used : frozenset of int
        The definition's concept sets that it uses.
    notes : tuple of str
        What a reader of the result should know.
    """

    entry: tuple[Step, ...]
    rules: tuple[Step, ...]
    exit: tuple[Step, ...]
    reads: Reads
    used: frozenset[int]
    notes: tuple[str, ...]


def read_expression(document: Mapping[str, Any]) -> "CohortExpression":
    """Read a Circe document with circepy.

    Parameters
    ----------
    document : mapping of str to Any
        The JSON of ATLAS.

    Returns
    -------
    CohortExpression
        circepy's model.

    Raises
    ------
    CirceError
        If it is none.
    """
    return _read(json.dumps(document, sort_keys=True))


@functools.lru_cache(maxsize=512)
def _read(text: str) -> "CohortExpression":
    from circe.api import cohort_expression_from_json

    document = json.loads(text)
    _check_domains(document)
    _spell_out_end_windows(document)
    try:
        expression = cohort_expression_from_json(json.dumps(document))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise CirceError(f"the Circe document cannot be read; {first_line}. Export it from ATLAS again.") from None
    if expression.primary_criteria is None or not expression.primary_criteria.criteria_list:
        raise CirceError("the Circe document has no entry event; found 0 in PrimaryCriteria. Add one.")
    _check_kinds(_kinds_written(document), _kinds_read(expression))
    return expression


def _check_kinds(written: Counter[str], read: Counter[str]) -> None:
    """Refuse a criterion that fails circepy's model of its kind: circepy takes it for conditions of any concept."""
    if written != read:
        kind = min((written - read) or (read - written))
        raise CirceError(
            f"a criterion {kind} cannot be read; found {written[kind]} written and {read[kind]} understood. "
            "Give it every attribute that Circe asks for, as ATLAS exports it."
        )


def _kinds_written(part: Any) -> Counter[str]:
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    found = Counter[str]()
    for key, value in inner:
        found.update([key] if isinstance(key, str) and key in DOMAINS else [])
        found += _kinds_written(value)
    return found


def _kinds_read(part: Any) -> Counter[str]:
    fields = getattr(type(part), "model_fields", None)
    found = Counter({type(part).__name__: 1}) if type(part).__name__ in DOMAINS else Counter[str]()
    inner = part if isinstance(part, list) else [getattr(part, name) for name in fields or ()]
    for value in inner:
        found += _kinds_read(value)
    return found


def _check_domains(part: Any, *, path: str = "") -> None:
    """Refuse a domain that nobody knows: circepy takes it for conditions of any kind."""
    known = {*DOMAINS, "CustomEra"}
    for key, value in part.items() if isinstance(part, dict) else ():
        here = f"{path}.{key}" if path else str(key)
        of_domains = key in ("Criteria", "CensoringCriteria") or (key == "CriteriaList" and _names_domains(path))
        for criterion in (value if isinstance(value, list) else [value]) if of_domains else ():
            unknown = sorted(set(criterion) - known) if isinstance(criterion, dict) else []
            if unknown:
                raise CirceError(
                    f"{here} names no domain of Circe; found '{unknown[0]}'. Known: {', '.join(sorted(known))}."
                )
        for number, inner in enumerate(value if isinstance(value, list) else [value]):
            _check_domains(inner, path=f"{here}[{number}]" if isinstance(value, list) else here)


def _spell_out_end_windows(part: Any) -> None:
    """Say that a window for ends is about the event's end where nothing is said: circepy reads its start there."""
    for key, value in part.items() if isinstance(part, dict) else ():
        if key in ("EndWindow", "endWindow") and isinstance(value, dict) and "useEventEnd" not in value:
            value.setdefault("UseEventEnd", True)
        _spell_out_end_windows(value)
    for inner in part if isinstance(part, list) else ():
        _spell_out_end_windows(inner)


def _names_domains(path: str) -> bool:
    return path.endswith(("PrimaryCriteria", "CustomEra"))


def write_cohort(
    document: Mapping[str, Any], codesets: Mapping[int, int], *, computed: Collection[int] = ()
) -> CohortSql:
    """Write the SQL of a Circe document.

    Parameters
    ----------
    document : mapping of str to Any
        The JSON of ATLAS.
    codesets : mapping of int to int
        Number of each of its concept sets in the bucket's table ``codesets``.
    computed : collection of int, default ()
        Which of its sets stand for computed measurements.

    Returns
    -------
    CohortSql
        To be run on tables of schema ``cdm``.

    Raises
    ------
    CirceError
        If the document says something that its SQL cannot mean.
    """
    from analysis_lib.cohort.circe.groups import GroupWriter

    expression = read_expression(document)
    reads = Reads()
    criteria = CriteriaWriter(codesets, reads, computed=computed)
    reads.add("observation_period", columns=_OBSERVED)
    writer = _StepWriter(expression, GroupWriter(criteria), Words(document))
    entry, rules, leave = (
        tuple(Step(step.table, criteria.with_texts(step.sql), step.rule) for step in part)
        for part in (writer.entry_steps(), writer.rule_steps(), writer.exit_steps())
    )
    return CohortSql(entry, rules, leave, reads, frozenset(criteria.used), tuple(criteria.notes))


_OBSERVED = ("person_id", "observation_period_start_date", "observation_period_end_date")


def _limit(limit: Any, *, of: str) -> str:
    """Give "all", "first" or "last"; any other word limits like "first", as in the official SQL."""
    kind = str(limit.type).lower() if limit is not None and limit.type else of
    return kind if kind in ("all", "last") else "first"


@dataclass(frozen=True)
class _StepWriter:
    expression: "CohortExpression"
    groups: "GroupWriter"
    words: Words

    def entry_steps(self) -> list[Step]:
        primary = self.expression.primary_criteria
        assert primary is not None  # noqa: S101 - for the type checker; read_expression has refused it
        window = primary.observation_window
        before, after = (whole(window.prior_days), whole(window.post_days)) if window else (0, 0)
        limit = _limit(primary.primary_limit, of="first")
        order = "DESC" if limit == "last" else "ASC"
        kept = "" if limit == "all" else "WHERE event_id = 1"
        entry = " UNION ALL ".join(map(self.groups.criteria_sql, primary.criteria_list))
        limited = "" if limit == "all" else self.words.limited(limit, "entry event")
        return [
            Step("entry_events", entry, self.words.entry()),
            Step(
                "observed_events", _OBSERVED_SQL.format(before=before, after=after), self.words.observed(before, after)
            ),
            Step("primary_events", _PRIMARY_SQL.format(direction=order, limit=kept), limited),
            *self._qualifying_steps(),
        ]

    def _qualifying_steps(self) -> list[Step]:
        group = self.expression.additional_criteria
        if group is None:  # a limit on qualifying events counts only where there is something to qualify by
            return [Step("qualified_events", "SELECT * FROM primary_events")]
        joined = f"JOIN ({self.groups.group_sql(group, 'primary_events')}) AS AC USING (person_id, event_id)"
        return [
            Step("qualifying_events", f"SELECT pe.* FROM primary_events AS pe {joined}", self.words.qualifying()),
            self._limited_step("qualified_events", limit=self.expression.qualified_limit, of="qualifying event"),
        ]

    def _limited_step(self, table: str, *, limit: Any, of: str) -> Step:
        source = {"qualified_events": "qualifying_events", "included_events": "satisfying_events"}[table]
        kind = _limit(limit, of="first")
        if kind == "all":
            return Step(table, f"SELECT * FROM {source}")
        order = f"start_date {'DESC' if kind == 'last' else 'ASC'}, event_id"
        ranked = f"row_number() OVER (PARTITION BY person_id ORDER BY {order})"
        return Step(table, f"SELECT * FROM {source} QUALIFY {ranked} = 1", self.words.limited(kind, of))

    def rule_steps(self) -> list[Step]:
        steps = []
        for number, rule in enumerate(self.expression.inclusion_rules or []):
            if rule.expression is None:
                raise CirceError(
                    f"inclusion rule {number + 1} says nothing. Take it out of the definition, or fill it."
                )
            sql = self.groups.group_sql(rule.expression, "qualified_events")
            satisfied = f"SELECT {number}, person_id, event_id FROM ({sql})"
            steps.append(Step("inclusion_events", satisfied, self.words.rule(number)))
        return steps

    def exit_steps(self) -> list[Step]:
        ends, before = self._strategy()
        ends += self.groups.censoring_sql(self.expression.censoring_criteria or [])
        settings = self.expression.collapse_settings
        collapsed = eras_sql(
            "SELECT person_id, start_date, end_date FROM cohort_rows", gap=settings.era_pad if settings else 0
        )
        return [
            self._limited_step("included_events", limit=self.expression.expression_limit, of="remaining event"),
            *before,
            Step("cohort_rows", _ROWS_SQL.format(ends=" UNION ALL ".join(ends))),
            Step("collapsed", collapsed),
            Step("final_cohort", self.groups.final_sql(self.expression.censor_window), self.words.leave()),
        ]

    def _strategy(self) -> tuple[list[str], list[Step]]:
        """Write the ends that the exit gives, and the steps that they need before them."""
        from circe.cohortdefinition.core import CustomEraStrategy, DateOffsetStrategy

        strategy = self.expression.end_strategy
        if isinstance(strategy, DateOffsetStrategy):
            date = "end_date" if strategy.date_field == "EndDate" else "start_date"
            return [_OFFSET_SQL.format(end=f"{date} + {whole(strategy.offset)}")], []
        if isinstance(strategy, CustomEraStrategy):
            return [_OBSERVED_END_SQL, _IN_ERA_SQL], [Step("drug_eras", self.groups.drug_eras_sql(strategy))]
        if strategy is not None:
            raise CirceError("the end strategy is neither DateOffset nor CustomEra. Mend the definition.")
        return [_OBSERVED_END_SQL], []


# A missing day of an event, or none inside observation, leaves the event out.
_OBSERVED_SQL = """
    SELECT E.*, OP.observation_period_start_date AS op_start_date, OP.observation_period_end_date AS op_end_date
    FROM entry_events AS E
    JOIN cdm.observation_period AS OP
      ON E.person_id = OP.person_id
     AND E.start_date BETWEEN OP.observation_period_start_date AND OP.observation_period_end_date
    WHERE OP.observation_period_start_date + {before} <= E.start_date
      AND E.start_date + {after} <= OP.observation_period_end_date
"""

# Everything that tells two events apart is in the order, so that equal input gives equal numbers.
_PRIMARY_SQL = """
    SELECT * FROM (
        SELECT row_number() OVER (
                PARTITION BY person_id
                ORDER BY sort_date {direction}, event_id, start_date, end_date, visit_occurrence_id,
                    op_start_date, op_end_date DESC
            ) AS event_id,
            person_id, start_date, end_date, op_start_date, op_end_date, visit_occurrence_id
        FROM observed_events
    )
    {limit}
"""

_ROWS_SQL = """
    SELECT person_id, start_date, end_date
    FROM (
        SELECT I.person_id, I.start_date, CE.end_date,
            row_number() OVER (PARTITION BY I.person_id, I.event_id ORDER BY CE.end_date) AS ordinal
        FROM included_events AS I
        JOIN ({ends}) AS CE ON I.event_id = CE.event_id AND I.person_id = CE.person_id AND CE.end_date >= I.start_date
    )
    WHERE ordinal = 1
"""

_OBSERVED_END_SQL = "SELECT event_id, person_id, op_end_date AS end_date FROM included_events"

# An event without an end stays without one here, and so leaves the cohort out, as in the official SQL.
_OFFSET_SQL = """
    SELECT event_id, person_id, CASE WHEN {end} > op_end_date THEN op_end_date ELSE {end} END AS end_date
    FROM included_events
"""

_IN_ERA_SQL = """
    SELECT I.event_id, I.person_id, R.end_date
    FROM included_events AS I
    JOIN drug_eras AS R ON R.person_id = I.person_id AND I.start_date BETWEEN R.start_date AND R.end_date
"""
