"""Who was left after each step, and OHDSI's inclusion statistics; both add up over buckets."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["InclusionStatistics", "StepCount"]

EVENTS, PERSONS = 0, 1  # OHDSI's mode_id: all events, or the best event of each person
LARGEST_MASK_RULES = 62  # so many fit the signed 64-bit mask of OHDSI's tables


class StepCount(NamedTuple):
    """What is left after one step: a line of the attrition table."""

    rule: str
    persons: int
    records: int


Satisfied = tuple[int, ...]
"""The rules that an event satisfies, counted from 0, ascending."""


@dataclass(frozen=True, eq=False)
class InclusionStatistics:
    """How many satisfy which inclusion rules, in the shape of OHDSI's results tables.

    In mode 0 every qualified event counts; in mode 1 one event per person: the one that satisfies most rules, then the
    one that satisfies the earliest rule, then the earliest event, then the lowest record id.

    Parameters
    ----------
    rules : DataFrame
        As ``cohort_inclusion_stats``: one row per rule and mode, with ``rule_sequence`` (from 0), ``name``,
        ``person_count`` (who satisfy it), ``gain_count`` (who fail only this one), ``person_total``, ``mode_id``.
    masks : DataFrame
        As ``cohort_inclusion_result``: one row per set of satisfied rules and mode, with ``inclusion_rule_mask`` (bit
        n for rule n; int64, or Python's whole numbers where there are more than 62 rules, which OHDSI's tables cannot
        hold), ``person_count``, ``mode_id``.
    summary : DataFrame
        As ``cohort_summary_stats``: ``base_count``, ``final_count`` (who satisfy all rules), ``mode_id``.
    """

    rules: "pd.DataFrame"
    masks: "pd.DataFrame"
    summary: "pd.DataFrame"


def inclusion_statistics(counts: Sequence[Counter[Satisfied]], names: Sequence[str]) -> InclusionStatistics:
    """Put the counts of all buckets into OHDSI's shape.

    Parameters
    ----------
    counts : sequence of Counter
        Events, then persons, by the rules they satisfy.
    names : sequence of str
        The rules.

    Returns
    -------
    InclusionStatistics
        With no row where the definition has no rule, as OHDSI does.
    """
    import pandas as pd

    everything = tuple(range(len(names)))
    rules, masks, summary = [], [], []
    for mode, count in enumerate(counts) if names else ():
        total = sum(count.values())
        summary.append((total, count[everything], mode))
        masks += [(sum(1 << rule for rule in held), number, mode) for held, number in sorted(count.items())]
        for rule, name in enumerate(names):
            satisfied = sum(number for held, number in count.items() if rule in held)
            gain = count[everything[:rule] + everything[rule + 1 :]]
            rules.append((rule, name, satisfied, gain, total, mode))
    mask_type = "int64" if len(names) <= LARGEST_MASK_RULES else "object"
    return InclusionStatistics(
        pd.DataFrame(rules, columns=["rule_sequence", "name", "person_count", "gain_count", "person_total", "mode_id"]),
        pd.DataFrame(masks, columns=["inclusion_rule_mask", "person_count", "mode_id"]).astype(
            {"inclusion_rule_mask": mask_type}
        ),
        pd.DataFrame(summary, columns=["base_count", "final_count", "mode_id"]),
    )
