"""Covariates: what is known of each person around the index date."""

from typing import TYPE_CHECKING, Literal

from analysis_lib.errors import FeatureInputError
from analysis_lib.features.feature_set import Features
from analysis_lib.features.members import KEYS, members_of
from analysis_lib.features.variable import Feature, check_word

if TYPE_CHECKING:
    import pandas as pd

    from analysis_lib.catalog import Dataset
    from analysis_lib.cohort import Cohort
    from analysis_lib.compute import Cluster


def baseline(
    cohort: "Cohort | pd.DataFrame",
    *variables: Feature,
    dataset: "Dataset | None" = None,
    unknown_concepts: Literal["refuse", "warn"] = "refuse",
    on: "Cluster | None" = None,
) -> Features:
    """Describe people around their index dates, by any number of variables.

    Nothing is read yet. All variables of one table share one reading of it, bucket by bucket, so the same call serves a
    thousand people and ten million.

    Parameters
    ----------
    cohort : Cohort or DataFrame
        Whom to describe: a cohort, or a frame with ``subject_id`` and ``cohort_start_date``.
    *variables : Feature
        What to look for: `Demographic`, `Flag`, `Count`, `DaysSince`, `Value`, `DrugExposure`, `Visits`, `Score`.
    dataset : Dataset, optional
        The release to look in; needed with a frame.
    unknown_concepts : {"refuse", "warn"}, default "refuse"
        What to do where the release's vocabulary lacks concepts of a variable: raise, or warn and go on without them.
        With scores on a small vocabulary, ``"warn"`` is needed.
    on : Cluster, optional
        What `analysis_lib.compute.cluster` gave; when left out the cluster that is open, and threads if there is none.

    Returns
    -------
    Features
        One row per person and index date, in the order of the cohort; one column per variable.

    Raises
    ------
    FeatureInputError
        If something is no variable, or two variables have one name.
    """
    strange = [variable for variable in variables if not isinstance(variable, Feature)]
    if strange or not variables:
        raise FeatureInputError(
            "a baseline is made of variables such as Flag(concept_set); got "
            f"{type(strange[0]).__name__ if strange else 'none'}. See analysis_lib.features."
        )
    check_word("unknown_concepts", unknown_concepts, known=("refuse", "warn"))
    names = [*KEYS, *(variable.column for variable in variables)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise FeatureInputError(
            f"every column needs a name of its own; used twice: {', '.join(repeated)}. Give name= to one of them."
        )
    return Features(members_of(cohort, dataset), tuple(variables), unknown_concepts=unknown_concepts, on=on)
