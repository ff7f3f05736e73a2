"""Groups of criteria, by circepy, with what it leaves to mend."""

# ruff: noqa: S608 - made of our words, of circepy's, and of whole numbers; texts go in quoted

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from circe.cohortdefinition.cohort_expression_query_builder import CohortExpressionQueryBuilder
from circe.cohortdefinition.criteria import CriteriaGroup, CustomEra

from analysis_lib.cohort.circe.criteria import CriteriaWriter
from analysis_lib.cohort.circe.domain import Filter
from analysis_lib.cohort.circe.domains import DEMOGRAPHICS
from analysis_lib.cohort.circe.eras import eras_sql
from analysis_lib.cohort.circe.literals import date_literal, whole
from analysis_lib.errors import CirceError

if TYPE_CHECKING:
    from circe.cohortdefinition.core import CustomEraStrategy, Period

__all__ = ["GroupWriter"]

_GROUP_TYPES = ("ALL", "ANY", "AT_LEAST", "AT_MOST")
_CUSTOM_ERA = (
    Filter("start_date", "date", "C.start_date"),
    Filter("end_date", "date", "C.end_date"),
    Filter("age_at_start", "whole", "year(C.start_date) - P.year_of_birth"),
    Filter("gender_cs", "selection", "P.gender_concept_id"),
    Filter("duration", "whole", "(C.end_date - C.start_date)"),
)


