"""Follow-up: for each person in a cohort the days at risk, and whether the outcome came in them."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis_lib.catalog.bucket_groups import count_rows, persons_by_group
from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.cohort.build import Cohort, attrition_html, attrition_table, joined, warn_of_nobody
from analysis_lib.cohort.circe.statistics import StepCount
from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.domains import DOMAINS, Domain, in_words
from analysis_lib.cohort.language.fields import check_choice
from analysis_lib.cohort.language.resolution import resolve_all
from analysis_lib.cohort.records import OBSERVED_SQL, events_sql
from analysis_lib.cohort.time_at_risk import TimeAtRisk
from analysis_lib.compute import items_at_once, map_buckets
from analysis_lib.errors import EmptyResultWarning, InvalidDefinitionError
from analysis_lib.variables import units_of

if TYPE_CHECKING:
    import pandas as pd

    from analysis_lib.catalog import Dataset
    from analysis_lib.compute import Cluster

KEYS = ["subject_id", "cohort_start_date"]


@dataclass(frozen=True, eq=False, repr=False)
class FollowUp:
    """Persons at risk, and their outcomes.

    Parameters
    ----------
    cohorts : tuple of Cohort
        Where the persons come from; the target first, then the comparator if there is one.
    outcome : ConceptSet
        What was looked for.
    time_at_risk : TimeAtRisk
        Which days counted.
    frame : DataFrame
        One row per ``subject_id`` (int64) and ``cohort_start_date`` (datetime64): ``time_at_risk_days`` (int64, days,
        at least 1: first and last day both count) and ``event`` (int64, 1 or 0); in a study of two cohorts also
        ``arm`` (the cohort's name) and ``treatment`` (int64, 1 in the target). Nothing missing.
    attrition : DataFrame
        One row per arm and step, from the first step of the cohort to the last one before the analysis: ``arm``,
        ``rule``, ``persons``, ``records``, ``persons_removed``.
    """

    cohorts: tuple[Cohort, ...]
    outcome: ConceptSet
    time_at_risk: TimeAtRisk
    frame: "pd.DataFrame"
    attrition: "pd.DataFrame"

    @property
    def dataset(self) -> "Dataset":
        """The data release that the persons come from."""
        return self.cohorts[0].dataset

    @property
    def n_persons(self) -> int:
        """Distinct persons at risk."""
        return int(self.frame["subject_id"].nunique())

    @property
    def n_events(self) -> int:
        """Outcomes during the time at risk."""
        return int(self.frame["event"].sum())

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        names = " and ".join(cohort.name for cohort in self.cohorts)
        return (
            f"FollowUp of {names} for {self.outcome.name}: {self.n_persons:,} persons, {self.n_events:,} events, "
            f"{self.frame['time_at_risk_days'].sum() / 365.25:,.0f} person-years"
        )

    def _repr_html_(self) -> str:
        names = " and ".join(cohort.name for cohort in self.cohorts)
        notes = [f"{self.n_persons:,} persons, {self.n_events:,} events.", self.time_at_risk.describe()]
        return attrition_html(f"{names}, followed for {self.outcome.name}", self.attrition, notes=notes)


@dataclass(frozen=True, eq=False)
class FollowUpTask:
    """All that one bucket's part of a follow-up needs.

    Parameters
    ----------
    members : DataFrame
        The bucket's rows of the cohort: ``subject_id``, ``cohort_start_date``, ``cohort_end_date``.
    outcome_sql : str
        Query for the outcome's records, by `events_sql`.
    outcome_name : str
        What people call the outcome.
    time_at_risk : TimeAtRisk
        Which days count.
    prior_outcome : {"exclude", "allow"}
        What to do with persons who had the outcome before.
    files : BucketFiles
        Where the bucket's rows are.
    """

    members: "pd.DataFrame"
    outcome_sql: str
    outcome_name: str
    time_at_risk: TimeAtRisk
    prior_outcome: str
    files: BucketFiles


def follow_up(
    cohort: Cohort,
    *,
    outcome: ConceptSet,
    domain: Domain = "condition_occurrence",
    time_at_risk: TimeAtRisk | None = None,
    prior_outcome: Literal["exclude", "allow"] = "exclude",
    on: "Cluster | None" = None,
) -> FollowUp:
    """Follow the people of a cohort until the outcome or the end of their time at risk.

    The event is the first record of the outcome that starts on a day at risk. A person may enter several times, but no
    day of one person may be at risk in two rows, since an event on it would count twice.

    Parameters
    ----------
    cohort : Cohort
        Whom to follow.
    outcome : ConceptSet
        What to look for.
    domain : str, default "condition_occurrence"
        The table to look in.
    time_at_risk : TimeAtRisk, optional
        Which days count; from the index date to the end of that observation period, when left out.
    prior_outcome : {"exclude", "allow"}, default "exclude"
        Whether to leave out who has a record of the outcome that starts before the first day at risk, at any time in
        life, under observation or not.
    on : Cluster, optional
        What `analysis_lib.compute.cluster` gave; when left out the cluster that is open, and threads if there is none.

    Returns
    -------
    FollowUp
        One row per person and index date.

    Raises
    ------
    InvalidDefinitionError
        If times at risk of one person overlap; the message says how many persons have such.
    UnknownConceptError
        If the outcome names a concept that the release's vocabulary does not have.

    Warns
    -----
    EmptyResultWarning
        If nobody is left, or nobody had the outcome.
    """
    check_choice("domain of the outcome", domain, known=DOMAINS)
    check_choice("prior_outcome", prior_outcome, known=("exclude", "allow"))
    at_risk = time_at_risk or TimeAtRisk()
    frame, counts = _followed(
        cohort, cohort.frame, outcome=outcome, domain=domain, at_risk=at_risk, prior=prior_outcome, on=on
    )
    result = FollowUp((cohort,), outcome, at_risk, frame, _flow([cohort], [counts]))
    _warn_if_nothing(result)
    return result


def study_population(
    target: Cohort,
    comparator: Cohort,
    *,
    outcome: ConceptSet,
    domain: Domain = "condition_occurrence",
    time_at_risk: TimeAtRisk | None = None,
    prior_outcome: Literal["exclude", "allow"] = "exclude",
    on: "Cluster | None" = None,
) -> FollowUp:
    """Follow two cohorts side by side, ready to be compared.

    Persons who are in both cohorts are left out of both, as with ``removeDuplicateSubjects = "remove all"`` of OHDSI's
    CohortMethod; the rest is as in `follow_up`, and so is the refusal of times at risk that overlap within a person.

    Parameters
    ----------
    target : Cohort
        Gets ``treatment`` 1.
    comparator : Cohort
        Gets ``treatment`` 0.
    outcome : ConceptSet
        What to look for.
    domain : str, default "condition_occurrence"
        The table to look in.
    time_at_risk : TimeAtRisk, optional
        Which days count; from the index date to the end of that observation period, when left out.
    prior_outcome : {"exclude", "allow"}, default "exclude"
        As in `follow_up`.
    on : Cluster, optional
        What `analysis_lib.compute.cluster` gave; when left out the cluster that is open, and threads if there is none.

    Returns
    -------
    FollowUp
        One row per person and index date, with ``arm`` and ``treatment``.

    Raises
    ------
    InvalidDefinitionError
        If the cohorts have one name, or come from different releases, or times at risk of one person overlap.
    UnknownConceptError
        If the outcome names a concept that the release's vocabulary does not have.

    Warns
    -----
    EmptyResultWarning
        If nobody is left, or nobody had the outcome.
    """
    import pandas as pd

    check_choice("domain of the outcome", domain, known=DOMAINS)
    check_choice("prior_outcome", prior_outcome, known=("exclude", "allow"))
    _check_arms(target, comparator)
    at_risk = time_at_risk or TimeAtRisk()
    both = set(target.frame["subject_id"]) & set(comparator.frame["subject_id"])
    frames, counts = [], []
    for treatment, cohort in ((1, target), (0, comparator)):
        members = cohort.frame[~cohort.frame["subject_id"].isin(both)]
        frame, arm_counts = _followed(
            cohort, members, outcome=outcome, domain=domain, at_risk=at_risk, prior=prior_outcome, on=on
        )
        frames.append(frame.assign(arm=cohort.name, treatment=treatment))
        counts.append([StepCount("Not in both cohorts", *_size(members)), *arm_counts])
    frame = pd.concat(frames).sort_values(KEYS, ignore_index=True)
    frame = frame[[*KEYS, "arm", "treatment", "time_at_risk_days", "event"]]
    frame.attrs["units"] = units_of(frame.columns)
    result = FollowUp((target, comparator), outcome, at_risk, frame, _flow([target, comparator], counts))
    _warn_if_nothing(result)
    return result


def _followed(
    cohort: Cohort,
    members: "pd.DataFrame",
    *,
    outcome: ConceptSet,
    domain: str,
    at_risk: TimeAtRisk,
    prior: str,
    on: "Cluster | None",
) -> "tuple[pd.DataFrame, list[StepCount]]":
    concept_ids = resolve_all([outcome], cohort.dataset)[outcome]
    parts = persons_by_group(
        members["subject_id"].to_numpy(),
        cohort.dataset,
        rows=count_rows(cohort.dataset, domain, concept_ids=concept_ids),
        at_once=items_at_once(on=on),
    )
    tasks = [
        FollowUpTask(
            members=members.iloc[rows][[*KEYS, "cohort_end_date"]],
            outcome_sql=events_sql(domain, concept_ids),
            outcome_name=f"{in_words(domain)} of {outcome.name}",
            time_at_risk=at_risk,
            prior_outcome=prior,
            files=BucketFiles.of(cohort.dataset, tables=("observation_period", domain), buckets=buckets),
        )
        for buckets, rows in parts
    ]
    followed = map_buckets(follow, tasks, on=on)
    frame = joined([part for part, _ in followed])
    _check_overlaps(cohort, frame)
    frame.attrs["units"] = units_of(frame.columns)
    table = attrition_table([counts for _, counts in followed])
    return frame, [StepCount(*row) for row in table[["rule", "persons", "records"]].itertuples(index=False)]


def follow(task: FollowUpTask) -> "tuple[pd.DataFrame, list[StepCount]]":
    """Follow the persons of one bucket.

    Parameters
    ----------
    task : FollowUpTask
        Whom, and for what.

    Returns
    -------
    tuple of DataFrame and list of StepCount
        The bucket's rows of `FollowUp.frame` without the arm, and what was left after each step.
    """
    with open_bucket(task.files) as connection:
        connection.register("members", task.members)
        frame = connection.execute(_follow_sql(task)).df()
    free = frame if task.prior_outcome == "allow" else frame[~frame["had_outcome"]]
    at_risk = free[free["time_at_risk_days"] >= 1]
    counts = [] if task.prior_outcome == "allow" else [StepCount(f"No {task.outcome_name} before", *_size(free))]
    counts.append(StepCount("At risk for at least one day", *_size(at_risk)))
    return at_risk.drop(columns="had_outcome"), counts


def _follow_sql(task: FollowUpTask) -> str:
    at_risk = task.time_at_risk
    end = "observed_to" if at_risk.ends == "observation_end" else "least(observed_to, cohort_end_date)"
    first = f"index_date + {int(at_risk.starts_after_days)}"
    last = end if at_risk.at_most_days is None else f"least({end}, {first} + {int(at_risk.at_most_days) - 1})"
    return f"""
        WITH outcome AS ({task.outcome_sql}),
        entries AS (
            SELECT subject_id AS person_id, cohort_start_date::DATE AS index_date,
                cohort_end_date::DATE AS cohort_end_date, row_number() OVER () AS row_id
            FROM members
        ),
        risk AS (SELECT *, {first} AS first_day, {last} AS last_day FROM ({OBSERVED_SQL})),
        seen AS (
            SELECT r.person_id, r.index_date, r.first_day, r.last_day,
                coalesce(bool_or(e.index_date < r.first_day), false) AS had_outcome,
                min(e.index_date) FILTER (e.index_date BETWEEN r.first_day AND r.last_day) AS event_date
            FROM risk AS r LEFT JOIN outcome AS e ON e.person_id = r.person_id
            GROUP BY ALL
        )
        SELECT person_id AS subject_id, index_date AS cohort_start_date, had_outcome,
            (coalesce(event_date, last_day) - first_day + 1)::BIGINT AS time_at_risk_days,
            (event_date IS NOT NULL)::BIGINT AS event
        FROM seen ORDER BY person_id, index_date
    """  # noqa: S608 - made of whole numbers and columns of ours


def _check_overlaps(cohort: Cohort, frame: "pd.DataFrame") -> None:
    """Refuse a day that is at risk in two rows of one person: its event and its time would count twice."""
    # All rows begin equally long after their index dates, so where any two overlap, two that follow each other do.
    ordered = frame.sort_values(KEYS)
    days_to_next = ordered.groupby("subject_id")["cohort_start_date"].diff().shift(-1).dt.days
    follows = ordered["subject_id"].eq(ordered["subject_id"].shift(-1))
    overlapping = ordered.loc[follows & (days_to_next < ordered["time_at_risk_days"]), "subject_id"].nunique()
    if overlapping:
        raise InvalidDefinitionError(
            "times at risk of one person must not overlap, or events and days count twice; found "
            f"{overlapping} person{'s' if overlapping > 1 else ''} of cohort '{cohort.name}' with such. Define it with "
            "entries_per_person='first', or follow with TimeAtRisk(ends='cohort_end') or fewer at_most_days."
        )


def _check_arms(target: Cohort, comparator: Cohort) -> None:
    if target.name == comparator.name:
        raise InvalidDefinitionError(
            f"target and comparator must have different names; both are '{target.name}'. Rename one definition."
        )
    sources = {(cohort.dataset.name, cohort.release) for cohort in (target, comparator)}
    if len(sources) > 1:
        raise InvalidDefinitionError(
            "target and comparator must come from one data release; "
            f"found {' and '.join(sorted(' '.join(source) for source in sources))}. Build both from the same one."
        )


def _size(frame: "pd.DataFrame") -> tuple[int, int]:
    return int(frame["subject_id"].nunique()), len(frame)


def _flow(cohorts: Sequence[Cohort], counts: Sequence[Sequence[StepCount]]) -> "pd.DataFrame":
    """Put the cohorts' attrition and that of the follow-up together, arm by arm."""
    import pandas as pd

    arms = []
    for cohort, steps in zip(cohorts, counts, strict=True):
        built = [StepCount(*row) for row in cohort.attrition[["rule", "persons", "records"]].itertuples(index=False)]
        table = attrition_table([[*built, *steps]])
        table.insert(0, "arm", cohort.name)
        arms.append(table)
    return pd.concat(arms, ignore_index=True)


def _warn_if_nothing(result: FollowUp) -> None:
    if result.frame.empty:
        warn_of_nobody("the study population", result.attrition, stacklevel=4)
    elif not result.n_events:
        warnings.warn(
            f"nobody had the outcome '{result.outcome.name}' while at risk; found 0 events in {result.n_persons:,} "
            "persons. Check the outcome's concepts and its domain.",
            EmptyResultWarning,
            stacklevel=3,
        )
