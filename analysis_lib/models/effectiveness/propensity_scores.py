"""What propensity scores know: how far the arms overlap, and how to make them comparable."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError
from analysis_lib.models.arguments import checked_choice
from analysis_lib.models.effectiveness.adjusted import Adjusted
from analysis_lib.models.effectiveness.attrition import attrition_line, persons_by_arm
from analysis_lib.models.effectiveness.matching import Order, exchangeable_sets, matched_sets
from analysis_lib.models.effectiveness.trimming import TRIMMINGS, Trimming, kept_scores, preference_scores
from analysis_lib.models.effectiveness.weighting import ESTIMANDS, Estimand, stratum_weights, treatment_weights
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.rows.source import person_column
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["PropensityScores"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Walker et al. (2013): where the preference lies between these, either treatment could have been given.
EQUIPOISE = (0.3, 0.7)

#: Scores whose range is smaller than this tell nobody apart.
ALIKE = 1e-9


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PropensityScores(ModelResult):
    """Propensity scores of a study population; each step gives a new object and leaves this one as it is.

    Attributes
    ----------
    frame : DataFrame
        The rows, with all their columns.
    treated : ndarray of bool, shape (n,)
        Arm.
    score : ndarray of float64, shape (n,)
        Probability of treatment, inside (0, 1).
    treatment : str
        Column with the arm.
    covariates : tuple of str
        Columns the score is made of; empty where it is made of a matrix.
    matrix : scipy.sparse array or None
        That matrix.
    names : tuple of str
        Its covariates.
    model : GlmResult or ElasticNetResult
        The fitted model.
    attrition : DataFrame
        One row per step: ``step``, and persons and rows left, by arm.
    categories : tuple of str
        Columns whose numbers are codes of levels: those inside ``C()``.
    """

    frame: pd.DataFrame
    treated: BoolArray
    score: FloatArray
    treatment: str
    covariates: tuple[str, ...]
    matrix: Any = field(repr=False)
    names: tuple[str, ...]
    model: Any = field(repr=False)
    attrition: pd.DataFrame
    categories: tuple[str, ...] = ()
    rows_of_persons: ClassVar[bool] = True  # so that Report declares `estimates`, and never the rows

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        treated: BoolArray,
        *,
        score: FloatArray,
        n_before: int,
        exclusions: Mapping[str, int],
        **others: Any,
    ) -> "PropensityScores":
        """Check scores and count who they are of.

        Parameters
        ----------
        frame : DataFrame
            The rows.
        treated : ndarray of bool
            Arm.
        score : ndarray of float64
            Their scores.
        n_before : int
            Rows before those with missing values were left out.
        exclusions : mapping of str to int
            Rows left out, by reason.
        **others : object
            The other attributes.

        Returns
        -------
        PropensityScores
            With the first lines of its attrition.

        Raises
        ------
        ConvergenceError
            If a score is 0 or 1: nobody alike had the other treatment.
        """
        if certain := int((~((score > 0) & (score < 1))).sum()):
            raise ConvergenceError(
                f"a propensity score must lie between 0 and 1; found {certain:,} rows at 0, at 1 or without. A "
                "covariate foretells the treatment: leave it out, or use the lasso."
            )
        lines = [attrition_line("propensity score estimated", frame, treated=treated)]
        return cls(
            frame=frame,
            treated=treated,
            score=score,
            n=len(frame),
            events=int(treated.sum()),
            exclusions=exclusions,
            n_excluded=n_before - len(frame),
            persons=persons_by_arm(frame, treated),
            attrition=pd.DataFrame(lines),
            **others,
        )

    @property
    def auc(self) -> float:
        """Area under the ROC curve of score against treatment: 0.5 where the arms are alike, 1 where they are apart."""
        from scipy.stats import rankdata

        ranks = rankdata(self.score)
        n_treated = int(self.treated.sum())
        above = ranks[self.treated].sum() - n_treated * (n_treated + 1) / 2
        return float(above / (n_treated * (self.treated.size - n_treated)))

    @property
    def preference(self) -> FloatArray:
        """Preference scores: the scores with the prevalence of treatment taken out (Walker et al. 2013)."""
        return preference_scores(self.score, float(self.treated.mean()))

    @property
    def equipoise(self) -> float:
        """Share of persons whose preference score lies between 0.3 and 0.7."""
        return float(((self.preference >= EQUIPOISE[0]) & (self.preference <= EQUIPOISE[1])).mean())

    def trim(self, how: Trimming = "equipoise", bounds: tuple[float, float] | None = None) -> "PropensityScores":
        """Leave out persons whom only one treatment could have been given; their scores stay as they are.

        Parameters
        ----------
        how : {"equipoise", "fixed", "crump", "percentiles"}, default "equipoise"
            By preference score (0.3 to 0.7); by score (0.1 to 0.9); by Crump's optimal cut-off; from the 5th percentile
            of the treated to the 95th of the untreated (Stürmer et al. 2010).
        bounds : tuple of float, optional
            Instead of the numbers above.

        Returns
        -------
        PropensityScores
            Of those who stay.

        Raises
        ------
        ModelInputError
            If an argument cannot be meant, or an arm is left empty.
        """
        checked_choice(how, "how", known=TRIMMINGS)
        kept, rule = kept_scores(self.score, self.treated, how=how, bounds=bounds)
        if not kept[self.treated].any() or not kept[~self.treated].any():
            raise ModelInputError(
                f"trimming must leave somebody in both arms; {rule} leaves {int(kept[self.treated].sum()):,} treated "
                f"and {int(kept[~self.treated].sum()):,} untreated. The arms hardly overlap: choose another comparator."
            )
        frame, treated = self.frame.loc[kept].reset_index(drop=True), self.treated[kept]
        line = attrition_line(f"trimmed: {rule}", frame, treated=treated)
        return replace(
            self,
            frame=frame,
            treated=treated,
            score=self.score[kept],
            matrix=None if self.matrix is None else self.matrix[np.flatnonzero(kept)],
            n=len(frame),
            events=int(treated.sum()),
            persons=persons_by_arm(frame, treated),
            attrition=pd.concat([self.attrition, pd.DataFrame([line])], ignore_index=True),
        )

    def stratify(
        self, n_strata: int = 5, *, by: Literal["all", "treated"] = "all", estimand: Literal["ate", "att"] = "ate"
    ) -> Adjusted:
        """Cut the scores into strata at their quantiles.

        Parameters
        ----------
        n_strata : int, default 5
            How many.
        by : {"all", "treated"}, default "all"
            Whose quantiles.
        estimand : {"ate", "att"}, default "ate"
            How strata count in the balance table: as everybody in them, or as the treated.

        Returns
        -------
        Adjusted
            With a column ``stratum``, from 1. Strata without one of the arms are left out and counted.

        Raises
        ------
        ModelInputError
            If an argument cannot be meant, or no stratum has both arms.
        """
        if isinstance(n_strata, bool) or not isinstance(n_strata, int) or n_strata < 2:
            raise ModelInputError(f"n_strata must be a whole number, 2 or more; found {n_strata}. Five are usual.")
        checked_choice(by, "by", known=("all", "treated"))
        checked_choice(estimand, "estimand", known=("ate", "att"))
        base = self.score if by == "all" else self.score[self.treated]
        cuts = np.unique(np.quantile(base, np.arange(1, n_strata) / n_strata))
        stratum = np.searchsorted(cuts, self.score, side="left") + 1
        both = np.intersect1d(stratum[self.treated], stratum[~self.treated])
        kept = np.isin(stratum, both)
        if not kept.any():
            raise ModelInputError(
                f"a stratum needs both arms; found none among {np.unique(stratum).size:,}. Ask for fewer strata, or "
                "look at the overlap of the scores."
            )
        weights = stratum_weights(stratum, self.treated, kept=kept, estimand=estimand)
        frame = self.frame.assign(propensity_score=self.score, stratum=stratum)
        rule = f"{both.size} strata of the propensity score"
        if both.size < n_strata:  # equal scores stay together, so that quantiles can coincide
            rule += f", {n_strata} asked for"
        return self._adjusted(frame, kept, weights=weights, kind="strata", rule=rule)

    def match(
        self,
        ratio: int = 1,
        *,
        caliper: float | None = 0.2,
        scale: Literal["logit", "score"] = "logit",
        order: Order = "closest",
        seed: int = 0,
    ) -> Adjusted:
        """Match each treated person to up to `ratio` untreated ones, without replacement.

        Parameters
        ----------
        ratio : int, default 1
            Most matches of one treated person. Above 1 the sets are of different sizes.
        caliper : float or None, default 0.2
            Largest distance, in standard deviations of the scale over everybody (Austin 2011); None for none.
        scale : {"logit", "score"}, default "logit"
            What is matched on.
        order : {"closest", "largest"}, default "closest"
            Which pair is made next: the closest that is left, or that of the treated person with the largest score.
        seed : int, default 0
            Draws between persons equally close. The draw goes by the persons' identifiers, so that the order of the
            rows decides nothing; by the rows where there is no column of identifiers.

        Returns
        -------
        Adjusted
            With a column ``matched_set``, from 1. Where scores are shared by many, the note says how many sets were
            drawn: look at several seeds then.

        Raises
        ------
        ModelInputError
            If an argument cannot be meant, or nobody has a match.
        """
        checked_choice(scale, "scale", known=("logit", "score"))
        value = np.log(self.score / (1 - self.score)) if scale == "logit" else self.score
        if isinstance(caliper, bool) or not isinstance(caliper, (int, float, np.number, type(None))):
            raise ModelInputError(
                f"the caliper must be a number or None; found {type(caliper).__name__}. Usual is 0.2."
            )
        reach = np.inf if caliper is None else caliper * float(value.std(ddof=1))
        person = person_column(self.frame.columns)
        named = None if person is None else self.frame[person]
        sets = matched_sets(value, self.treated, caliper=reach, ratio=ratio, order=order, seed=seed, persons=named)
        kept = sets >= 0
        if not kept.any():
            raise ModelInputError(
                f"nobody has a match; the caliper is {reach:.3g} on the {scale} scale. Widen it, or look at the "
                "overlap of the scores."
            )
        weights = np.zeros(sets.size)
        others = np.bincount(sets[kept & ~self.treated], minlength=int(sets.max()) + 1)
        weights[kept] = np.where(self.treated[kept], 1.0, 1 / np.maximum(others[sets[kept]], 1))
        frame = self.frame.assign(propensity_score=self.score, matched_set=sets + 1)
        limit = "no caliper" if caliper is None else f"caliper {caliper:g} SD of the {scale}"
        rule = f"matched 1 to {'1' if ratio == 1 else f'up to {ratio}'}, {limit}, {order} first"
        drawn, left = exchangeable_sets(value, self.treated, sets=sets)
        return self._adjusted(
            frame, kept, weights=weights, kind="matched", rule=rule, drawn_sets=drawn, drawn_from_unmatched=left
        )

    def weight(self, estimand: Estimand = "ate", *, stabilised: bool = True) -> Adjusted:
        """Weight persons so that the arms are alike.

        Parameters
        ----------
        estimand : {"ate", "att", "overlap", "matching"}, default "ate"
            Whom the effect is about: everybody, the treated, those whom both treatments could have been given (Li et
            al. 2018), or those whom one-to-one matching would take (Li and Greene 2013).
        stabilised : bool, default True
            For "ate", multiply by the prevalence of the arm, so that weights are near 1.

        Returns
        -------
        Adjusted
            With a column ``weight``.

        Raises
        ------
        ModelInputError
            If `estimand` is unknown.
        """
        checked_choice(estimand, "estimand", known=ESTIMANDS)
        weights = treatment_weights(self.score, self.treated, estimand=estimand, stabilised=stabilised)
        frame = self.frame.assign(propensity_score=self.score, weight=weights)
        name = {
            "ate": "inverse probability weights" + (", stabilised" if stabilised else ""),
            "att": "weights for the treated",
        }
        rule = name.get(estimand, f"{estimand} weights")
        kept = np.ones(self.treated.size, dtype=np.bool_)
        return self._adjusted(frame, kept, weights=weights, kind="weighted", rule=rule)

    def _adjusted(
        self, frame: pd.DataFrame, kept: BoolArray, *, weights: FloatArray, kind: str, rule: str, **drawn: int
    ) -> Adjusted:
        inside = frame.loc[kept].reset_index(drop=True)
        line = attrition_line(rule, inside, treated=self.treated[kept])
        return Adjusted(
            kind=kind,
            rule=rule,
            frame=inside,
            treatment=self.treatment,
            whole=self.frame,
            treated=self.treated,
            weights=weights,
            covariates=self.covariates,
            matrix=self.matrix,
            names=self.names,
            categories=self.categories,
            attrition=pd.concat([self.attrition, pd.DataFrame([line])], ignore_index=True),
            **drawn,
        )

    def estimates(self) -> pd.DataFrame:
        """Return what the scores say of the arms; what `Report` declares.

        Returns
        -------
        DataFrame
            ``measure`` and ``estimate``: rows of both arms, the area under the curve, the share in equipoise.
        """
        n_treated = int(self.treated.sum())
        found = {
            "treated": n_treated,
            "untreated": self.n - n_treated,
            "auc": self.auc,
            "equipoise": self.equipoise,
        }
        return pd.DataFrame({"measure": list(found), "estimate": list(found.values())})

    def to_frame(self) -> pd.DataFrame:
        """Return the scores, a row for each person.

        Returns
        -------
        DataFrame
            The rows with ``propensity_score`` and ``preference_score``.
        """
        return self.frame.assign(propensity_score=self.score, preference_score=self.preference)

    def summary(self) -> ModelSummary:
        """Write the result for reading.

        Returns
        -------
        ModelSummary
            Overlap of the arms, and how they came about.
        """
        n_treated = int(self.treated.sum())
        rows = (
            ("Treated", f"{n_treated:,}"),
            ("Untreated", f"{self.n - n_treated:,}"),
            ("AUC", format_estimate(self.auc, digits=3)),
            ("In equipoise (preference 0.3 to 0.7)", f"{100 * self.equipoise:.1f}%"),
            ("Range of the treated", _range(self.score[self.treated])),
            ("Range of the untreated", _range(self.score[~self.treated])),
        )
        notes = [f"Method: {self.method}.", *self._notes()[2:]]
        if np.ptp(self.score) < ALIKE:
            notes.append(
                "Everybody has the same score: no covariate says anything about the treatment, so strata, matches and "
                "weights adjust for nothing."
            )
        return ModelSummary("Propensity score", ("", ""), rows, tuple(notes))

    def plot(
        self, *, scale: Literal["preference", "score"] = "preference", width: float = 5.5, title: str = ""
    ) -> "StudyFigure":
        """Draw the distribution of the scores in both arms.

        Parameters
        ----------
        scale : {"preference", "score"}, default "preference"
            Preference scores with the range of equipoise marked, or propensity scores.
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the counts behind the curves attached.
        """
        from analysis_lib.models.effectiveness.balance_plot import score_figure

        checked_choice(scale, "scale", known=("preference", "score"))
        return score_figure(self, scale=scale, width=width, title=title)


def _range(values: FloatArray) -> str:
    return f"{values.min():.3f} to {values.max():.3f}"
