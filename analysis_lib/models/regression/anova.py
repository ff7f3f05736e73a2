"""One-way analysis of variance, accurate for responses far from zero, in one pass over rows of any kind."""

import math
import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_level, in_percent, one_value_a_cell
from analysis_lib.models.result import ModelResult, ModelSummary, left_out
from analysis_lib.models.rows.formula import parse_formula
from analysis_lib.models.rows.source import Data, Rows, open_rows
from analysis_lib.printed_numbers import equation_of_p, format_coefficient

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["OneWayAnova", "one_way_anova"]

FloatArray = npt.NDArray[np.float64]

#: More groups than this are a mistake: an id or a measurement was named.
MOST_GROUPS = 1_000
_SOURCE = "Fisher R. A. (1925). Statistical Methods for Research Workers. Oliver and Boyd."


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class OneWayAnova(ModelResult):
    """Whether the mean of a number is the same in all groups.

    Attributes
    ----------
    response, by : str
        Column of numbers, and column of groups.
    fvalue, f_pvalue : float
        F statistic, and the probability of one at least this large if all means are equal.
    df_model, df_resid : int
        Degrees of freedom between and within groups.
    ess, ssr : float
        Sums of squares between and within groups (statsmodels' names).
    scale : float
        Mean square within groups; its root is the residual standard deviation.
    rsquared : float
        Share of the total sum of squares that lies between groups (eta squared).
    groups : DataFrame
        By group: ``n``, ``mean``, ``sd``, and the limits ``ci_low``, ``ci_high`` of the mean by the pooled variance.
    level : float
        Coverage of these limits.
    """

    response: str
    by: str
    fvalue: float
    f_pvalue: float
    df_model: int
    df_resid: int
    ess: float
    ssr: float
    scale: float
    rsquared: float
    groups: pd.DataFrame
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table of variances, with the columns of statsmodels' `anova_lm`.

        Returns
        -------
        DataFrame
            One row between groups, one within (``Residual``).
        """
        return pd.DataFrame(
            {
                "df": [self.df_model, self.df_resid],
                "sum_sq": [self.ess, self.ssr],
                "mean_sq": [self.ess / self.df_model, self.scale],
                "F": [self.fvalue, np.nan],
                "PR(>F)": [self.f_pvalue, np.nan],
            },
            index=pd.Index([self.by, "Residual"], name="source"),
        )

    def summary(self) -> ModelSummary:
        """Write the result for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (
                str(row["group"]),
                f"{row['n']:,}",
                format_coefficient(row["mean"], digits=2),
                format_coefficient(row["sd"], digits=2),
                f"{format_coefficient(row['ci_low'], digits=2)} to {format_coefficient(row['ci_high'], digits=2)}",
            )
            for row in self.groups.reset_index().to_dict("records")
        )
        statistic = f"F({self.df_model:,}, {self.df_resid:,}) = {format_coefficient(self.fvalue)}"
        statistic = f"{statistic}, {equation_of_p(self.f_pvalue)}"
        notes = [
            f"{statistic}; eta squared {self.rsquared:.4f}.",
            f"Method: {self.method}.",
            f"{self.n:,} rows.",
        ]
        if (persons := self.persons["all"]) < self.n:
            notes.append(f"They come from {persons:,} persons; the test takes rows for independent.")
        if self.exclusions:
            notes.append(left_out(self.n_excluded, self.exclusions))
        return ModelSummary(
            title=f"Mean of {self.response} by {self.by}",
            header=("Group", "n", "Mean", "SD", f"{in_percent(self.level)} CI"),
            rows=rows,
            notes=tuple(notes),
        )

    def plot(self) -> "StudyFigure":
        """Draw the means with their limits.

        Returns
        -------
        StudyFigure
            With the means attached.
        """
        from analysis_lib.models.regression.anova_plot import means_figure

        rows = self.groups.reset_index()
        return means_figure(rows, response=self.response, by=self.by, level=self.level)


