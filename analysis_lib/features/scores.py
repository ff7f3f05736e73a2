"""Two scores of comorbidity, with their papers."""

from dataclasses import KW_ONLY, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.cohort import ConceptSet
from analysis_lib.features.demographics import FEMALE
from analysis_lib.features.requests import PersonRequest, RecordRequest, Request
from analysis_lib.features.score_concepts import CHA2DS2_VASC, CHARLSON, Condition
from analysis_lib.features.variable import Answers, Feature, check_kind, check_name, check_word, whole_numbers
from analysis_lib.windows import ANY_TIME_UP_TO_INDEX, Window

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# Conditions, and which of their weights.
_KINDS = {"charlson_1987": (CHARLSON, 0), "charlson_quan_2011": (CHARLSON, 1), "cha2ds2_vasc": (CHA2DS2_VASC, 0)}
_PERSON = tuple(PersonRequest(field) for field in ("index_year", "year_of_birth", "gender_concept_id"))


@dataclass(frozen=True)
class Score(Feature):
    """A score of comorbidity: a sum of weights of conditions recorded in a window.

    ``charlson_1987`` is Charlson's index without age, with his weights [1]_; ``charlson_quan_2011`` the same conditions
    with Quan's weights [2]_. The graver form of diabetes, liver disease and cancer takes the place of the milder one.
    ``cha2ds2_vasc`` is the risk of stroke in atrial fibrillation by Lip and others [3]_: one point each for heart
    failure, hypertension, diabetes, vascular disease, age 65 to 74 and female sex, two for age 75 or more and for
    stroke, transient ischaemic attack or thromboembolism. Age is the year of the index date minus the year of birth.

    The conditions are OHDSI's concept sets for these scores, not the ICD codes of Quan 2005 [4]_ one by one; its own
    Charlson index counts a milder form beside the graver one. Where each number was read is said in `score_concepts`.

    Parameters
    ----------
    kind : {"charlson_1987", "charlson_quan_2011", "cha2ds2_vasc"}
        Which score.
    window : Window, default any time up to the index date
        On which days the conditions start.
    domain : {"condition_occurrence", "condition_era"}, default "condition_occurrence"
        The table to look in.
    name : str, optional
        The column's name; `kind` when left out.

    References
    ----------
    .. [1] Charlson M. E. et al. (1987). A new method of classifying prognostic comorbidity in longitudinal studies.
       J. Chronic Dis. 40(5), 373-383.
    .. [2] Quan H. et al. (2011). Updating and validating the Charlson comorbidity index and score for risk adjustment
       in hospital discharge abstracts using data from 6 countries. Am. J. Epidemiol. 173(6), 676-682.
    .. [3] Lip G. Y. H. et al. (2010). Refining clinical risk stratification for predicting stroke and thromboembolism
       in atrial fibrillation using a novel risk factor-based approach. Chest 137(2), 263-272.
    .. [4] Quan H. et al. (2005). Coding algorithms for defining comorbidities in ICD-9-CM and ICD-10 administrative
       data. Med. Care 43(11), 1130-1139.
    """

    kind: Literal["charlson_1987", "charlson_quan_2011", "cha2ds2_vasc"]
    window: Window = ANY_TIME_UP_TO_INDEX
    _: KW_ONLY
    domain: Literal["condition_occurrence", "condition_era"] = "condition_occurrence"
    name: str | None = None

    def __post_init__(self) -> None:
        check_word("a score", self.kind, known=tuple(_KINDS))
        check_kind("window", self.window, kind=Window)
        check_word("domain", self.domain, known=("condition_occurrence", "condition_era"))
        if self.name is not None:
            check_name(self.name)

    @property
    def column(self) -> str:
        """The column's name."""
        return self.name or self.kind

    @property
    def unit(self) -> str:
        """None."""
        return "1"

    @property
    def dtype(self) -> str:
        """Whole numbers; missing ones only where age counts."""
        return "Int64" if self.kind == "cha2ds2_vasc" else "int64"

    @property
    def meaning(self) -> str:
        """What a value says."""
        of = f"of conditions that start {self.window}"
        if self.kind == "cha2ds2_vasc":
            return f"CHA2DS2-VASc {of}. Missing without a year of birth."
        whose = "Charlson 1987" if self.kind == "charlson_1987" else "Quan 2011"
        return f"Charlson comorbidity index without age, weights {whose}, {of}. 0 where none, never missing."

    @property
    def looks_at(self) -> Window | None:
        """The days it looks at."""
        return self.window

    @property
    def requests(self) -> tuple[Request, ...]:
        """The conditions; for CHA2DS2-VASc age and sex too."""
        asked = tuple(self._asked(condition) for condition in _KINDS[self.kind][0])
        return (*asked, *_PERSON) if self.kind == "cha2ds2_vasc" else asked

    def combine(self, answers: Answers) -> "pd.api.extensions.ExtensionArray | np.ndarray[Any, Any]":
        """Add the weights up.

        Parameters
        ----------
        answers : mapping of Request to ndarray
            Those of `requests`.

        Returns
        -------
        array
            Of `dtype`.
        """
        points = self._points_of_conditions(answers)
        if self.kind != "cha2ds2_vasc":
            return points
        index_year, born, gender = (answers[request] for request in _PERSON)
        age = index_year - born
        # Comparing loses NaN: adding 0 * age brings it back.
        return whole_numbers(points + (age >= 65) * 1.0 + (age >= 75) * 1.0 + (gender == FEMALE) * 1.0 + 0 * age)

    def _points_of_conditions(self, answers: Answers) -> "np.ndarray[Any, Any]":
        import numpy as np

        conditions, version = _KINDS[self.kind]
        had = {condition.name: answers[self._asked(condition)] > 0 for condition in conditions}
        total = np.zeros(len(had[conditions[0].name]), dtype="int64")
        for condition in conditions:
            graver = had.get(condition.covered_by, np.False_)
            total += (had[condition.name] & ~graver) * condition.weights[version]
        return total

    def _asked(self, condition: Condition) -> RecordRequest:
        return RecordRequest(self.domain, concept_set_of(condition), self.window, "records")


@cache
def concept_set_of(condition: Condition) -> ConceptSet:
    """Give a condition's concept set.

    Parameters
    ----------
    condition : Condition
        A line of a score.

    Returns
    -------
    ConceptSet
        Its concepts, with their descendants but for those meant alone.
    """
    named = ConceptSet(condition.name, condition.concept_ids).including(*condition.alone, descendants=False)
    return named.excluding(*condition.excluded)
