"""What is known of each person at the index date: age, sex, year, and what they had before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis_lib.catalog.bucket_groups import count_rows, persons_by_group
from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.cohort.build import Cohort, joined
from analysis_lib.cohort.follow_up import KEYS, FollowUp
from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.domains import DOMAINS, Domain
from analysis_lib.cohort.language.fields import check_choice
from analysis_lib.cohort.language.resolution import resolve_all
from analysis_lib.cohort.records import events_sql
from analysis_lib.compute import items_at_once, map_buckets
from analysis_lib.errors import InvalidDefinitionError
from analysis_lib.variables import units_of

if TYPE_CHECKING:
    import pandas as pd

    from analysis_lib.compute import Cluster

DEMOGRAPHICS = ("age_years", "sex", "index_year")
FEMALE, MALE = 8532, 8507  # gender_concept_id of the OMOP vocabulary


@dataclass(frozen=True, eq=False)
class BaselineTask:
    """All that one bucket's part of the baseline needs.

    Parameters
    ----------
    members : DataFrame
        The bucket's ``subject_id`` and ``cohort_start_date``.
    prior_sql : mapping of str to str
        Query for the records that count, by column.
    files : BucketFiles
        Where the bucket's rows are.
    """

    members: "pd.DataFrame"
    prior_sql: Mapping[str, str]
    files: BucketFiles


def baseline_covariates(
    population: Cohort | FollowUp,
    *,
    prior: Iterable[ConceptSet] = (),
    domain: Domain = "condition_occurrence",
    on: "Cluster | None" = None,
) -> "pd.DataFrame":
    """Describe the people at their index dates, for the first table of a study.

    Age is OHDSI's: the calendar year of the index date minus the year of birth, so up to a year more than the birthdays
    had. A prior condition has a record that starts before the index date, at any time in life; the index date itself
    is left out, because what is recorded then may be why the person entered.

    Parameters
    ----------
    population : Cohort or FollowUp
        Whom to describe.
    prior : iterable of ConceptSet
        What to look for before the index date; each becomes a column with the set's name.
    domain : str, default "condition_occurrence"
        The table to look for them in.
    on : Cluster, optional
        What `analysis_lib.compute.cluster` gave; when left out the cluster that is open, and threads if there is none.

    Returns
    -------
    DataFrame
        One row per row of ``population.frame`` and in its order: its columns, then ``age_years`` (float64, years,
        missing without a year of birth), ``sex`` (``female``, ``male`` or ``unknown``, never missing), ``index_year``
        (int64) and a bool per concept set, never missing.

    Raises
    ------
    InvalidDefinitionError
        If two concept sets have one name, or a name that another column has.
    UnknownConceptError
        If a concept is not in the release's vocabulary.
    """
    check_choice("domain of prior records", domain, known=DOMAINS)
    wanted = list(prior)
    _check_names([concept_set.name for concept_set in wanted], taken={*population.frame.columns, *DEMOGRAPHICS})
    dataset = population.dataset
    concept_ids = resolve_all(wanted, dataset)
    meant = {concept for ids in concept_ids.values() for concept in ids}
    parts = persons_by_group(
        population.frame["subject_id"].to_numpy(),
        dataset,
        rows=count_rows(dataset, domain, concept_ids=meant),
        at_once=items_at_once(on=on),
    )
    tasks = [
        BaselineTask(
            members=population.frame.iloc[rows][KEYS],
            prior_sql={concept_set.name: events_sql(domain, concept_ids[concept_set]) for concept_set in wanted},
            files=BucketFiles.of(dataset, tables=("person", domain) if wanted else ("person",), buckets=buckets),
        )
        for buckets, rows in parts
    ]
    found = joined(map_buckets(describe_members, tasks, on=on))
    table = population.frame.merge(found, on=KEYS, how="left", validate="many_to_one")
    table.attrs["units"] = units_of(table.columns) | {concept_set.name: "1" for concept_set in wanted}
    return table


def describe_members(task: BaselineTask) -> "pd.DataFrame":
    """Describe the persons of one bucket.

    Parameters
    ----------
    task : BaselineTask
        Whom, and by what.

    Returns
    -------
    DataFrame
        The bucket's keys with the columns that `baseline_covariates` adds.
    """
    with open_bucket(task.files) as connection:
        connection.register("members", task.members)
        connection.execute(
            "CREATE TEMP TABLE entries AS "
            "SELECT DISTINCT subject_id, cohort_start_date::DATE AS index_date FROM members"
        )
        frame = connection.execute(_DEMOGRAPHICS_SQL).df()
        for name, sql in task.prior_sql.items():
            frame[name] = connection.execute(_PRIOR_SQL.format(records=sql)).df()["had"].to_numpy(dtype=bool)
    return frame


# One row per member in both, in one order, so that their columns can stand side by side.
_DEMOGRAPHICS_SQL = f"""
    SELECT subject_id, index_date AS cohort_start_date,
        (year(index_date) - max(p.year_of_birth))::DOUBLE AS age_years,
        CASE max(p.gender_concept_id) WHEN {FEMALE} THEN 'female' WHEN {MALE} THEN 'male' ELSE 'unknown' END
            AS sex,
        year(index_date)::BIGINT AS index_year
    FROM entries LEFT JOIN person AS p ON p.person_id = subject_id
    GROUP BY subject_id, index_date ORDER BY subject_id, index_date
"""  # noqa: S608 - two numbers of ours

_PRIOR_SQL = """
    SELECT coalesce(bool_or(r.index_date < e.index_date), false) AS had
    FROM entries AS e LEFT JOIN ({records}) AS r ON r.person_id = e.subject_id
    GROUP BY e.subject_id, e.index_date ORDER BY e.subject_id, e.index_date
"""


def _check_names(names: list[str], *, taken: set[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1} | (set(names) & taken))
    if repeated:
        raise InvalidDefinitionError(
            f"every column of the baseline needs a name of its own; used twice: {', '.join(repeated)}. "
            "Rename the concept sets."
        )