@dataclass
class _Moments:
    """Count, mean (less the common shift) and sum of squares around it, of one group so far."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, other: "_Moments") -> None:
        """Join two parts of a group; no digits are lost however far the responses are from zero."""
        n, gap = self.n + other.n, other.mean - self.mean
        self.mean += gap * other.n / n
        self.squares += other.squares + gap * gap * (self.n * other.n / n)
        self.n = n


def one_way_anova(formula: str, data: Data, *, level: float = 0.95) -> OneWayAnova:
    """Compare the means of several groups by Fisher's F test [1]_.

    Sums of squares are taken around the group means of each part of the rows and joined by the formula of Chan, Golub
    and LeVeque [2]_, so that a response such as 1,000,000,000,000.4 loses none of the digits that float64 holds.

    Parameters
    ----------
    formula : str
        ``"response ~ group"`` or ``"response ~ C(group)"``: one column of numbers, one of groups.
    data : DataFrame, Dask frame, Features or path
        One row per person; what `open_rows` takes. Rows in which one of the two is missing are left out and counted.
    level : float, default 0.95
        Coverage of the intervals of the means, in (0, 1).

    Returns
    -------
    OneWayAnova
        The F test, the table of variances and the means.

    Raises
    ------
    ModelInputError
        If the formula names more than two columns, the response is not a number, or there are too few rows, too few
        or too many groups, or no variance within them.

    References
    ----------
    .. [1] Fisher R. A. (1925). Statistical Methods for Research Workers. Oliver and Boyd, Edinburgh.
    .. [2] Chan T. F., Golub G. H., LeVeque R. J. (1983). Algorithms for computing the sample variance: analysis and
       recommendations. Am. Stat. 37(3), 242-247.
    """
    checked_level(level)
    rows = open_rows(data)
    response, by = _two_columns(formula, rows)
    read = _read(rows, response=response, by=by)
    labels = _in_order(list(read.moments))
    found = [read.moments[label] for label in labels]
    n = np.array([one.n for one in found], dtype=np.float64)
    mean = np.array([one.mean for one in found])
    total, within = math.fsum(n), math.fsum(one.squares for one in found)
    df_model, df_resid = _degrees_of_freedom(len(found), int(total), within=within, by=by)
    grand = math.fsum(n * mean) / total
    between = math.fsum(n * (mean - grand) ** 2)
    scale = within / df_resid
    fvalue = between / df_model / scale
    from scipy.stats import f as f_distribution

    return OneWayAnova(
        method=f"one-way analysis of variance, equal variances; {in_percent(level)} CI of the means by the pooled one",
        source=_SOURCE,
        n=int(total),
        events=0,
        exclusions=read.exclusions,
        n_excluded=read.n_excluded,
        persons=read.persons(by, labels),
        settings={"formula": formula, "level": level},
        response=response,
        by=by,
        fvalue=fvalue,
        f_pvalue=float(f_distribution.sf(fvalue, df_model, df_resid)),
        df_model=df_model,
        df_resid=df_resid,
        ess=between,
        ssr=within,
        scale=scale,
        rsquared=between / (between + within),
        groups=_means(labels, found, shift=read.shift, margin=_margin(scale, df_resid, level=level)),
        level=level,
    )


def _two_columns(formula: str, rows: Rows) -> tuple[str, str]:
    """Take response and group out of the formula."""
    parsed = parse_formula(formula, rows.columns)
    written = re.fullmatch(r"(?:C\s*\(\s*(.+?)\s*\)|(.+))", parsed.right.strip())
    group = (written[1] or written[2]) if written else ""
    names = [parsed.response.strip().strip("`"), group.strip().strip("`")]
    if names != [*parsed.response_columns, *parsed.columns]:
        raise ModelInputError(
            'one response is compared between the groups of one column, as in "bmi ~ C(site)"; found '
            f"{len(parsed.response_columns)} columns left and {len(parsed.columns)} right of the ~, or an expression. "
            "For several covariates use glm."
        )
    return names[0], names[1]


class _Read:
    """What one pass over the rows gathers."""

    def __init__(self) -> None:
        self.moments: dict[Hashable, _Moments] = {}
        self.shift: float | None = None
        self.exclusions: dict[str, int] = {}
        self.n_excluded = 0
        self.ids: dict[Hashable, set[Any]] | None = None

    def persons(self, by: str, labels: list[Hashable]) -> dict[str, int]:
        """Count distinct persons in total and by group; without a column of ids each row is one."""
        if self.ids is None:
            counts = {label: one.n for label, one in self.moments.items()}
            return {"all": sum(counts.values())} | {f"{by}={label}": counts[label] for label in labels}
        everybody: set[Any] = set().union(*self.ids.values())
        return {"all": len(everybody)} | {f"{by}={label}": len(self.ids[label]) for label in labels}


def _read(rows: Rows, *, response: str, by: str) -> _Read:
    found = _Read()
    person = rows.person_column
    if person is not None:
        found.ids = {}
    wanted = list(dict.fromkeys([response, by, *([person] if person else [])]))
    for part in rows.read(wanted):
        values = _numbers(part[response], response)
        groups = part[by]
        missing = {response: np.isnan(values), by: groups.isna().to_numpy(dtype=np.bool_)}
        for name, lacking in missing.items():
            if lacking.any():
                reason = f"{name} missing"
                found.exclusions[reason] = found.exclusions.get(reason, 0) + int(lacking.sum())
        kept = ~(missing[response] | missing[by])
        found.n_excluded += int((~kept).sum())
        if kept.any():
            ids = part.loc[kept, person] if person else None
            _add_part(found, values[kept], groups=groups[kept], ids=ids)
        if len(found.moments) > MOST_GROUPS:
            raise ModelInputError(
                f"means are compared between at most {MOST_GROUPS:,} groups; column '{by}' has more. "
                "Is it an id or a measurement? Cut it into groups first, with pd.cut."
            )
    return found


def _add_part(found: _Read, values: FloatArray, *, groups: pd.Series, ids: pd.Series | None) -> None:
    codes, known = pd.factorize(one_value_a_cell(groups))
    if found.shift is None:
        found.shift = float(values[0])  # the difference of near numbers is exact
    near = values - found.shift
    n = np.bincount(codes, minlength=len(known))
    mean = np.bincount(codes, near, minlength=len(known)) / n
    rest = near - mean[codes]
    correction = np.bincount(codes, rest, minlength=len(known)) / n
    rest -= correction[codes]
    squares = np.bincount(codes, rest * rest, minlength=len(known))
    for index, label in enumerate(known):
        one = _Moments(int(n[index]), float(mean[index] + correction[index]), float(squares[index]))
        found.moments.setdefault(label, _Moments()).add(one)
        if ids is not None and found.ids is not None:
            found.ids.setdefault(label, set()).update(ids.to_numpy()[codes == index].tolist())


def _numbers(column: pd.Series, name: str) -> FloatArray:
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype):
        raise ModelInputError(
            f"the response must be a number; column '{name}' is {column.dtype}. Convert it first, with pd.to_numeric."
        )
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise ModelInputError(
            f"the response must be finite; column '{name}' has {int(np.isinf(values).sum()):,} infinite values. "
            "Set them to missing, or correct them."
        )
    return values


def _in_order(labels: list[Hashable]) -> list[Hashable]:
    """Sort groups by value where their values can be compared, else by their text."""
    try:
        return sorted(labels)  # type: ignore[type-var]
    except TypeError:
        return sorted(labels, key=str)


def _degrees_of_freedom(n_groups: int, n: int, *, within: float, by: str) -> tuple[int, int]:
    if n_groups < 2:
        raise ModelInputError(
            f"means are compared between two groups or more; column '{by}' has {n_groups} with complete rows. "
            "Check its levels, and how many rows are missing."
        )
    if n <= n_groups:
        raise ModelInputError(
            f"a variance within groups needs a group with two rows; found {n:,} rows in {n_groups:,} groups. "
            "Put groups together."
        )
    if not within > 0:
        raise ModelInputError(
            f"the response does not vary within any of {n_groups} groups; found a sum of squares of 0. "
            "No F test is possible: report the values."
        )
    return n_groups - 1, n - n_groups


def _margin(scale: float, df_resid: int, *, level: float) -> float:
    """Half the width of the interval of a mean of one row."""
    from scipy.stats import t as t_distribution

    return float(t_distribution.ppf((1 + level) / 2, df_resid)) * math.sqrt(scale)


def _means(labels: list[Hashable], found: list[_Moments], *, shift: float | None, margin: float) -> pd.DataFrame:
    records = []
    for one in found:
        mean, half = (shift or 0.0) + one.mean, margin / math.sqrt(one.n)
        sd = math.sqrt(one.squares / (one.n - 1)) if one.n > 1 else math.nan
        records.append({"n": one.n, "mean": mean, "sd": sd, "ci_low": mean - half, "ci_high": mean + half})
    return pd.DataFrame(records, index=pd.Index([str(label) for label in labels], name="group"))
