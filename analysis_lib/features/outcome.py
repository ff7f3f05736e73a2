"""Outcomes: the first event after the index date, how long each person was at risk, and why that ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.catalog.bucket_groups import count_rows
from analysis_lib.catalog.bucket_reading import BucketFiles
from analysis_lib.cohort import Cohort, ConceptSet, TimeAtRisk
from analysis_lib.compute import items_at_once, map_buckets
from analysis_lib.errors import FeatureInputError
from analysis_lib.features.bucket_outcome import COLUMNS, OutcomeTask, follow_bucket
from analysis_lib.features.members import KEYS, Members, check_source, members_of
from analysis_lib.features.planning import plan_tables
from analysis_lib.features.requests import RecordRequest
from analysis_lib.features.variable import EVENT_TABLES, check_days, check_kind, check_word
from analysis_lib.tables import html_table
from analysis_lib.windows import ANY_TIME

if TYPE_CHECKING:
    import pandas as pd

    from analysis_lib.catalog import Dataset
    from analysis_lib.compute import Cluster


@dataclass(frozen=True, eq=False, repr=False)
class Outcomes:
    """Persons at risk, and their first events.

    Parameters
    ----------
    name : str
        What was looked for.
    frame : DataFrame
        One row per ``subject_id`` and ``cohort_start_date`` at risk, in the order of the cohort: ``risk_start_date``
        and ``risk_end_date`` (both at risk; the second is the day of the event, if there is one), ``time_at_risk_days``
        (int64, at least 1), ``event`` (int64, 1 or 0), ``event_date`` (missing without one) and ``end_reason``:
        ``event``, ``death``, ``cohort_end``, ``horizon`` or ``observation_end``.
    attrition : DataFrame
        ``rule``, ``persons``, ``records`` and ``persons_removed`` step by step.
    """

    name: str
    frame: "pd.DataFrame"
    attrition: "pd.DataFrame"

    @property
    def n_persons(self) -> int:
        """Distinct persons at risk."""
        return int(self.frame["subject_id"].nunique())

    @property
    def n_events(self) -> int:
        """Events during the time at risk."""
        return int(self.frame["event"].sum())

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"Outcomes '{self.name}': {self.n_persons:,} persons at risk, {self.n_events:,} events"

    def _repr_html_(self) -> str:
        rows = [[str(row.rule), f"{row.persons:,}", f"{row.records:,}"] for row in self.attrition.itertuples()]
        ends = self.frame["end_reason"].value_counts().sort_index()
        counts = ", ".join(f"{str(why).replace('_', ' ')} {count:,}" for why, count in ends.items())
        notes = [f"Time at risk ended by: {counts or 'nothing'}."]
        return html_table(["Step", "Persons", "Records"], rows, caption=f"Outcome: {self.name}", notes=notes)


def outcome(
    cohort: "Cohort | pd.DataFrame",
    event: ConceptSet | Cohort,
    *,
    domain: str = "condition_occurrence",
    time_at_risk: TimeAtRisk | None = None,
    prior_outcome: Literal["exclude", "allow"] = "exclude",
    washout_days: int | None = None,
    censor_at_death: bool = True,
    overlaps: Literal["refuse", "allow"] = "refuse",
    dataset: "Dataset | None" = None,
    on: "Cluster | None" = None,
) -> Outcomes:
    """Find the first event at risk, and the end of the time at risk with its reason.

    As `analysis_lib.cohort.follow_up`, with which it agrees where both speak; it adds the dates, the reason, death, a
    washout of limited length, and outcomes that are cohorts. The time at risk ends with the event, at death (that day
    included), at the end of the observation period that holds the index date, at the cohort end date or after a fixed
    number of days, whatever comes first; of several on one day the reason is the one named first here: event, death,
    cohort end, horizon, end of observation.

    Parameters
    ----------
    cohort : Cohort or DataFrame
        Whom to follow.
    event : ConceptSet or Cohort
        What to look for: records of concepts, or the index dates of another cohort.
    domain : str, default "condition_occurrence"
        The table to look for concepts in.
    time_at_risk : TimeAtRisk, optional
        Which days count; from the index date to the end of that observation period, when left out.
    prior_outcome : {"exclude", "allow"}, default "exclude"
        Whether to leave out who had the outcome before the first day at risk.
    washout_days : int, optional
        How far before the first day at risk to look for it; at any time in life when left out.
    censor_at_death : bool, default True
        Whether death ends the time at risk.
    overlaps : {"refuse", "allow"}, default "refuse"
        What to do where times at risk of one person overlap: an event then counts twice, which suits predictions at
        several index dates, and no rate.
    dataset : Dataset, optional
        The release to look in; needed with a frame.
    on : Cluster, optional
        What `analysis_lib.compute.cluster` gave; when left out the cluster that is open, and threads if there is none.

    Returns
    -------
    Outcomes
        One row per person and index date at risk, with attrition.

    Raises
    ------
    FeatureInputError
        If times at risk of one person overlap, or an argument cannot be meant.
    """
    check_word("domain", domain, known=EVENT_TABLES)
    check_word("prior_outcome", prior_outcome, known=("exclude", "allow"))
    check_word("overlaps", overlaps, known=("refuse", "allow"))
    if washout_days is not None:
        check_days("washout_days", washout_days, least=1)
    at_risk = time_at_risk or TimeAtRisk()
    check_kind("time_at_risk", at_risk, kind=TimeAtRisk)
    members = members_of(cohort, dataset)
    _check_ends(members, at_risk)
    tasks = _tasks(
        members,
        event,
        domain=domain,
        at_risk=at_risk,
        washout_days=washout_days,
        to_death=censor_at_death,
        at_once=items_at_once(on=on),
    )
    frame = _in_order(map_buckets(follow_bucket, [task for task, _ in tasks], on=on), tasks)
    steps = [("In the cohort", members.frame), ("Observed on the index date", frame)]
    if prior_outcome == "exclude":
        within = "" if washout_days is None else f" in the {washout_days:,} days"
        frame = frame[~frame["had_before"]]
        steps.append((f"No {event.name}{within} before", frame))
    frame = frame[frame["time_at_risk_days"] >= 1]
    steps.append(("At risk for at least one day", frame))
    if overlaps == "refuse":
        _check_overlaps(frame)
    kept = frame[COLUMNS].reset_index(drop=True)
    kept.attrs["units"] = UNITS
    return Outcomes(event.name, kept, _attrition(steps))


UNITS = {
    "subject_id": "1",
    "cohort_start_date": "date",
    "risk_start_date": "date",
    "risk_end_date": "date",
    "time_at_risk_days": "days",
    "event": "1",
    "event_date": "date",
    "end_reason": "1",
}


def _tasks(
    members: Members,
    event: ConceptSet | Cohort,
    *,
    domain: str,
    at_risk: TimeAtRisk,
    washout_days: int | None,
    to_death: bool,
    at_once: int,
) -> list[tuple[OutcomeTask, Any]]:
    plan, events, rows_read = None, None, 0
    tables = ["observation_period", *(["death"] if to_death and "death" in members.dataset.tables else [])]
    if isinstance(event, ConceptSet):
        request = RecordRequest(domain, event, ANY_TIME, "records")
        (plan,) = plan_tables(members.dataset, [request])
        rows_read = count_rows(members.dataset, domain, concept_ids=plan.concepts)
        tables.append(domain)
    else:
        check_kind("event", event, kind=Cohort)
        check_source(event, members.dataset)
        events = event.frame[KEYS]
    return [
        (
            OutcomeTask(
                members=members.frame.iloc[rows],
                plan=plan,
                events=None if events is None else _of_persons(events, members.frame["subject_id"].iloc[rows]),
                at_risk=at_risk,
                washout_days=washout_days,
                files=BucketFiles.of(members.dataset, tables=tuple(tables), buckets=buckets),
            ),
            rows,
        )
        for buckets, rows in members.by_group(rows=rows_read, at_once=at_once)
    ]


def _of_persons(events: "pd.DataFrame", persons: "pd.Series[Any]") -> "pd.DataFrame":
    return events[events["subject_id"].isin(persons)]


def _in_order(frames: "Sequence[pd.DataFrame]", tasks: Sequence[tuple[OutcomeTask, Any]]) -> "pd.DataFrame":
    """Put the buckets' rows together, in the order of the cohort."""
    import pandas as pd

    placed = [frame.assign(place=rows[frame["row_id"]]) for frame, (_, rows) in zip(frames, tasks, strict=True)]
    return pd.concat(placed).sort_values("place", ignore_index=True)