class GroupWriter(CohortExpressionQueryBuilder):
    """circepy's builder, with our criteria in it.

    Parameters
    ----------
    criteria : CriteriaWriter
        Writes the single criteria.
    """

    def __init__(self, criteria: CriteriaWriter) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.criteria = criteria

    def criteria_sql(self, criteria: Any) -> str:
        """Write one criterion with the groups nested in it.

        Parameters
        ----------
        criteria : Any
            From circepy's reader.

        Returns
        -------
        str
            A query in DuckDB's dialect.
        """
        return _in_duckdb(self.get_criteria_sql(criteria))

    def group_sql(self, group: CriteriaGroup, event_table: str) -> str:
        """Write a group of criteria about the events of a table.

        Parameters
        ----------
        group : CriteriaGroup
            From circepy's reader.
        event_table : str
            A temporary table.

        Returns
        -------
        str
            Query for ``person_id`` and ``event_id`` of the events that satisfy it.
        """
        written = self.get_criteria_group_query(group, f"#{event_table}")
        return _in_duckdb(written.replace("@indexId", "0"))

    def censoring_sql(self, criteria: Sequence[Any]) -> list[str]:
        """Write the queries for the days on which events end the time in the cohort.

        Parameters
        ----------
        criteria : sequence
            From circepy's reader.

        Returns
        -------
        list of str
            One query each.
        """
        return [_in_duckdb(self.get_censoring_events_query([one])) for one in criteria]

    def final_sql(self, window: "Period | None") -> str:
        """Write the query for the cohort's rows, inside the window of the calendar if there is one.

        Parameters
        ----------
        window : Period, optional
            First and last day.

        Returns
        -------
        str
            Columns ``subject_id, cohort_start_date, cohort_end_date``.
        """
        first = date_literal(window.start_date) if window and window.start_date else ""
        last = date_literal(window.end_date) if window and window.end_date else ""
        start = f"greatest(start_date, {first})" if first else "start_date"
        end = f"least(end_date, {last})" if last else "end_date"
        where = f" WHERE {start} <= {end}" if first or last else ""
        return (
            f"SELECT person_id AS subject_id, {start} AS cohort_start_date, {end} AS cohort_end_date "
            f"FROM collapsed{where}"
        )

    def drug_eras_sql(self, strategy: "CustomEraStrategy") -> str:
        """Write the query for the times of continuous exposure that an exit asks for.

        Parameters
        ----------
        strategy : CustomEraStrategy
            From circepy's reader.

        Returns
        -------
        str
            Columns ``person_id, start_date, end_date``.
        """
        if strategy.drug_codeset_id is None:
            raise CirceError("the exit by continuous exposure names no concept set. Give DrugCodesetId.")
        drugs = self.criteria.members(strategy.drug_codeset_id)
        start = "drug_exposure_start_date"
        end = f"coalesce(drug_exposure_end_date, {start} + days_supply::INTEGER, {start} + 1)"
        if strategy.days_supply_override is not None:
            end = f"{start} + {whole(strategy.days_supply_override)}"
        columns = ("person_id", start, "drug_exposure_end_date", "days_supply")
        rows = []
        for column in ("drug_concept_id", "drug_source_concept_id"):
            number = self.criteria.codesets[strategy.drug_codeset_id]
            self.criteria.reads.add("drug_exposure", columns=columns, column=column, codeset=number)
            rows.append(
                f"SELECT person_id, {start} AS start_date, {end} + {whole(strategy.offset)} AS end_date "
                f"FROM cdm.drug_exposure WHERE {column} IN {drugs} "
                "AND person_id IN (SELECT person_id FROM included_events)"
            )
        return eras_sql(" UNION ALL ".join(rows), gap=strategy.gap_days)

    def get_criteria_sql(self, criteria: Any, options: Any = None) -> str:
        """Write one criterion; circepy calls this for each one that it meets.

        Parameters
        ----------
        criteria : Any
            From circepy's reader.
        options : Any, optional
            Columns that a distinct count needs.

        Returns
        -------
        str
            The query.
        """
        counted = [column.value for column in options.additional_columns] if options else []
        if isinstance(criteria, CustomEra):
            sql = self._custom_era_sql(criteria, counted)
        else:
            sql = self.criteria.sql(criteria, counted=counted)
        group = criteria.correlated_criteria
        return sql if group is None or group.is_empty() else self.wrap_criteria_query(sql, group)

    def wrap_criteria_query(self, query: str, group: CriteriaGroup) -> str:
        """Keep of a criterion's records those that satisfy the group nested in it.

        Parameters
        ----------
        query : str
            The criterion.
        group : CriteriaGroup
            What is asked of each record, with the record as index event.

        Returns
        -------
        str
            Query with the columns of `query`.
        """
        events = (
            "(SELECT Q.*, OP.observation_period_start_date AS op_start_date, "
            f"OP.observation_period_end_date AS op_end_date FROM ({query}) AS Q "
            "JOIN cdm.observation_period AS OP ON Q.person_id = OP.person_id "
            "AND Q.start_date BETWEEN OP.observation_period_start_date AND OP.observation_period_end_date)"
        )
        nested = self.get_criteria_group_query(group, events).replace("@indexId", "0")
        return (
            f"SELECT PE.* FROM ({query}) AS PE JOIN ({nested}) AS AC "
            "ON AC.person_id = PE.person_id AND AC.event_id = PE.event_id"
        )

    def get_criteria_group_query(self, group: CriteriaGroup, event_table: str) -> str:
        """Check a group's words before circepy writes it.

        Parameters
        ----------
        group : CriteriaGroup
            From circepy's reader.
        event_table : str
            A temporary table or a query in brackets.

        Returns
        -------
        str
            The query.
        """
        kind = str(group.type or "").upper()
        if not group.is_empty() and (kind not in _GROUP_TYPES or (kind.startswith("AT_") and group.count is None)):
            raise CirceError(
                f"a group must be one of {', '.join(_GROUP_TYPES)}, the last two with a count; found "
                f"'{group.type}' with count {group.count}. Mend the definition."
            )
        return str(super().get_criteria_group_query(group, event_table))

    def get_demographic_criteria_query(self, criteria: Any, event_table: str) -> str:
        """Write what is asked of the person at an event.

        Parameters
        ----------
        criteria : Any
            From circepy's reader.
        event_table : str
            A temporary table or a query in brackets.

        Returns
        -------
        str
            The query.
        """
        conditions = list(self.criteria.conditions(criteria, DEMOGRAPHICS))
        columns = ("person_id", "year_of_birth", "gender_concept_id", "race_concept_id", "ethnicity_concept_id")
        self.criteria.reads.add("person", columns=columns)
        return (
            f"SELECT @indexId AS index_id, E.person_id, E.event_id FROM {event_table} AS E "
            "JOIN cdm.person AS P ON P.person_id = E.person_id"
            f"{' WHERE ' + ' AND '.join(conditions) if conditions else ''} GROUP BY E.person_id, E.event_id"
        )

    def get_corelated_criteria_query(self, corelated_criteria: Any, event_table: str) -> str:
        """Check a windowed criterion before circepy writes it.

        Parameters
        ----------
        corelated_criteria : Any
            From circepy's reader.
        event_table : str
            A temporary table or a query in brackets.

        Returns
        -------
        str
            The query.
        """
        for window in (corelated_criteria.start_window, corelated_criteria.end_window):
            if window is not None and (window.start is None or window.end is None):
                raise CirceError("a window needs Start and End; one of them is missing. Mend the definition.")
            for edge in (window.start, window.end) if window is not None else ():
                if edge.days is not None:
                    whole(edge.days)
        return str(super().get_corelated_criteria_query(corelated_criteria, event_table))

    def _custom_era_sql(self, criteria: CustomEra, counted: Sequence[str]) -> str:
        if not criteria.criteria_list:
            raise CirceError("a custom era names no criterion; found 0 in CriteriaList. Add one.")
        rows = " UNION ALL ".join(
            f"SELECT person_id, start_date, end_date FROM ({self.get_criteria_sql(one)})"
            for one in criteria.criteria_list
        )
        eras = eras_sql(rows, gap=criteria.gap_days or 0)
        return self.criteria.custom_era_sql(criteria, eras, filters=_CUSTOM_ERA, counted=counted)


def _in_duckdb(sql: str) -> str:
    """Change circepy's SQL Server text into DuckDB's: temporary tables have no hash there, and the schema is ours.

    ``DATEADD`` is a macro in the bucket.
    """
    return sql.replace("@cdm_database_schema.", "cdm.").replace("#", "")