def _check_ends(members: Members, at_risk: TimeAtRisk) -> None:
    if at_risk.ends != "cohort_end":
        return
    if "cohort_end_date" not in members.frame:
        raise FeatureInputError(
            "a time at risk until the cohort end needs that date; found no column cohort_end_date. Add it, or choose "
            "TimeAtRisk(ends='observation_end')."
        )
    # Without this a missing end would be no end at all.
    missing = int(members.frame["cohort_end_date"].isna().sum())
    if missing:
        raise FeatureInputError(
            f"a time at risk until the cohort end needs that date in every row; found {missing:,} missing. Drop these "
            "rows, or choose TimeAtRisk(ends='observation_end')."
        )


def _check_overlaps(frame: "pd.DataFrame") -> None:
    """Refuse a day that is at risk in two rows of one person."""
    ordered = frame.sort_values(KEYS)
    next_start = ordered.groupby("subject_id")["risk_start_date"].shift(-1)
    overlapping = ordered.loc[ordered["risk_end_date"] >= next_start, "subject_id"].nunique()
    if overlapping:
        found = "1 person" if overlapping == 1 else f"{overlapping:,} persons"
        raise FeatureInputError(
            f"times at risk of one person must not overlap, or events and days count twice; found {found} with such. "
            "Take first entries only, shorten the time at risk, or say overlaps='allow' where rows are predicted one "
            "by one."
        )


def _attrition(steps: "Sequence[tuple[str, pd.DataFrame]]") -> "pd.DataFrame":
    import pandas as pd

    rows = [(rule, int(frame["subject_id"].nunique()), len(frame)) for rule, frame in steps]
    table = pd.DataFrame(rows, columns=["rule", "persons", "records"])
    table["persons_removed"] = (table["persons"].shift(1) - table["persons"]).fillna(0).astype("int64")
    return table
